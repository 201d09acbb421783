import { scaleUtc } from 'd3-scale';
import type { CoursePoint, PlotOf } from '../document.ts';
import { h, type Node } from '../element.ts';
import { figure, rangeText } from '../figures.ts';
import {
  type Axis,
  axes,
  type Box,
  boxOf,
  drawing,
  linearAxis,
  mark,
  nothing,
  short,
  WIDTH,
  whisker,
} from './frame.ts';

/** Estimates with their intervals: by name, as points, in their order. */

const ROW = 18;

/** One row a name; marked rows are squares. */
export function forestPlot({ title, x: xName, reference, rows }: PlotOf<'forest'>): Node {
  if (rows.length === 0) return nothing();
  const height = 60 + rows.length * ROW;
  const box = boxOf(height, { left: 200, right: WIDTH - 90, top: 8 });
  const ends = rows.flatMap(({ value, interval }) => [
    value,
    ...(interval === null ? [] : [interval.low, interval.high]),
  ]);
  const x = linearAxis([...ends, ...(reference === undefined ? [] : [reference])], [box.left, box.right]);
  return drawing(
    title,
    height,
    axes(box, x, { x: xName }),
    reference === undefined
      ? undefined
      : whisker([x.at(reference), box.top], [x.at(reference), box.bottom], 'reference'),
    rows.map(({ name, value, interval, note, marked = false }, i) => {
      const y = box.top + 10 + i * ROW;
      const says = interval === null ? '' : ` (${rangeText(interval)})`;
      return h(
        'g',
        { class: `series s${marked ? 1 : 0}` },
        h('title', {}, `${name}: ${figure(value)}${says}, ${note}`),
        interval === null ? undefined : whisker([x.at(interval.low), y], [x.at(interval.high), y]),
        mark(marked ? 1 : 0, x.at(value), y),
        h('text', { x: box.left - 8, y: y + 4, 'text-anchor': 'end' }, short(name, 27)),
        h('text', { x: box.right + 8, y: y + 4 }, note),
      );
    }),
  );
}

/** Points on the unit square with faint intervals both ways, and lines where neither direction is preferred. */
export function scatterPlot({ title, x: xName, y: yName, reference, points }: PlotOf<'scatter'>): Node {
  if (points.length === 0) return nothing();
  const height = 380;
  const box = boxOf(height);
  const x = linearAxis([0, 1], [box.left, box.right]);
  const y = linearAxis([0, 1], [box.bottom, box.top]);
  const sorted = [...points].sort((a, b) => Number(a.marked) - Number(b.marked));
  return drawing(
    title,
    height,
    axes(box, x, { x: xName, y: { axis: y, text: yName } }),
    whisker([x.at(reference), box.top], [x.at(reference), box.bottom], 'reference'),
    whisker([box.left, y.at(reference)], [box.right, y.at(reference)], 'reference'),
    sorted.map((p) =>
      h(
        'g',
        { class: `series s${p.marked ? 1 : 0}` },
        h(
          'title',
          {},
          `${p.name}: ${figure(p.x)} (${rangeText(p.xInterval)}), ${figure(p.y)} (${rangeText(p.yInterval)}), n = ${p.n}`,
        ),
        whisker([x.at(p.xInterval.low), y.at(p.y)], [x.at(p.xInterval.high), y.at(p.y)], 'faint'),
        whisker([x.at(p.x), y.at(p.yInterval.low)], [x.at(p.x), y.at(p.yInterval.high)], 'faint'),
        mark(p.marked ? 1 : 0, x.at(p.x), y.at(p.y)),
      ),
    ),
  );
}

/** Estimates in their order, joined by a line. */
export function coursePlot({ title, x: xName, y: yName, time, points }: PlotOf<'course'>): Node {
  if (points.length === 0) return nothing();
  const height = 260;
  const box = boxOf(height, { right: WIDTH - 24 });
  const y = linearAxis(
    points.flatMap((p) => [p.low, p.high]),
    [box.bottom, box.top],
    5,
  );
  const x = time ? timeAxis(points, box) : namedAxis(points, box);
  const path = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${x.at(p.x)} ${y.at(p.value)}`).join('');
  return drawing(
    title,
    height,
    axes(box, x, { x: xName, y: { axis: y, text: yName } }),
    h(
      'g',
      { class: 'series s0' },
      h('path', { class: 'stroke', d: path }),
      points.map((p) =>
        h(
          'g',
          {},
          h('title', {}, `${p.name}: ${figure(p.value)} (${rangeText(p)}), n = ${p.n}`),
          whisker([x.at(p.x), y.at(p.low)], [x.at(p.x), y.at(p.high)]),
          mark(0, x.at(p.x), y.at(p.value)),
        ),
      ),
    ),
  );
}

function timeAxis(points: readonly CoursePoint[], box: Box): Axis {
  const [from, to] = [points[0]!.x, points.at(-1)!.x];
  const scale = scaleUtc([from, to === from ? from + 1 : to], [box.left + 8, box.right - 8]);
  const format = scale.tickFormat(6);
  return {
    at: (value) => scale(value),
    ticks: scale.ticks(6).map((tick) => ({ value: tick.getTime(), text: format(tick) })),
  };
}

function namedAxis(points: readonly CoursePoint[], box: Box): Axis {
  const step = (box.right - box.left) / points.length;
  return {
    at: (value) => box.left + step * (value + 0.5),
    ticks: points.map((p) => ({ value: p.x, text: short(p.name, 14) })),
  };
}
