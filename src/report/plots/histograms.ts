import { scaleLog } from 'd3-scale';
import type { PlotOf } from '../document.ts';
import { h, type Node } from '../element.ts';
import { figure } from '../figures.ts';
import { type Axis, axes, boxOf, drawing, legend, linearAxis, nothing, whisker } from './frame.ts';

const HEIGHT = 300;

/** Histograms of some groups over shared bins, as shares of each group. */
export function histogramPlot({ title, x: xName, y: yName, groups }: PlotOf<'histogram'>): Node {
  const all = groups.flatMap((group) => group.values);
  if (all.length === 0) return nothing();
  const [low, high] = all.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  // Counts get bins of whole numbers: a bin that holds two of them beside one that holds one would show a comb.
  const counted = all.every(Number.isInteger);
  const width = counted ? Math.ceil((high - low + 1) / 40) : (high - low || 1) / 24;
  const bins = counted ? Math.ceil((high - low + 1) / width) : 24;
  const shares = groups.map(({ values }) => {
    const counts = new Array<number>(bins).fill(0);
    for (const v of values) counts[Math.min(bins - 1, Math.floor((v - low) / width))]! += 1 / values.length;
    return counts;
  });
  const box = boxOf(HEIGHT);
  const x = linearAxis([low, low + bins * width], [box.left, box.right]);
  const y = linearAxis([0, ...shares.flat()], [box.bottom, box.top], 5);
  const bars = shares.map((counts, g) =>
    h(
      'g',
      { class: `bars s${g}` },
      counts.map((share, i) => {
        const left = x.at(low + i * width);
        const right = x.at(low + (i + 1) * width);
        return h('rect', {
          x: left,
          y: y.at(share),
          width: Math.max(1, right - left - 1),
          height: Math.max(0, y.at(0) - y.at(share)),
        });
      }),
    ),
  );
  return [
    drawing(title, HEIGHT, axes(box, x, { x: xName, y: { axis: y, text: yName } }), bars),
    legend(
      groups.map(({ name, values }) => `${name} (n = ${values.length})`),
      (g) => h('g', { class: `bars s${g}` }, h('rect', { x: 7, width: 14, height: 12 })),
    ),
  ];
}

/** Bars over stretches of a logarithmic axis, with a line at a value. */
export function logHistogramPlot({ title, x: xName, y: yName, bars, mark }: PlotOf<'log-histogram'>): Node {
  if (bars.length === 0) return nothing();
  const height = 260;
  const box = boxOf(height, { top: 20 });
  const scale = scaleLog([bars[0]!.from, bars.at(-1)!.to], [box.left, box.right]);
  const powers = scale.ticks(8).filter((tick) => /^[125]/.test(String(Number(tick.toPrecision(1)))));
  const x: Axis = { at: (v) => scale(v), ticks: powers.map((value) => ({ value, text: figure(value) })) };
  const y = linearAxis([0, ...bars.map((bar) => bar.count)], [box.bottom, box.top], 5);
  return drawing(
    title,
    height,
    axes(box, x, { x: xName, y: { axis: y, text: yName } }),
    h(
      'g',
      { class: 'bars s0' },
      bars.map(({ from, to, count }) =>
        h(
          'rect',
          {
            x: x.at(from),
            y: y.at(count),
            width: Math.max(1, x.at(to) - x.at(from) - 1),
            height: box.bottom - y.at(count),
          },
          h('title', {}, `${figure(from)} to ${figure(to)}: ${count}`),
        ),
      ),
    ),
    whisker([x.at(mark.at), box.top], [x.at(mark.at), box.bottom], 'reference'),
    h('text', { x: x.at(mark.at) + 5, y: box.top - 4 }, mark.text),
  );
}
