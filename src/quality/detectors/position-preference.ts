import { binomialUpperTail, wilson } from '../../stats/index.ts';
import { NO_COMPARISON, WORK } from '../columns.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';

const LEAST = 6;

/** Binomial test of each rater's choices of the reply shown first against chance (one in k replies). */
export const positionPreference: Detector = {
  id: 'position-preference',
  looksFor: 'raters who prefer a place on the screen, whatever stands there',
  needs: `at least ${LEAST} decided comparisons of a rater with the order shown`,
  assumes: 'orders were drawn at random, so that without a preference each place holds the better reply equally often',
  rule: 'Benjamini–Hochberg over raters',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const raters = columns.raterIds.length;
    const n = new Int32Array(raters);
    const first = new Int32Array(raters);
    const chance = new Float64Array(raters);
    let comparisons = 0;
    const counts = (row: number) => columns.place[row]! >= 0 && columns.purpose[row] === WORK;
    for (let row = 0; row < columns.n; row++) {
      if (columns.choice[row] !== NO_COMPARISON) comparisons += 1;
      if (!counts(row)) continue;
      const rater = columns.rater[row]!;
      n[rater]! += 1;
      first[rater]! += Number(columns.place[row] === 0);
      chance[rater]! += 1 / columns.items[columns.item[row]!]!.replies.length;
    }
    if (comparisons === 0) return { undefined: 'there are no comparisons' };
    const tested = [...n.keys()].filter((r) => n[r]! >= LEAST);
    if (tested.length === 0) return { undefined: `no rater has ${LEAST} decided comparisons whose order was recorded` };
    const p = tested.map((r) => {
      const share = chance[r]! / n[r]!;
      const upper = binomialUpperTail(first[r]!, n[r]!, share);
      const lower = binomialUpperTail(n[r]! - first[r]!, n[r]!, 1 - share);
      return Math.min(1, 2 * Math.min(upper, lower));
    });
    const cut = fdrCut(p, positionPreference.level);
    const flagged = tested.flatMap((rater, i) => (p[i]! <= cut ? [{ rater, p: p[i]! }] : []));
    const rows = new Map<number, number[]>(flagged.map(({ rater }) => [rater, []]));
    for (let row = 0; row < columns.n && flagged.length > 0; row++) {
      if (!counts(row)) continue;
      const rater = columns.rater[row]!;
      const likesFirst = first[rater]! > chance[rater]!;
      if ((columns.place[row] === 0) === likesFirst) rows.get(rater)?.push(row);
    }
    return {
      assessed: tested.length,
      unassessed: raters - tested.length,
      flags: flagged.map(({ rater, p: value }) => ({
        detector: 'position-preference',
        raters: [columns.raterIds[rater]!],
        statistic: 'share of choices that stood first',
        value: first[rater]! / n[rater]!,
        interval: wilson(first[rater]!, n[rater]!),
        test: { measure: 'p-value', value, threshold: cut },
        n: n[rater]!,
        ...evidence(data, rows.get(rater)!),
        details: { 'share expected by chance': chance[rater]! / n[rater]! },
      })),
    };
  },
};
