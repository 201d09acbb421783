import type { PlotOf } from '../document.ts';
import { type Element, h, type Node } from '../element.ts';
import { figure } from '../figures.ts';
import { drawing, nothing, short, WIDTH } from './frame.ts';

const LEFT = 92;
const TOP = 70;

/** Shares between pairs, printed in their cells; darker is more. */
export function matrixPlot({ title, names, share, n }: PlotOf<'matrix'>): Node {
  if (names.length < 2) return nothing('Fewer than two to compare.');
  const size = Math.min(28, (WIDTH - LEFT - 8) / names.length);
  const rows = names.map((name, a) => {
    const y = TOP + a * size;
    const middle = LEFT + a * size + size / 2;
    return [
      names.map((other, b) => {
        const value = share[a]![b]!;
        const place = { x: LEFT + b * size, y, width: size - 1, height: size - 1 };
        if (value === null) return h('rect', { class: 'empty', ...place });
        return h(
          'g',
          {},
          h('title', {}, `${name} and ${other}: ${figure(value)} of ${n[a]![b]!} shared units`),
          h('rect', { class: 'cell', 'fill-opacity': (0.06 + 0.94 * value).toFixed(3), ...place }),
          size >= 16 ? cellText(value, place.x + size / 2, y + size / 2 + 3.5) : undefined,
        );
      }),
      h('text', { x: LEFT - 6, y: y + size / 2 + 4, 'text-anchor': 'end' }, short(name, 13)),
      h('text', { transform: `translate(${middle + 4} ${TOP - 6}) rotate(-60)` }, short(name, 11)),
    ];
  });
  return drawing(title, TOP + size * names.length + 8, h('g', { class: 'matrix' }, rows));
}

function cellText(value: number, x: number, y: number): Element {
  const depth = value > 0.8 ? 'deep' : value > 0.6 ? 'middle' : 'pale';
  return h('text', { class: depth, x, y, 'text-anchor': 'middle' }, String(Math.round(100 * value)));
}
