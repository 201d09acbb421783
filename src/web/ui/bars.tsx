import { scaleLinear } from 'd3-scale';
import type { ReactNode } from 'react';
import { Axes, MARGIN, usePlotWidth } from './plots.tsx';

const HEIGHT = 220;

/** One bar a category in the order given, from zero; the first, the last and some between are named. */
export function BarPlot({
  bars,
  ...labels
}: {
  /** Read by screen readers; says what the plot shows. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}): ReactNode {
  const width = usePlotWidth();
  const bottom = HEIGHT - MARGIN.bottom;
  const room = (width - MARGIN.left - MARGIN.right) / Math.max(1, bars.length);
  const thick = Math.min(40, room * 0.8);
  const y = scaleLinear([0, Math.max(1, ...bars.map(({ value }) => value))], [bottom, MARGIN.top]).nice();
  // Names are some 70 units wide.
  const every = Math.max(1, Math.ceil(80 / room));
  return (
    <figure className="measure">
      <Axes labels={labels} width={width} height={HEIGHT} x={null} y={y}>
        {bars.map(({ name, value }, i) => {
          const middle = MARGIN.left + room * (i + 0.5);
          return (
            <g key={name} className="s0">
              <rect className="mark" x={middle - thick / 2} width={thick} y={y(value)} height={bottom - y(value)} />
              {i % every === 0 && (
                <text x={middle} y={bottom + 16} textAnchor="middle">
                  {name}
                </text>
              )}
            </g>
          );
        })}
      </Axes>
    </figure>
  );
}
