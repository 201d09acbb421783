import { scaleLinear, scaleLog, scaleUtc } from 'd3-scale';
import { figure, type Html, html } from './html.ts';
import { marker, svg, WIDTH } from './plots.ts';

/** Static plots of the feedback page. Every mark has a title that says its numbers; shapes differ where colours do. */

const missing = (text = 'Not measured in these data.') => html`<p class="missing">${text}</p>`;

/** Text cut to a length for axes, from its middle: names often differ at the end. */
function short(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}

/** Shared units from which on a share of equal votes is drawn: one of two would be noise. */
export const LEAST_DRAWN = 5;

interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function linearAxis(values: readonly number[], range: [number, number], count = 6): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = scaleLinear(low === high ? [low - 0.5, high + 0.5] : [low, high], range).nice();
  return { at: (v) => scale(v), ticks: scale.ticks(count).map((value) => ({ value, text: figure(value) })) };
}

/** Grid lines, tick texts and names of two axes. */
function axes(box: Box, x: Axis, labels: { x: string; y?: { axis: Axis; text: string } }): Html {
  const vertical = x.ticks.map(
    ({ value, text }) =>
      html`<line x1="${x.at(value)}" x2="${x.at(value)}" y1="${box.top}" y2="${box.bottom}"/><text x="${x.at(value)}" y="${box.bottom + 16}" text-anchor="middle">${text}</text>`,
  );
  const horizontal = (labels.y?.axis.ticks ?? []).map(
    ({ value, text }) =>
      html`<line x1="${box.left}" x2="${box.right}" y1="${labels.y!.axis.at(value)}" y2="${labels.y!.axis.at(value)}"/><text x="${box.left - 6}" y="${labels.y!.axis.at(value) + 4}" text-anchor="end">${text}</text>`,
  );
  const yName =
    labels.y === undefined
      ? undefined
      : html`<text transform="translate(14 ${(box.top + box.bottom) / 2}) rotate(-90)" text-anchor="middle">${labels.y.text}</text>`;
  return html`<g class="axis">${vertical}${horizontal}<text x="${(box.left + box.right) / 2}" y="${box.bottom + 34}" text-anchor="middle">${labels.x}</text>${yName}</g>`;
}

export interface ForestRow {
  readonly name: string;
  readonly value: number;
  /** Null where there is no interval. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Shown at the right: the count behind the estimate. */
  readonly note: string;
  readonly marked?: boolean;
}

/** One row per name: estimate, interval and count on a shared axis, with a line at a value of reference. */
export function forestPlot(
  title: string,
  rows: readonly ForestRow[],
  { x: xLabel, reference }: { x: string; reference?: number },
): Html {
  if (rows.length === 0) return missing();
  const height = 58 + rows.length * 18;
  const box = { left: 200, right: WIDTH - 90, top: 8, bottom: height - 44 };
  const x = linearAxis(
    [
      ...rows.flatMap((r) => [r.value, ...(r.interval === null ? [] : [r.interval.low, r.interval.high])]),
      ...(reference === undefined ? [] : [reference]),
    ],
    [box.left, box.right],
  );
  const line =
    reference === undefined
      ? undefined
      : html`<line class="reference" x1="${x.at(reference)}" x2="${x.at(reference)}" y1="${box.top}" y2="${box.bottom}"/>`;
  const drawn = rows.map(({ name, value, interval, note, marked = false }, i) => {
    const y = box.top + 10 + i * 18;
    const whisker =
      interval === null
        ? undefined
        : html`<line class="whisker" x1="${x.at(interval.low)}" x2="${x.at(interval.high)}" y1="${y}" y2="${y}"/>`;
    const says = interval === null ? '' : ` (${figure(interval.low)} to ${figure(interval.high)})`;
    return html`<g class="series s${marked ? 1 : 0}"><title>${name}: ${figure(value)}${says}, ${note}</title>${whisker}${marker(marked ? 1 : 0, x.at(value), y)}<text x="${box.left - 8}" y="${y + 4}" text-anchor="end">${short(name, 27)}</text><text x="${box.right + 8}" y="${y + 4}">${note}</text></g>`;
  });
  return svg(title, height, html`${axes(box, x, { x: xLabel })}${line}${drawn}`);
}

export interface ScatterPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly xInterval: { readonly low: number; readonly high: number };
  readonly yInterval: { readonly low: number; readonly high: number };
  readonly n: number;
  readonly marked: boolean;
}

/** Points with an interval in both directions, drawn faintly, and lines where neither direction is preferred. */
export function scatterPlot(
  title: string,
  points: readonly ScatterPoint[],
  labels: { x: string; y: string; reference: number },
): Html {
  if (points.length === 0) return missing();
  const height = 380;
  const box = { left: 56, right: WIDTH - 16, top: 12, bottom: height - 44 };
  const x = linearAxis([0, 1], [box.left, box.right]);
  const y = linearAxis([0, 1], [box.bottom, box.top]);
  const { reference } = labels;
  const lines = html`<line class="reference" x1="${x.at(reference)}" x2="${x.at(reference)}" y1="${box.top}" y2="${box.bottom}"/><line class="reference" x1="${box.left}" x2="${box.right}" y1="${y.at(reference)}" y2="${y.at(reference)}"/>`;
  const drawn = [...points]
    .sort((a, b) => Number(a.marked) - Number(b.marked))
    .map(
      (p) =>
        html`<g class="series s${p.marked ? 1 : 0}"><title>${p.name}: ${figure(p.x)} (${figure(p.xInterval.low)} to ${figure(p.xInterval.high)}), ${figure(p.y)} (${figure(p.yInterval.low)} to ${figure(p.yInterval.high)}), n = ${p.n}</title><line class="faint" x1="${x.at(p.xInterval.low)}" x2="${x.at(p.xInterval.high)}" y1="${y.at(p.y)}" y2="${y.at(p.y)}"/><line class="faint" x1="${x.at(p.x)}" x2="${x.at(p.x)}" y1="${y.at(p.yInterval.low)}" y2="${y.at(p.yInterval.high)}"/>${marker(p.marked ? 1 : 0, x.at(p.x), y.at(p.y))}</g>`,
    );
  return svg(title, height, html`${axes(box, x, { x: labels.x, y: { axis: y, text: labels.y } })}${lines}${drawn}`);
}

/** Bars over stretches of a logarithmic axis. */
export function logHistogram(
  title: string,
  bars: readonly { readonly from: number; readonly to: number; readonly count: number }[],
  labels: { x: string; y: string; mark: number; markText: string },
): Html {
  if (bars.length === 0) return missing();
  const height = 260;
  const box = { left: 56, right: WIDTH - 16, top: 18, bottom: height - 44 };
  const scale = scaleLog([bars[0]!.from, bars.at(-1)!.to], [box.left, box.right]);
  const powers = scale.ticks(8).filter((t) => /^[125]/.test(String(Number(t.toPrecision(1)))));
  const x: Axis = { at: (v) => scale(v), ticks: powers.map((value) => ({ value, text: figure(value) })) };
  const y = linearAxis([0, ...bars.map((b) => b.count)], [box.bottom, box.top], 5);
  const drawn = bars.map(
    ({ from, to, count }) =>
      html`<rect x="${x.at(from)}" y="${y.at(count)}" width="${Math.max(1, x.at(to) - x.at(from) - 1)}" height="${box.bottom - y.at(count)}"><title>${figure(from)} to ${figure(to)}: ${count}</title></rect>`,
  );
  const mark = html`<line class="reference" x1="${x.at(labels.mark)}" x2="${x.at(labels.mark)}" y1="${box.top}" y2="${box.bottom}"/><text x="${x.at(labels.mark) + 5}" y="${box.top}">${labels.markText}</text>`;
  return svg(
    title,
    height,
    html`${axes(box, x, { x: labels.x, y: { axis: y, text: labels.y } })}<g class="bars s0">${drawn}</g>${mark}`,
  );
}

export interface CoursePoint {
  readonly x: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** What the point covers, for its title. */
  readonly name: string;
}

/** Estimates with intervals in their order, joined by a line: over time (milliseconds) or over named stretches. */
export function coursePlot(
  title: string,
  points: readonly CoursePoint[],
  labels: { x: string; y: string; time: boolean },
): Html {
  if (points.length === 0) return missing();
  const height = 260;
  const box = { left: 56, right: WIDTH - 24, top: 12, bottom: height - 44 };
  const y = linearAxis(
    points.flatMap((p) => [p.low, p.high]),
    [box.bottom, box.top],
    5,
  );
  const x = labels.time ? timeAxis(points, box) : namedAxis(points, box);
  const path = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${x.at(p.x)} ${y.at(p.value)}`).join('');
  const drawn = points.map(
    (p) =>
      html`<g><title>${p.name}: ${figure(p.value)} (${figure(p.low)} to ${figure(p.high)}), n = ${p.n}</title><line class="whisker" x1="${x.at(p.x)}" x2="${x.at(p.x)}" y1="${y.at(p.low)}" y2="${y.at(p.high)}"/>${marker(0, x.at(p.x), y.at(p.value))}</g>`,
  );
  return svg(
    title,
    height,
    html`${axes(box, x, { x: labels.x, y: { axis: y, text: labels.y } })}<g class="series s0"><path class="stroke" d="${path}"/>${drawn}</g>`,
  );
}

function timeAxis(points: readonly CoursePoint[], box: Box): Axis {
  const [from, to] = [points[0]!.x, points.at(-1)!.x];
  const scale = scaleUtc([from, to === from ? from + 1 : to], [box.left + 8, box.right - 8]);
  const format = scale.tickFormat(6);
  return { at: (v) => scale(v), ticks: scale.ticks(6).map((t) => ({ value: t.getTime(), text: format(t) })) };
}

function namedAxis(points: readonly CoursePoint[], box: Box): Axis {
  const step = (box.right - box.left) / points.length;
  return {
    at: (v) => box.left + step * (v + 0.5),
    ticks: points.map((p) => ({ value: p.x, text: short(p.name, 14) })),
  };
}

/** Shares between pairs, printed in their cells; darker is more. */
export function matrixPlot(
  title: string,
  names: readonly string[],
  cells: { share: readonly (readonly (number | null)[])[]; n: readonly (readonly number[])[] },
): Html {
  if (names.length < 2) return missing('Fewer than two raters share units.');
  const left = 92;
  const size = Math.min(28, (WIDTH - left - 8) / names.length);
  const top = 70;
  const height = top + size * names.length + 8;
  const digits = size >= 16;
  const rows = names.map((name, a) => {
    const y = top + a * size;
    const own = names.map((other, b) => {
      const value = cells.share[a]![b]!;
      const x = left + b * size;
      if (value === null || cells.n[a]![b]! < LEAST_DRAWN)
        return html`<rect class="empty" x="${x}" y="${y}" width="${size - 1}" height="${size - 1}"/>`;
      const text = digits
        ? html`<text class="${value > 0.8 ? 'deep' : value > 0.6 ? 'middle' : 'pale'}" x="${x + size / 2}" y="${y + size / 2 + 3.5}" text-anchor="middle">${String(Math.round(100 * value))}</text>`
        : undefined;
      return html`<g><title>${name} and ${other}: ${figure(value)} of ${cells.n[a]![b]!} shared units</title><rect class="cell" style="--share:${value.toFixed(3)}" x="${x}" y="${y}" width="${size - 1}" height="${size - 1}"/>${text}</g>`;
    });
    const middle = left + a * size + size / 2;
    return html`${own}<text x="${left - 6}" y="${y + size / 2 + 4}" text-anchor="end">${short(name, 13)}</text><text transform="translate(${middle + 4} ${top - 6}) rotate(-60)">${short(name, 11)}</text>`;
  });
  return svg(title, height, html`<g class="matrix">${rows}</g>`);
}
