import type { ReactNode } from 'react';
import { figure } from '../../ui/figures.ts';
import { BarPlot } from '../../ui/plots.tsx';
import { type Day, filledDays } from './days.ts';

/** Judgments by day as bars, and as a table for who cannot see them. */
export function DayPlot({ days }: { readonly days: readonly Day[] }): ReactNode {
  const shown = filledDays(days);
  if (shown.length === 0) return <p className="soft">Nothing is judged yet.</p>;
  return (
    <>
      <BarPlot
        title={`Judgments by day, ${shown[0]!.day} to ${shown.at(-1)!.day}`}
        yLabel="judgments"
        xLabel="day (UTC)"
        bars={shown.map(({ day, judgments }) => ({ name: day, value: judgments }))}
      />
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col" className="number">
                Judgments
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ day, judgments }) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td className="number">{figure(judgments)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
