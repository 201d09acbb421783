import type { Plot, PlotOf, PlotType } from '../document.ts';
import type { Node } from '../element.ts';
import { coursePlot, forestPlot, scatterPlot } from './estimates.ts';
import { barsPlot, histogramPlot, logHistogramPlot } from './histograms.ts';
import { linesPlot } from './lines.ts';
import { matrixPlot } from './matrix.ts';

/** How each plot is drawn; a plot without a drawing does not compile. */
const PLOTS: { readonly [T in PlotType]: (plot: PlotOf<T>) => Node } = {
  lines: linesPlot,
  histogram: histogramPlot,
  forest: forestPlot,
  scatter: scatterPlot,
  'log-histogram': logHistogramPlot,
  bars: barsPlot,
  course: coursePlot,
  matrix: matrixPlot,
};

/** A plot as a tree of SVG elements. */
export const drawPlot = (plot: Plot): Node => (PLOTS[plot.type] as (plot: Plot) => Node)(plot);
