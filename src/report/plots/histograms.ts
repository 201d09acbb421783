import { scaleLog } from 'd3-scale';
import type { PlotOf } from '../document.ts';
import { h, type Node } from '../element.ts';
import { figure } from '../figures.ts';
import { type Axis, axes, boxOf, drawing, legend, linearAxis, nothing, STYLES, whisker } from './frame.ts';

const HEIGHT = 300;

/** Histograms of some groups over shared bins, as shares of each group. */
export function histogramPlot({ title, x: xName, y: yName, groups }: PlotOf<'histogram'>): Node {
  const all = groups.flatMap((group) => group.values);
  if (all.length === 0) return nothing();
  const [low, high] = all.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  // Counts get bins of whole numbers: a bin that holds two of them beside one that holds one would show a comb.
  const counted = all.every(Number.isInteger);
  const width = counted ? Math.ceil((high - low + 1) / 40) : (high - low || 1) / 24;
  const bins = counted ? Math.ceil((high - low + 1) / width) : 24;
  const shares = groups.map(({ values }) => {
    const counts = new Array<number>(bins).fill(0);
    for (const v of values) counts[Math.min(bins - 1, Math.floor((v - low) / width))]! += 1 / values.length;
    return counts;
  });
  const box = boxOf(HEIGHT);
  const x = linearAxis([low, low + bins * width], [box.left, box.right]);
  const y = linearAxis([0, ...shares.flat()], [box.bottom, box.top], 5);
  const outline = (counts: readonly number[]) =>
    `M${x.at(low)} ${y.at(0)}${counts
      .map((share, i) => `V${y.at(share)}H${x.at(low + (i + 1) * width)}`)
      .join('')}V${y.at(0)}`;
  const bars = shares.map((counts, g) =>
    h(
      'g',
      { class: `series bars s${g % STYLES}` },
      // An outline besides: beyond two groups, colours that lie on each other are not told apart.
      groups.length < 2 ? undefined : h('path', { class: 'stroke', d: outline(counts) }),
      counts.map((share, i) => {
        const left = x.at(low + i * width);
        const right = x.at(low + (i + 1) * width);
        return h('rect', {
          x: left,
          y: y.at(share),
          width: Math.max(1, right - left - 1),
          height: Math.max(0, y.at(0) - y.at(share)),
        });
      }),
    ),
  );
  return [
    drawing(title, HEIGHT, axes(box, x, { x: xName, y: { axis: y, text: yName } }), bars),
    legend(
      groups.map(({ name, values }) => `${name} (n = ${values.length})`),
      (g) =>
        h(
          'g',
          { class: `series bars s${g % STYLES}` },
          h('rect', { x: 7, width: 14, height: 12 }),
          h('path', { class: 'stroke', d: 'M7 12V1H21V12' }),
        ),
    ),
  ];
}

/** Bars over stretches of a logarithmic axis, with a line at a value. */
export function logHistogramPlot({ title, x: xName, y: yName, bars, mark }: PlotOf<'log-histogram'>): Node {
  if (bars.length === 0) return nothing();
  const height = 260;
  const box = boxOf(height, { top: 20 });
  const scale = scaleLog([bars[0]!.from, bars.at(-1)!.to], [box.left, box.right]);
  const powers = scale.ticks(8).filter((tick) => /^[125]/.test(String(Number(tick.toPrecision(1)))));
  const x: Axis = { at: (v) => scale(v), ticks: powers.map((value) => ({ value, text: figure(value) })) };
  const y = linearAxis([0, ...bars.map((bar) => bar.count)], [box.bottom, box.top], 5);
  return drawing(
    title,
    height,
    axes(box, x, { x: xName, y: { axis: y, text: yName } }),
    h(
      'g',
      { class: 'bars s0' },
      bars.map(({ from, to, count }) =>
        h(
          'rect',
          {
            x: x.at(from),
            y: y.at(count),
            width: Math.max(1, x.at(to) - x.at(from) - 1),
            height: box.bottom - y.at(count),
          },
          h('title', {}, `${figure(from)} to ${figure(to)}: ${count}`),
        ),
      ),
    ),
    whisker([x.at(mark.at), box.top], [x.at(mark.at), box.bottom], 'reference'),
    h('text', { x: x.at(mark.at) + 5, y: box.top - 4 }, mark.text),
  );
}

/** Room that the name of a bar takes, in units of the drawing. */
const NAME = 80;

/** One bar a category from zero; the first is named, and as many others as have room for it. */
export function barsPlot({ title, x: xName, y: yName, bars }: PlotOf<'bars'>): Node {
  if (bars.length === 0) return nothing();
  const height = 220;
  const box = boxOf(height);
  const room = (box.right - box.left) / bars.length;
  const every = Math.max(1, Math.ceil(NAME / room));
  const x: Axis = {
    at: (i) => box.left + room * (i + 0.5),
    ticks: bars.flatMap(({ name }, i) => (i % every === 0 ? [{ value: i, text: name }] : [])),
  };
  const y = linearAxis([0, ...bars.map(({ value }) => value)], [box.bottom, box.top], 4);
  const thick = Math.min(40, room * 0.8);
  return drawing(
    title,
    height,
    axes(box, x, { x: xName, y: { axis: y, text: yName } }),
    h(
      'g',
      { class: 'bars s0' },
      bars.map(({ name, value }, i) =>
        h(
          'rect',
          { x: x.at(i) - thick / 2, y: y.at(value), width: thick, height: Math.max(0, box.bottom - y.at(value)) },
          h('title', {}, `${name}: ${figure(value)}`),
        ),
      ),
    ),
  );
}
