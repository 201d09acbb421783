import { scaleLinear } from 'd3-scale';
import { type Element, h, type Node } from '../element.ts';
import { figure } from '../figures.ts';

/** What the plots share: a drawing that scales with the page, axes with units, marks that differ without colour. */

/** Width of a drawing in its own units. */
export const WIDTH = 640;
/** Colours, dashes and marks repeat after so many series. */
export const STYLES = 6;

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
export const boxOf = (height: number, { left = 64, right = WIDTH - 16, top = 14 } = {}): Box => ({
  left,
  right,
  top,
  bottom: height - 46,
});

export interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/** A linear axis that holds all finite values, with round ends. */
export function linearAxis(values: readonly number[], range: readonly [number, number], count = 6): Axis {
  const finite = values.filter(Number.isFinite);
  // However many points there are: as arguments of one call they would end the process.
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  // Values that differ by the rounding of sums alone are one.
  const flat = high - low <= 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
  const scale = scaleLinear(flat ? [low - 0.5, high + 0.5] : [low, high], [...range]).nice();
  return { at: (value) => scale(value), ticks: scale.ticks(count).map((value) => ({ value, text: figure(value) })) };
}

/** A drawing, named for those who cannot see it. */
export const drawing = (title: string, height: number, ...body: readonly Node[]): Element =>
  h('svg', { class: 'plot', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title }, ...body);

/** Grid lines, tick texts and names of two axes. */
export function axes(box: Box, x: Axis, names: { x: string; y?: { axis: Axis; text: string } }): Element {
  const vertical = x.ticks.map(({ value, text }) => [
    h('line', { x1: x.at(value), x2: x.at(value), y1: box.top, y2: box.bottom }),
    h('text', { x: x.at(value), y: box.bottom + 16, 'text-anchor': 'middle' }, text),
  ]);
  const { y } = names;
  const horizontal = y?.axis.ticks.map(({ value, text }) => [
    h('line', { x1: box.left, x2: box.right, y1: y.axis.at(value), y2: y.axis.at(value) }),
    h('text', { x: box.left - 8, y: y.axis.at(value) + 4, 'text-anchor': 'end' }, text),
  ]);
  const middle = (box.top + box.bottom) / 2;
  return h(
    'g',
    { class: 'axis' },
    vertical,
    horizontal,
    h('text', { x: (box.left + box.right) / 2, y: box.bottom + 36, 'text-anchor': 'middle' }, names.x),
    y && h('text', { transform: `translate(14 ${middle}) rotate(-90)`, 'text-anchor': 'middle' }, y.text),
  );
}

/** A mark at a point, by kind: circle, square, triangle, diamond, cross, bar. */
export function mark(kind: number, x: number, y: number): Element {
  switch (kind % STYLES) {
    case 0:
      return h('circle', { class: 'mark', cx: x, cy: y, r: 3.5 });
    case 1:
      return h('rect', { class: 'mark', x: x - 3.5, y: y - 3.5, width: 7, height: 7 });
    case 2:
      return h('path', { class: 'mark', d: `M${x} ${y - 4.5}l4.5 8h-9z` });
    case 3:
      return h('path', { class: 'mark', d: `M${x} ${y - 5}l5 5-5 5-5-5z` });
    case 4:
      return h('path', { class: 'stroke', d: `M${x - 4} ${y - 4}l8 8m0-8l-8 8` });
    default:
      return h('rect', { class: 'mark', x: x - 5, y: y - 1.5, width: 10, height: 3 });
  }
}

/** A line from one interval's end to the other. */
export const whisker = (from: readonly [number, number], to: readonly [number, number], kind = 'whisker'): Element =>
  h('line', { class: kind, x1: from[0], y1: from[1], x2: to[0], y2: to[1] });

/** Names of series beside their line and mark. */
export const legend = (names: readonly string[], sample: (i: number) => Node): Element =>
  h(
    'p',
    { class: 'legend' },
    names.map((name, i) =>
      h(
        'span',
        {},
        h('svg', { class: 'plot key', viewBox: '0 0 28 12', width: 28, height: 12, 'aria-hidden': 'true' }, sample(i)),
        ` ${name} `,
      ),
    ),
  );

/** Text cut to a length for axes, from its middle: names often differ at the end. */
export function short(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}

export const nothing = (text = 'Not measured.'): Element => h('p', { class: 'missing' }, text);
