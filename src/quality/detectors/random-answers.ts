import { normalCdf } from '../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';
import { type Following, following } from '../typical-rater.ts';

const LEAST = 12;
/** What is typical is learnt from all: of two raters each would be held against the pair. */
const LEAST_RATERS = 3;
/** Following the others three quarters as far as a typical rater does: still an honest, less careful person. */
const ENOUGH = 0.75;

/** How far each rater follows the others, over all questions; null with too few votes beside others'. */
export function followingOfRaters({ columns, voteSets }: QualityData): (Following | null)[] {
  return columns.raterIds.map((_, rater) => {
    const predicted: number[] = [];
    const chance: number[] = [];
    for (const { leaveOneOut, typical, byRater } of voteSets) {
      for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
        const i = byRater.entry[k]!;
        if (leaveOneOut.others[i] === 0) continue;
        predicted.push(typical.predicted[i]!);
        chance.push(typical.chance[i]!);
      }
    }
    return predicted.length < LEAST ? null : following(predicted, chance);
  });
}

/** Do a rater's answers carry clearly less than a typical rater's do? */
export const randomAnswers: Detector = {
  id: 'random-answers',
  looksFor: 'raters whose answers follow what the others see less than three quarters as far as a typical rater’s do',
  needs: `at least ${LEAST_RATERS} raters with ${LEAST} votes each on units with others’ votes`,
  assumes:
    'independent errors; a rater with a taste of their own looks like a guesser here, and raters who all guess look typical',
  rule: 'Benjamini–Hochberg over raters; one-sided test against three quarters of the typical rater’s following',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const all = followingOfRaters(data);
    const tested = all.flatMap((found, rater) => (found === null ? [] : [{ rater, ...found }]));
    if (tested.length < LEAST_RATERS) {
      return {
        undefined: `${tested.length} raters have ${LEAST} votes on units with others’ votes; with fewer than ${LEAST_RATERS} the typical rater would be the one who is tested`,
      };
    }
    const p = tested.map(({ value, error }) => normalCdf((value - ENOUGH) / error));
    const cut = fdrCut(p, randomAnswers.level);
    const flagged = tested.flatMap((row, i) => (p[i]! <= cut ? [{ ...row, p: p[i]! }] : []));
    const rows = new Map<number, number[]>(flagged.map(({ rater }) => [rater, []]));
    for (const { votes, leaveOneOut } of flagged.length === 0 ? [] : data.voteSets) {
      for (let i = 0; i < votes.row.length; i++)
        if (leaveOneOut.others[i]! >= 2 && leaveOneOut.agree[i] === 0) rows.get(votes.rater[i]!)?.push(votes.row[i]!);
    }
    return {
      assessed: tested.length,
      unassessed: all.length - tested.length,
      flags: flagged.map(({ rater, value, error, n, p: pValue }) => ({
        detector: 'random-answers' as const,
        raters: [columns.raterIds[rater]!],
        statistic: 'following of the others (1 a typical rater, 0 a guesser, below 0 against them)',
        value,
        interval: { low: value - 1.959963984540054 * error, high: value + 1.959963984540054 * error, level: 0.95 },
        test: { measure: 'p-value' as const, value: pValue, threshold: cut },
        n,
        ...evidence(data, rows.get(rater)!),
        details: {},
      })),
    };
  },
};
