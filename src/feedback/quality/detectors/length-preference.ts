import { quantile, sigmoid } from '../../../stats/index.ts';
import type { QualityColumns } from '../columns.ts';
import type { QualityData, VoteSet } from '../data.ts';
import { type Detector, evidence, fdrCut, twoSided } from '../detector.ts';

const LEAST = 20;

/** A decided vote between two replies of different length. */
interface SizedVote {
  readonly row: number;
  readonly rater: number;
  /** 1 when the longer reply was chosen. */
  readonly longer: number;
  /** Log-odds of the longer reply, given the others' votes. */
  offset: number;
  /** Others who chose the longer, and others who decided. */
  readonly forLonger: number;
  readonly others: number;
}

function sizedVotes(columns: QualityColumns, { votes }: VoteSet): SizedVote[] {
  const { classes, unit, unitItem, label, counts, row, rater } = votes;
  const found: SizedVote[] = [];
  for (let i = 0; i < label.length; i++) {
    const { replies } = columns.items[unitItem[unit[i]!]!]!;
    if (replies.length !== 2 || label[i]! > 1) continue;
    const [a, b] = [replies[0]!.text.length, replies[1]!.text.length];
    if (a === b) continue;
    const long = a > b ? 0 : 1;
    const at = unit[i]! * classes;
    const longer = Number(label[i] === long);
    const forLonger = counts[at + long]! - longer;
    const others = counts[at]! + counts[at + 1]! - 1;
    found.push({ row: row[i]!, rater: rater[i]!, longer, offset: 0, forLonger, others });
  }
  return found;
}

/** Fills in the log-odds that a typical rater chooses the longer reply when l of k others did, as seen in the pool. */
function calibrate(found: readonly SizedVote[]): void {
  const cells = new Map<number, { longer: number; n: number }>();
  // Past 40 others the share alone is what matters.
  const key = ({ forLonger, others }: SizedVote) => {
    const scale = others > 40 ? 40 / others : 1;
    return Math.round(others * scale) * 64 + Math.round(forLonger * scale);
  };
  for (const vote of found) {
    const cell = cells.get(key(vote)) ?? { longer: 0, n: 0 };
    cell.longer += vote.longer;
    cell.n += 1;
    cells.set(key(vote), cell);
  }
  for (const vote of found) {
    const { longer, n } = cells.get(key(vote))!;
    vote.offset = Math.log((longer + 0.5) / (n - longer + 0.5));
  }
}

/**
 * Score test of a rater's own intercept a in log-odds(longer) = a + b · offset, with b free (raters differ in how far they
 * follow what others see) under a normal prior around 1. Returns the one-step estimate of a and its standard error.
 */
function ownIntercept(votes: readonly SizedVote[]): { a: number; error: number } {
  let b = 1;
  const sums = (at: number) => {
    let [u, uu, w, wu, gradient] = [0, 0, 0, 0, 0];
    for (const { offset, longer } of votes) {
      const p = sigmoid(at * offset);
      const v = p * (1 - p);
      u += longer - p;
      gradient += (longer - p) * offset;
      w += v;
      wu += v * offset;
      uu += v * offset * offset;
    }
    return { u, uu: uu + 1, w, wu, gradient: gradient - (at - 1) };
  };
  for (let i = 0; i < 25; i++) {
    const { gradient, uu } = sums(b);
    const step = gradient / uu;
    b += Math.max(-2, Math.min(2, step));
    if (Math.abs(step) < 1e-9) break;
  }
  const { u, uu, w, wu } = sums(b);
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
    const sets = data.voteSets.filter(({ votes }) => columns.questions[votes.question]!.kind === 'comparison');
    if (sets.length === 0) return { undefined: 'there are no comparisons' };
    const byRater: SizedVote[][] = columns.raterIds.map(() => []);
    for (const set of sets) {
      const found = sizedVotes(columns, set);
      calibrate(found);
      for (const vote of found) byRater[vote.rater]!.push(vote);
    }
    const tested = [...byRater.keys()].filter((r) => byRater[r]!.length >= LEAST);
    if (tested.length === 0)
      return { undefined: `no rater has ${LEAST} decided comparisons of two replies of different length` };
    const raw = tested.map((r) => ownIntercept(byRater[r]!));
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
        const own = byRater[rater]!;
        const { a, error } = fits[i]!;
        const against = own.filter((v) => v.longer === Number(a > 0) && v.offset * a < 0);
        const half = 1.959963984540054 * error;
        return {
          detector: 'length-preference' as const,
          raters: [columns.raterIds[rater]!],
          statistic: 'log-odds of the longer reply beyond what the others’ votes predict',
          value: a,
          interval: { low: a - half, high: a + half, level: 0.95 },
          test: { measure: 'p-value' as const, value: p[i]!, threshold: cut },
          n: own.length,
          ...evidence(
            data,
            against.map((v) => v.row),
          ),
          details: { 'share of longer replies chosen': own.filter((v) => v.longer === 1).length / own.length },
        };
      }),
    };
  },
};
