import { quantile } from '../../../stats/index.ts';
import type { QualityData, VoteSet } from '../data.ts';
import { type Detector, evidence, fdrCut, twoSided } from '../detector.ts';

const LEAST = 20;

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
    const scale = others > MOST ? MOST / others : 1;
    cell[i] = Math.round(others * scale) * (MOST + 1) + Math.round(forLonger * scale);
    hits[cell[i]!]! += longer[i]!;
    seen[cell[i]!]! += 1;
  }
  // What the pool does in each cell is what a typical rater does there.
  const odds = hits.map((h, c) => Math.log((h + 0.5) / (seen[c]! - h + 0.5)));
  return { longer, offset: Float64Array.from(cell, (c) => odds[c]!) };
}

/** One rater's votes over all questions. */
interface OwnVotes {
  readonly row: number[];
  readonly longer: number[];
  readonly offset: number[];
}

function ownVotes({ voteSets }: QualityData, sized: readonly SizedVotes[], rater: number): OwnVotes {
  const own: OwnVotes = { row: [], longer: [], offset: [] };
  for (const [set, { votes, byRater }] of voteSets.entries()) {
    const { longer, offset } = sized[set]!;
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      if (longer[i]! < 0) continue;
      own.row.push(votes.row[i]!);
      own.longer.push(longer[i]!);
      own.offset.push(offset[i]!);
    }
  }
  return own;
}

/**
 * Score test of a rater's own intercept a in log-odds(longer) = a + b · offset, with b free (raters differ in how far they
 * follow what others see) under a normal prior around 1. Returns the one-step estimate of a and its standard error.
 */
function ownIntercept({ longer, offset }: OwnVotes): { a: number; error: number } {
  let b = 1;
  let [u, uu, w, wu] = [0, 0, 0, 0];
  for (let step = 0; step < 25; step++) {
    let gradient = 1 - b;
    [u, uu, w, wu] = [0, 1, 0, 0];
    for (let i = 0; i < longer.length; i++) {
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
  needs: `at least ${LEAST} decided comparisons of a rater between two replies of different length`,
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
    for (let rater = 0; rater < columns.raterIds.length; rater++) {
      const own = ownVotes(data, sized, rater);
      if (own.row.length < LEAST) continue;
      tested.push(rater);
      raw.push(ownIntercept(own));
    }
    if (tested.length === 0)
      return { undefined: `no rater has ${LEAST} decided comparisons of two replies of different length` };
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
        const { row, longer, offset } = ownVotes(data, sized, rater);
        const { a, error } = fits[i]!;
        const against = row.filter((_, k) => longer[k] === Number(a > 0) && offset[k]! * a < 0);
        const half = 1.959963984540054 * error;
        return {
          detector: 'length-preference' as const,
          raters: [columns.raterIds[rater]!],
          statistic: 'log-odds of the longer reply beyond what the others’ votes predict',
          value: a,
          interval: { low: a - half, high: a + half, level: 0.95 },
          test: { measure: 'p-value' as const, value: p[i]!, threshold: cut },
          n: row.length,
          ...evidence(data, against),
          details: { 'share of longer replies chosen': longer.filter((v) => v === 1).length / row.length },
        };
      }),
    };
  },
};
