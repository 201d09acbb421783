import { quantile } from '../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut, twoSided } from '../detector.ts';
import type { VoteSet } from '../vote-set.ts';

const LEAST = 20;
/** The middle rater is the standard: of one or two raters each would be held against itself. */
const LEAST_RATERS = 3;

/** Decided votes of one question between two replies of different length, by entry of the votes. */
interface SizedVotes {
  /** 1 where the longer reply was chosen, 0 where the shorter, −1 where the vote does not count here. */
  readonly longer: Int8Array;
  /** Log-odds that a typical rater chooses the longer reply when the others voted as they did. */
  readonly offset: Float64Array;
}

/** Others past this many count by their share alone. */
const MOST = 40;

function sizedVotes({ columns, replies }: QualityData, { votes }: VoteSet): SizedVotes {
  const { classes, unit, unitItem, label, counts } = votes;
  const n = label.length;
  const longer = new Int8Array(n).fill(-1);
  const cell = new Int32Array(n);
  const hits = new Float64Array((MOST + 1) ** 2);
  const seen = new Float64Array((MOST + 1) ** 2);
  if (columns.questions[votes.question]!.kind !== 'comparison') return { longer, offset: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    const item = unitItem[unit[i]!]!;
    const [a, b] = [replies.first[item]!, replies.second[item]!];
    if (label[i]! > 1 || a === b) continue;
    const long = a > b ? 0 : 1;
    const at = unit[i]! * classes;
    longer[i] = Number(label[i] === long);
    const forLonger = counts[at + long]! - longer[i]!;
    const others = counts[at]! + counts[at + 1]! - 1;
    // Without others on the item the pool's share would be the rater's own taste.
    if (others === 0) {
      longer[i] = -1;
      continue;
    }
    const scale = others > MOST ? MOST / others : 1;
    cell[i] = Math.round(others * scale) * (MOST + 1) + Math.round(forLonger * scale);
    hits[cell[i]!]! += longer[i]!;
    seen[cell[i]!]! += 1;
  }
  // What the pool does in each cell is what a typical rater does there.
  const odds = hits.map((h, c) => Math.log((h + 0.5) / (seen[c]! - h + 0.5)));
  const offset = new Float64Array(n);
  for (let i = 0; i < n; i++) offset[i] = odds[cell[i]!]!;
  return { longer, offset };
}

/** One rater's votes over all questions, in buffers that the next rater overwrites. */
interface OwnVotes {
  n: number;
  readonly row: Int32Array;
  readonly longer: Int8Array;
  readonly offset: Float64Array;
}

/** Different pairs of texts among a rater's votes: over one pair, a taste for length is a taste for a text. */
function distinctPairs({ columns, replies }: QualityData, { n, row }: OwnVotes): number {
  const seen = new Set<number>();
  for (let i = 0; i < n; i++) seen.add(replies.pair[columns.item[row[i]!]!]!);
  return seen.size;
}

/** Buffers for the rater with most votes. */
function buffers({ columns, order }: QualityData): OwnVotes {
  let most = 0;
  for (let r = 0; r < columns.raterIds.length; r++) most = Math.max(most, order.starts[r + 1]! - order.starts[r]!);
  // A judgment gives at most one comparison.
  return { n: 0, row: new Int32Array(most), longer: new Int8Array(most), offset: new Float64Array(most) };
}

function fillOwn(
  own: OwnVotes,
  { voteSets }: QualityData,
  { sized, rater }: { sized: readonly SizedVotes[]; rater: number },
): void {
  own.n = 0;
  for (let set = 0; set < voteSets.length; set++) {
    const { votes, byRater } = voteSets[set]!;
    const { longer, offset } = sized[set]!;
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      if (longer[i]! < 0) continue;
      own.row[own.n] = votes.row[i]!;
      own.longer[own.n] = longer[i]!;
      own.offset[own.n] = offset[i]!;
      own.n += 1;
    }
  }
}

/**
 * Score test of a rater's own intercept a in log-odds(longer) = a + b · offset, with b free (raters differ in how far they
 * follow what others see) under a normal prior around 1. Returns the one-step estimate of a and its standard error.
 */
function ownIntercept({ n, longer, offset }: OwnVotes): { a: number; error: number } {
  let b = 1;
  let [u, uu, w, wu] = [0, 0, 0, 0];
  for (let step = 0; step < 25; step++) {
    let gradient = 1 - b;
    [u, uu, w, wu] = [0, 1, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = offset[i]!;
      const p = 1 / (1 + Math.exp(-b * x));
      const v = p * (1 - p);
      u += longer[i]! - p;
      gradient += (longer[i]! - p) * x;
      w += v;
      wu += v * x;
      uu += v * x * x;
    }
    const move = Math.max(-2, Math.min(2, gradient / uu));
    if (Math.abs(move) < 1e-7) break;
    b += move;
  }
  const information = w - (wu * wu) / uu;
  return { a: u / information, error: 1 / Math.sqrt(information) };
}

/** Does a rater choose the longer reply more (or less) often than the others' votes on the same items predict? */
export const lengthPreference: Detector = {
  id: 'length-preference',
  looksFor: 'raters who choose by length, beyond what the others’ votes on the same items explain',
  needs: `at least ${LEAST_RATERS} raters with ${LEAST} decided comparisons each, of ${LEAST} different pairs of texts of different length, on items that others judged too`,
  assumes:
    'the others’ votes on an item show how much better the longer reply is; a taste for length that all raters share cannot be seen here',
  rule: 'Benjamini–Hochberg over raters',
  level: 0.05,
  tests: 'raters',
  run(data: QualityData) {
    const { columns } = data;
    if (!columns.questions.some(({ kind }) => kind === 'comparison')) return { undefined: 'there are no comparisons' };
    const sized = data.voteSets.map((set) => sizedVotes(data, set));
    const tested: number[] = [];
    const raw: { a: number; error: number }[] = [];
    const own = buffers(data);
    for (let rater = 0; rater < columns.raterIds.length; rater++) {
      fillOwn(own, data, { sized, rater });
      if (own.n < LEAST || distinctPairs(data, own) < LEAST) continue;
      tested.push(rater);
      raw.push(ownIntercept(own));
    }
    if (tested.length < LEAST_RATERS) {
      return {
        undefined: `${tested.length} raters have decided comparisons of ${LEAST} different pairs of replies of different length on items that others judged too; with fewer than ${LEAST_RATERS} the standard would be the rater’s own taste`,
      };
    }
    // The middle rater is the standard: a few who go by length must not make all others look as if they avoided it.
    const middle = quantile(
      raw.map(({ a }) => a),
      0.5,
    );
    const fits = raw.map(({ a, error }) => ({ a: a - middle, error }));
    const p = fits.map(({ a, error }) => twoSided(a / error));
    const cut = fdrCut(p, lengthPreference.level);
    return {
      assessed: tested.length,
      unassessed: columns.raterIds.length - tested.length,
      flags: tested.flatMap((rater, i) => {
        if (p[i]! > cut) return [];
        fillOwn(own, data, { sized, rater });
        const { a, error } = fits[i]!;
        const { n } = own;
        const chose = own.longer.subarray(0, n).reduce((sum, v) => sum + v, 0);
        const against = [...own.row.subarray(0, n)].filter(
          (_, k) => own.longer[k] === Number(a > 0) && own.offset[k]! * a < 0,
        );
        const half = 1.959963984540054 * error;
        return {
          detector: 'length-preference' as const,
          raters: [columns.raterIds[rater]!],
          statistic: 'log-odds of the longer reply beyond what the others’ votes predict',
          value: a,
          interval: { low: a - half, high: a + half, level: 0.95 },
          test: { measure: 'p-value' as const, value: p[i]!, threshold: cut },
          n,
          ...evidence(data, against),
          details: { 'share of longer replies chosen': chose / n },
        };
      }),
    };
  },
};
