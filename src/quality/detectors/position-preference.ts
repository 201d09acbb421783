import { binomialUpperTail, wilson } from '../../stats/index.ts';
import { NO_COMPARISON, SWAPPED_REPEAT, WORK } from '../columns.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';

const LEAST = 6;

/**
 * By rater, the decided votes that tell a place from a text: one for each pair of texts that the rater saw in one order only
 * (fixed answers that always stand in the same places are one observation), all of a pair seen in both.
 */
function informative({ columns, replies }: QualityData, counts: (row: number) => boolean): Int32Array {
  const seen = new Map<string, { readonly votes: [number, number] }>();
  const out = new Int32Array(columns.raterIds.length);
  for (let row = 0; row < columns.n; row++) {
    if (!counts(row)) continue;
    const [item, rater] = [columns.item[row]!, columns.rater[row]!];
    const pair = replies.pair[item]!;
    if (pair < 0) {
      out[rater]! += 1;
      continue;
    }
    const key = `${rater}/${pair}`;
    const own = seen.get(key) ?? { votes: [0, 0] };
    seen.set(key, own);
    const before =
      own.votes[0] > 0 && own.votes[1] > 0 ? own.votes[0] + own.votes[1] : Math.min(1, own.votes[0] + own.votes[1]);
    const side = replies.turned[item] === Number(columns.shownFirst[row] !== 0) ? 0 : 1;
    own.votes[side] += 1;
    const after = own.votes[0] > 0 && own.votes[1] > 0 ? own.votes[0] + own.votes[1] : 1;
    out[rater]! += after - before;
  }
  return out;
}

/** Binomial test of each rater's choices of the reply shown first against chance (one in k replies). */
export const positionPreference: Detector = {
  id: 'position-preference',
  looksFor: 'raters who prefer a place on the screen, whatever stands there',
  needs: `at least ${LEAST} decided comparisons of a rater with the order shown, swapped repeats among them: of ${LEAST} different pairs of texts, or of texts seen in both orders`,
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
    const counts = (row: number) =>
      columns.place[row]! >= 0 && (columns.purpose[row] === WORK || columns.purpose[row] === SWAPPED_REPEAT);
    for (let row = 0; row < columns.n; row++) {
      if (columns.choice[row] !== NO_COMPARISON) comparisons += 1;
      if (!counts(row)) continue;
      const rater = columns.rater[row]!;
      n[rater]! += 1;
      first[rater]! += Number(columns.place[row] === 0);
      chance[rater]! += 1 / columns.items[columns.item[row]!]!.replies.length;
    }
    if (comparisons === 0) return { undefined: 'there are no comparisons' };
    const telling = informative(data, counts);
    const tested = [...n.keys()].filter((r) => telling[r]! >= LEAST);
    if (tested.length === 0)
      return {
        undefined: `no rater has ${LEAST} decided comparisons whose order was recorded, of different texts or of texts in both orders`,
      };
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
