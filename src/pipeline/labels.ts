import type { Item, Judgment } from '../feedback/index.ts';
import { voteTable } from '../quality/index.ts';
import { dawidSkene } from '../stats/index.ts';

/** What the votes on one item say, beside its published answer where there is one. Disagreement stays visible. */
export interface ItemLabel {
  readonly itemId: string;
  readonly votes: { readonly first: number; readonly second: number; readonly tie: number };
  /** Label with the most votes; null where two share the top. */
  readonly majority: 'first' | 'second' | 'tie' | null;
  /** Posterior of each label by Dawid and Skene (1979), which weighs raters by how well they agree. */
  readonly dawidSkene: { readonly first: number; readonly second: number; readonly tie: number };
  readonly gold: 'first' | 'second' | 'tie' | null;
}

const CLASSES = ['first', 'second', 'tie'] as const;
const byClass = (values: ArrayLike<number>) => ({ first: values[0]!, second: values[1]!, tie: values[2]! });

/** Majority and Dawid–Skene labels of every item of two replies that has a vote. */
export function itemLabels(items: readonly Item[], judgments: readonly Judgment[]): ItemLabel[] {
  const table = voteTable(items, judgments);
  const counts = items.map(() => [0, 0, 0] as [number, number, number]);
  for (const { item, label } of table.votes) counts[item]![label] += 1;
  const sizes = { items: items.length, raters: table.raterIds.length, classes: CLASSES.length };
  // One pseudo-count a cell keeps raters with few votes estimable.
  const { posteriors } = dawidSkene(table.votes, sizes, { smoothing: 1, tolerance: 1e-7, iterations: 100 });
  return items.flatMap(({ id, gold }, i): ItemLabel[] => {
    const top = Math.max(...counts[i]!);
    if (top === 0) return [];
    const winners = CLASSES.filter((_, k) => counts[i]![k] === top);
    return [
      {
        itemId: id,
        votes: byClass(counts[i]!),
        majority: winners.length === 1 ? winners[0]! : null,
        dawidSkene: byClass(posteriors[i]!),
        gold: gold === undefined ? null : gold === 'tie' ? 'tie' : gold === 0 ? 'first' : 'second',
      },
    ];
  });
}
