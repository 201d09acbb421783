import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { figure, type Html, html } from './html.ts';

/** Small static SVG plots with axes, units and intervals. Series differ by dash and marker as well as by colour. */
export const WIDTH = 640;
const HEIGHT = 300;
const MARGIN = { left: 56, right: 16, top: 28, bottom: 44 };

export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}
export interface Series {
  readonly name: string;
  readonly points: readonly SeriesPoint[];
}

interface Frame {
  readonly x: (v: number) => number;
  readonly y: (v: number) => number;
  readonly axes: Html;
}

function frame(options: {
  xs: readonly number[];
  ys: readonly number[];
  xLabel: string;
  yLabel: string;
  height?: number;
  left?: number;
  yTicks?: boolean;
}): Frame {
  const { xs, ys, xLabel, yLabel, height = HEIGHT, left = MARGIN.left, yTicks = true } = options;
  const domain = (values: readonly number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  };
  const x = scaleLinear(domain(xs), [left, WIDTH - MARGIN.right]).nice();
  const y = scaleLinear(domain(ys), [height - MARGIN.bottom, MARGIN.top]).nice();
  const bottom = height - MARGIN.bottom;
  const axes = html`<g class="axis">${x
    .ticks(6)
    .map(
      (t) =>
        html`<line x1="${x(t)}" x2="${x(t)}" y1="${MARGIN.top}" y2="${bottom}"/><text x="${x(t)}" y="${bottom + 16}" text-anchor="middle">${figure(t)}</text>`,
    )}${(yTicks ? y.ticks(5) : []).map(
    (t) =>
      html`<line x1="${left}" x2="${WIDTH - MARGIN.right}" y1="${y(t)}" y2="${y(t)}"/><text x="${left - 6}" y="${y(t) + 4}" text-anchor="end">${figure(t)}</text>`,
  )}<text x="${(left + WIDTH - MARGIN.right) / 2}" y="${height - 8}" text-anchor="middle">${xLabel}</text><text x="4" y="14">${yLabel}</text></g>`;
  return { x, y, axes };
}

/** A drawing that scales with the page, named for those who cannot see it. */
export const svg = (title: string, height: number, body: Html): Html =>
  html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${body}</svg>`;

/** Beyond this many points markers would only hide the line. */
const MOST_MARKERS = 40;

/** A mark at a point: circle, square or triangle, so that kinds differ without colour. */
export const marker = (kind: number, x: number, y: number): Html => {
  if (kind % 3 === 0) return html`<circle cx="${x}" cy="${y}" r="3.5"/>`;
  if (kind % 3 === 1) return html`<rect x="${x - 3}" y="${y - 3}" width="6" height="6"/>`;
  return html`<path d="M${x} ${y - 4}l4 7h-8z"/>`;
};

/** Lines with interval whiskers and a legend. */
export function linePlot(title: string, series: readonly Series[], labels: { x: string; y: string }): Html {
  const points = series.flatMap((s) => s.points);
  if (points.length === 0) return html`<p class="missing">Not measured in this run.</p>`;
  const ys = points.flatMap((p) => [p.low ?? p.y, p.high ?? p.y]);
  const { x, y, axes } = frame({ xs: [0, ...points.map((p) => p.x)], ys, xLabel: labels.x, yLabel: labels.y });
  const path = line<SeriesPoint>(
    (p) => x(p.x),
    (p) => y(p.y),
  );
  const drawn = series.map(
    (s, i) =>
      html`<g class="series s${i % 6}"><path class="stroke" d="${path([...s.points]) ?? ''}"/>${s.points.map(
        (p) =>
          html`${p.low === undefined || p.high === undefined ? undefined : html`<line class="whisker" x1="${x(p.x)}" x2="${x(p.x)}" y1="${y(p.low)}" y2="${y(p.high)}"/>`}${s.points.length > MOST_MARKERS ? undefined : marker(i, x(p.x), y(p.y))}`,
      )}</g>`,
  );
  const legend = series.map(
    (s, i) =>
      html`<span class="key s${i % 6}"><svg viewBox="0 0 28 12" width="28" height="12" aria-hidden="true"><g class="series s${i % 6}"><path class="stroke" d="M0 6H28"/>${marker(i, 14, 6)}</g></svg> ${s.name}</span>`,
  );
  return html`${svg(title, HEIGHT, html`${axes}${drawn}`)}<p class="legend">${legend}</p>`;
}

/** Two histograms over shared bins, as shares of each. */
export function histogramPlot(
  title: string,
  groups: readonly { name: string; values: readonly number[] }[],
  xLabel: string,
): Html {
  const all = groups.flatMap((g) => g.values);
  if (all.length === 0) return html`<p class="missing">Not measured in this run.</p>`;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  // Counts get bins of whole numbers: a bin that holds two of them beside one that holds one would show a comb.
  const counted = all.every(Number.isInteger);
  const width = counted ? Math.ceil((high - low + 1) / 40) : (high - low || 1) / 24;
  const bins = counted ? Math.ceil((high - low + 1) / width) : 24;
  const shares = groups.map(({ values }) => {
    const counts = new Array<number>(bins).fill(0);
    for (const v of values) counts[Math.min(bins - 1, Math.floor((v - low) / width))]! += 1 / values.length;
    return counts;
  });
  const { x, y, axes } = frame({
    xs: [low, low + bins * width],
    ys: [0, ...shares.flat()],
    xLabel,
    yLabel: 'share of replies',
  });
  const bars = shares.map(
    (counts, g) =>
      html`<g class="bars s${g}">${counts.map((share, i) => {
        const left = x(low + i * width);
        return html`<rect x="${left}" y="${y(share)}" width="${Math.max(1, x(low + (i + 1) * width) - left - 1)}" height="${y(0) - y(share)}"/>`;
      })}</g>`,
  );
  const legend = groups.map(
    (g, i) =>
      html`<span class="key"><svg viewBox="0 0 14 12" width="14" height="12" aria-hidden="true"><g class="bars s${i}"><rect width="14" height="12"/></g></svg> ${g.name} (n = ${g.values.length})</span>`,
  );
  return html`${svg(title, HEIGHT, html`${axes}${bars}`)}<p class="legend">${legend}</p>`;
}

/** One row per name: an estimate and its interval on a shared axis. */
export function dotPlot(
  title: string,
  rows: readonly { name: string; value: number; low: number; high: number; mark?: boolean }[],
  xLabel: string,
): Html {
  if (rows.length === 0) return html`<p class="missing">Not measured in this run.</p>`;
  const height = MARGIN.top + MARGIN.bottom + rows.length * 20;
  const left = Math.max(MARGIN.left, 16 + 8 * Math.max(...rows.map((row) => row.name.length)));
  const { x, axes } = frame({
    xs: [0, 1, ...rows.flatMap((r) => [r.low, r.high])],
    ys: [0, rows.length],
    xLabel,
    yLabel: '',
    height,
    left,
    yTicks: false,
  });
  const drawn = rows.map((row, i) => {
    const at = MARGIN.top + 10 + i * 20;
    return html`<g class="series s${row.mark === true ? 1 : 0}"><line class="whisker" x1="${x(row.low)}" x2="${x(row.high)}" y1="${at}" y2="${at}"/>${marker(row.mark === true ? 1 : 0, x(row.value), at)}<text x="${left - 8}" y="${at + 4}" text-anchor="end">${row.name}</text></g>`;
  });
  return svg(title, height, html`${axes}${drawn}`);
}
