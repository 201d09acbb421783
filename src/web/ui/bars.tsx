import { scaleLinear } from 'd3-scale';
import type { ReactNode } from 'react';
import { figure } from './figures.ts';

const WIDTH = 640;
const HEIGHT = 220;
const MARGIN = { top: 12, right: 16, bottom: 44, left: 64 };

/** One bar a category in the order given, from zero; the first, the last and some between are named. */
export function BarPlot({
  title,
  xLabel,
  yLabel,
  bars,
}: {
  /** Read by screen readers; says what the plot shows. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}): ReactNode {
  const bottom = HEIGHT - MARGIN.bottom;
  const room = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, bars.length);
  const width = Math.min(40, room * 0.8);
  const y = scaleLinear([0, Math.max(1, ...bars.map(({ value }) => value))], [bottom, MARGIN.top]).nice();
  // Names are some 70 units wide.
  const every = Math.max(1, Math.ceil(80 / room));
  return (
    <figure className="measure">
      <svg className="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
        {y.ticks(4).map((tick) => (
          <g key={tick}>
            <line className="axis" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick)} y2={y(tick)} opacity={0.5} />
            <text x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end">
              {figure(tick)}
            </text>
          </g>
        ))}
        {bars.map(({ name, value }, i) => {
          const middle = MARGIN.left + room * (i + 0.5);
          return (
            <g key={name} className="s0">
              <rect className="mark" x={middle - width / 2} width={width} y={y(value)} height={bottom - y(value)} />
              {i % every === 0 && (
                <text x={middle} y={bottom + 16} textAnchor="middle">
                  {name}
                </text>
              )}
            </g>
          );
        })}
        <text x={(MARGIN.left + WIDTH - MARGIN.right) / 2} y={HEIGHT - 8} textAnchor="middle">
          {xLabel}
        </text>
        <text transform={`translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} textAnchor="middle">
          {yLabel}
        </text>
      </svg>
    </figure>
  );
}
