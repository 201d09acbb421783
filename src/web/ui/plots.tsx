import type { ReactNode } from 'react';
import { drawPlot, type Plot, type Series } from '../../report/index.ts';
import { Tree } from './tree.tsx';

/** Plots of the pages, drawn as those of reports: by the one kit that the house has. */

interface Labels {
  /** Read by screen readers; says what the plot shows. */
  readonly title: string;
  readonly xLabel: string;
}

function Drawn({ plot, caption }: { readonly plot: Plot; readonly caption?: string | undefined }): ReactNode {
  return (
    <figure>
      <Tree node={drawPlot(plot)} mention={({ text }) => text} />
      {caption !== undefined && <figcaption>{caption}</figcaption>}
    </figure>
  );
}

/** Lines with optional intervals. */
export const LinePlot = ({
  title,
  xLabel,
  yLabel,
  series,
}: Labels & { readonly yLabel: string; readonly series: readonly Series[] }): ReactNode => (
  <Drawn plot={{ type: 'lines', title, x: xLabel, y: yLabel, series }} />
);

/** One row a name: an estimate with its interval on a shared axis; marked rows are squares. */
export const DotPlot = ({
  title,
  xLabel,
  rows,
  caption,
}: Labels & {
  readonly rows: readonly {
    readonly name: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly marked?: boolean;
  }[];
  readonly caption?: string;
}): ReactNode => {
  const drawn = rows.map(({ low, high, ...row }) => ({ ...row, interval: { low, high }, note: '' }));
  return <Drawn plot={{ type: 'forest', title, x: xLabel, rows: drawn }} caption={caption} />;
};

/** One bar a category in the order given, from zero. */
export const BarPlot = ({
  title,
  xLabel,
  yLabel,
  bars,
}: Labels & {
  readonly yLabel: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}): ReactNode => (
  <div className="measure">
    <Drawn plot={{ type: 'bars', title, x: xLabel, y: yLabel, bars }} />
  </div>
);
