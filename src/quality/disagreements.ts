import type { AnswerKind } from '../feedback/index.ts';
import type { QualityData } from './data.ts';

/** A unit on which raters differ: kept in the data, and worth a look at the item or the instructions. */
export interface Disagreement {
  readonly itemId: string;
  readonly question: string | null;
  readonly kind: AnswerKind;
  readonly classes: readonly string[];
  /** Votes by class. */
  readonly votes: readonly number[];
  /** Share of pairs of votes that agree. */
  readonly agreement: number;
}

/** Units with the lowest agreement first, those with more votes before others; and how many units have any dissent. */
export function disagreements(
  { columns, voteSets }: QualityData,
  most: number,
): { list: Disagreement[]; units: number; dissenting: number } {
  const found: { set: number; unit: number; agreement: number; n: number }[] = [];
  let units = 0;
  for (const [set, { votes }] of voteSets.entries()) {
    for (let u = 0; u < votes.units; u++) {
      const n = votes.starts[u + 1]! - votes.starts[u]!;
      if (n < 2) continue;
      units += 1;
      let agree = 0;
      for (let c = 0; c < votes.classes; c++) {
        const count = votes.counts[u * votes.classes + c]!;
        agree += count * (count - 1);
      }
      if (agree < n * (n - 1)) found.push({ set, unit: u, agreement: agree / (n * (n - 1)), n });
    }
  }
  found.sort((a, b) => a.agreement - b.agreement || b.n - a.n);
  return {
    units,
    dissenting: found.length,
    list: found.slice(0, most).map(({ set, unit, agreement }) => {
      const { votes } = voteSets[set]!;
      const { id, kind } = columns.questions[votes.question]!;
      return {
        itemId: columns.items[votes.unitItem[unit]!]!.id,
        question: id,
        kind,
        classes: votes.classNames,
        votes: [...votes.counts.subarray(unit * votes.classes, (unit + 1) * votes.classes)],
        agreement,
      };
    }),
  };
}
