import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { type ReactNode, useSyncExternalStore } from 'react';
import { figure } from './figures.ts';

/** Small plots in SVG: axes with units, intervals as whiskers, series told apart by shape and dash as well as colour. */
export const MARGIN = { top: 12, right: 16, bottom: 44, left: 64 };
const DASHES = ['', '6 3', '2 3', '10 3 2 3', '4 2', '1 2'];

const NARROW = '(max-width: 40rem)';
/** Width of a plot in its own units: drawn narrower on a narrow screen, letters keep their size. */
export const usePlotWidth = (): number =>
  useSyncExternalStore(
    (changed) => {
      const narrow = window.matchMedia(NARROW);
      narrow.addEventListener('change', changed);
      return () => narrow.removeEventListener('change', changed);
    },
    () => (window.matchMedia(NARROW).matches ? 380 : 640),
  );

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}
interface Labels {
  /** Read by screen readers; says what the plot shows. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

/** The mark of a series, by index: circle, square, triangle, diamond, cross, bar. */
export function Mark({ index, x, y }: { readonly index: number; readonly x: number; readonly y: number }): ReactNode {
  switch (index % 6) {
    case 0:
      return <circle className="mark" cx={x} cy={y} r={3.5} />;
    case 1:
      return <rect className="mark" x={x - 3.5} y={y - 3.5} width={7} height={7} />;
    case 2:
      return <path className="mark" d={`M${x} ${y - 4.5}l4.5 8h-9z`} />;
    case 3:
      return <path className="mark" d={`M${x} ${y - 5}l5 5-5 5-5-5z`} />;
    case 4:
      return <path className="stroke" d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />;
    default:
      return <rect className="mark" x={x - 5} y={y - 1.5} width={10} height={3} />;
  }
}

const extent = (values: readonly number[]): [number, number] => {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
};

type Scale = ReturnType<typeof scaleLinear<number, number>>;

/** The axes of a plot with their ticks and names; a scale that is null has none. */
export function Axes({
  labels: { title, xLabel, yLabel },
  width,
  height,
  x,
  y,
  children,
}: {
  readonly labels: Labels;
  readonly width: number;
  readonly height: number;
  readonly x: Scale | null;
  readonly y: Scale | null;
  readonly children: ReactNode;
}): ReactNode {
  const bottom = height - MARGIN.bottom;
  return (
    <svg className="plot" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      {x?.ticks(width / 100).map((tick) => (
        <g key={tick}>
          <line className="axis" x1={x(tick)} x2={x(tick)} y1={MARGIN.top} y2={bottom} opacity={0.5} />
          <text x={x(tick)} y={bottom + 16} textAnchor="middle">
            {figure(tick)}
          </text>
        </g>
      ))}
      {y?.ticks(height / 60).map((tick) => (
        <g key={tick}>
          <line className="axis" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} opacity={0.5} />
          <text x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end">
            {figure(tick)}
          </text>
        </g>
      ))}
      <text x={(MARGIN.left + width - MARGIN.right) / 2} y={height - 8} textAnchor="middle">
        {xLabel}
      </text>
      {y !== null && (
        <text transform={`translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} textAnchor="middle">
          {yLabel}
        </text>
      )}
      {children}
    </svg>
  );
}

/** Lines with optional whiskers; `references` are horizontal lines. */
export function LinePlot({
  series,
  references = [],
  marks = true,
  caption,
  ...labels
}: Labels & {
  readonly series: readonly Series[];
  readonly references?: readonly { readonly y: number; readonly name: string }[];
  /** Marks on the points; lines alone read better with hundreds of them. */
  readonly marks?: boolean;
  readonly caption?: string;
}): ReactNode {
  const width = usePlotWidth();
  const points = series.flatMap((s) => s.points);
  if (points.length === 0) return <p className="soft">Nothing measured yet.</p>;
  const height = 320;
  const x = scaleLinear(extent(points.map((p) => p.x)), [MARGIN.left, width - MARGIN.right]).nice();
  const ys = [...points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]), ...references.map((r) => r.y)];
  const y = scaleLinear(extent(ys), [height - MARGIN.bottom, MARGIN.top]).nice();
  const path = line<Point>(
    (p) => x(p.x),
    (p) => y(p.y),
  ).defined((p) => Number.isFinite(p.y));
  return (
    <figure>
      <Axes labels={labels} width={width} height={height} x={x} y={y}>
        {references.map((reference) => (
          <g key={reference.name}>
            <line
              className="reference"
              x1={MARGIN.left}
              x2={width - MARGIN.right}
              y1={y(reference.y)}
              y2={y(reference.y)}
            />
            <text x={width - MARGIN.right} y={y(reference.y) - 4} textAnchor="end">
              {reference.name}
            </text>
          </g>
        ))}
        {series.map((s, i) => (
          <g key={s.name} className={`s${i % 6}`}>
            <path className="stroke" d={path([...s.points]) ?? ''} strokeDasharray={DASHES[i % 6]} />
            {s.points.map((p) => (
              <g key={p.x}>
                {p.low !== undefined && p.high !== undefined && (
                  <line className="whisker" x1={x(p.x)} x2={x(p.x)} y1={y(p.low)} y2={y(p.high)} />
                )}
                {marks && Number.isFinite(p.y) && <Mark index={i} x={x(p.x)} y={y(p.y)} />}
              </g>
            ))}
          </g>
        ))}
      </Axes>
      {series.length > 1 && (
        <ul className="legend">
          {series.map((s, i) => (
            <li key={s.name}>
              <svg className="plot" viewBox="0 0 28 12" style={{ width: 28, display: 'inline' }} aria-hidden="true">
                <g className={`s${i % 6}`}>
                  <path className="stroke" d="M0 6H28" strokeDasharray={DASHES[i % 6]} />
                  <Mark index={i} x={14} y={6} />
                </g>
              </svg>{' '}
              {s.name}
            </li>
          ))}
        </ul>
      )}
      {caption !== undefined && <figcaption>{caption}</figcaption>}
    </figure>
  );
}

/** One row a name: an estimate with its interval on a shared axis; marked rows are squares. */
export function DotPlot({
  rows,
  reference,
  caption,
  title,
  xLabel,
}: {
  readonly title: string;
  readonly xLabel: string;
  readonly rows: readonly {
    readonly name: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly marked?: boolean;
  }[];
  readonly reference?: number;
  readonly caption?: string;
}): ReactNode {
  const width = usePlotWidth();
  if (rows.length === 0) return <p className="soft">Nothing measured yet.</p>;
  const left = 150;
  const height = MARGIN.top + MARGIN.bottom + rows.length * 22;
  const all = [...rows.flatMap((r) => [r.low, r.high]), ...(reference === undefined ? [] : [reference])];
  const x = scaleLinear(extent(all), [left, width - MARGIN.right]).nice();
  return (
    <figure>
      <Axes labels={{ title, xLabel, yLabel: '' }} width={width} height={height} x={x} y={null}>
        {reference !== undefined && (
          <line className="reference" x1={x(reference)} x2={x(reference)} y1={MARGIN.top} y2={height - MARGIN.bottom} />
        )}
        {rows.map((row, i) => {
          const at = MARGIN.top + 12 + i * 22;
          return (
            <g key={row.name} className={row.marked === true ? 's1' : 's0'}>
              <line className="whisker" x1={x(row.low)} x2={x(row.high)} y1={at} y2={at} />
              <Mark index={row.marked === true ? 1 : 0} x={x(row.value)} y={at} />
              <text x={left - 8} y={at + 4} textAnchor="end">
                {row.name.length > 20 ? `${row.name.slice(0, 19)}…` : row.name}
              </text>
            </g>
          );
        })}
      </Axes>
      {caption !== undefined && <figcaption>{caption}</figcaption>}
    </figure>
  );
}
