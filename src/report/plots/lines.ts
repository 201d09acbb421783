import { line } from 'd3-shape';
import type { PlotOf, SeriesPoint } from '../document.ts';
import { h, type Node } from '../element.ts';
import { figure } from '../figures.ts';
import { axes, boxOf, drawing, legend, linearAxis, mark, nothing, STYLES, whisker } from './frame.ts';

/** Beyond this many points of a series marks would only hide the line. */
const MOST_MARKS = 40;
const HEIGHT = 330;

/** Lines with whiskers for intervals, and a legend that tells them apart by dash and mark as well as by colour. */
export function linesPlot({ title, x: xName, y: yName, series, references = [] }: PlotOf<'lines'>): Node {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return nothing();
  const box = boxOf(HEIGHT);
  const x = linearAxis(
    points.map((point) => point.x),
    [box.left, box.right],
  );
  const y = linearAxis(
    [...points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]), ...references.map((r) => r.y)],
    [box.bottom, box.top],
    5,
  );
  const path = line<SeriesPoint>(
    (p) => x.at(p.x),
    (p) => y.at(p.y),
  ).defined((p) => Number.isFinite(p.y));
  const drawn = series.map((one, i) =>
    h(
      'g',
      { class: `series s${i % STYLES}` },
      h('path', { class: 'stroke', d: path([...one.points]) ?? '' }),
      one.points.map((p) => [
        p.low === undefined || p.high === undefined
          ? undefined
          : whisker([x.at(p.x), y.at(p.low)], [x.at(p.x), y.at(p.high)]),
        one.points.length > MOST_MARKS || !Number.isFinite(p.y)
          ? undefined
          : h('g', {}, h('title', {}, pointTitle(one.name, p)), mark(i, x.at(p.x), y.at(p.y))),
      ]),
    ),
  );
  const lines = references.map((r) => [
    whisker([box.left, y.at(r.y)], [box.right, y.at(r.y)], 'reference'),
    h('text', { x: box.right, y: y.at(r.y) - 4, 'text-anchor': 'end' }, r.name),
  ]);
  return [
    drawing(title, HEIGHT, axes(box, x, { x: xName, y: { axis: y, text: yName } }), lines, drawn),
    series.length < 2
      ? undefined
      : legend(
          series.map(({ name }) => name),
          (i) =>
            h('g', { class: `series s${i % STYLES}` }, h('path', { class: 'stroke', d: 'M0 6H28' }), mark(i, 14, 6)),
        ),
  ];
}

function pointTitle(name: string, { x, y, low, high }: SeriesPoint): string {
  const range = low === undefined || high === undefined ? '' : ` (${figure(low)} to ${figure(high)})`;
  return `${name}: ${figure(y)}${range} at ${figure(x)}`;
}
