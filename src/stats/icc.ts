import type { Undefined } from './chance-corrected.ts';
import { fQuantile, fUpper } from './distributions.ts';
import type { Interval } from './intervals.ts';
import type { Ratings } from './ratings.ts';

/**
 * Intraclass correlations of Shrout and Fleiss (1979). The first number says how raters meet targets: 1, each target has
 * raters of its own; 2, the raters are a sample and all rate all targets; 3, these raters are the only ones of interest.
 * The second says whether one rating or the mean of k is meant.
 */
export type IccForm = '1,1' | '2,1' | '3,1' | '1,k' | '2,k' | '3,k';

export interface IccEstimate {
  readonly value: number;
  readonly interval: Interval | Undefined;
  /** Test of no difference between targets. */
  readonly f: number;
  readonly df1: number;
  readonly df2: number;
  readonly p: number;
}

export interface IccResult {
  /** Targets with a rating from every rater. */
  readonly targets: number;
  readonly raters: number;
  /** Targets left out because a rating is missing. */
  readonly incomplete: number;
  /** Mean squares between targets, within targets, between raters, and residual. */
  readonly meanSquares: {
    readonly targets: number;
    readonly within: number;
    readonly raters: number;
    readonly residual: number;
  };
  readonly forms: Readonly<Record<IccForm, IccEstimate | Undefined>>;
}

/** Values of the targets that every rater rated, one row per target. */
function completeRows({ units, raters, starts, rater, code, scale }: Ratings): number[][] {
  const rows: number[][] = [];
  for (let u = 0; u < units; u++) {
    if (starts[u + 1]! - starts[u]! !== raters) continue;
    const row = new Array<number>(raters);
    for (let i = starts[u]!; i < starts[u + 1]!; i++) row[rater[i]!] = scale[code[i]!]!;
    rows.push(row);
  }
  return rows;
}

function meanSquaresOf(rows: readonly (readonly number[])[], k: number): IccResult['meanSquares'] {
  const n = rows.length;
  const targetMeans = rows.map((row) => row.reduce((a, b) => a + b, 0) / k);
  const grand = targetMeans.reduce((a, b) => a + b, 0) / n;
  const raterMeans = Array.from({ length: k }, (_, j) => rows.reduce((total, row) => total + row[j]!, 0) / n);
  let [within, residual] = [0, 0];
  for (const [i, row] of rows.entries()) {
    for (const [j, value] of row.entries()) {
      within += (value - targetMeans[i]!) ** 2;
      residual += (value - targetMeans[i]! - raterMeans[j]! + grand) ** 2;
    }
  }
  const between = (means: readonly number[]) => means.reduce((total, m) => total + (m - grand) ** 2, 0);
  // Sums of squares that are rounding errors of the largest one are zero.
  const [ofTargets, ofRaters] = [k * between(targetMeans), n * between(raterMeans)];
  const least = 1e-20 * n * k * grand * grand + 1e-24 * (ofTargets + within);
  const clean = (squares: number) => (squares < least ? 0 : squares);
  return {
    targets: clean(ofTargets) / (n - 1),
    within: clean(within) / (n * (k - 1)),
    raters: clean(ofRaters) / (k - 1),
    residual: clean(residual) / ((n - 1) * (k - 1)),
  };
}

/** Value and bounds of a form of one rating, before they are stepped up to the mean of k. */
interface Single extends Omit<IccEstimate, 'interval'> {
  readonly bounds: readonly [number, number] | Undefined;
}

/** Forms 1 and 3: the F ratio is exact, and so are its bounds. */
function exactForm(between: number, error: number, { df1, df2, k, tail }: Shape & { df2: number }): Single | Undefined {
  if (between === 0 && error === 0) return { undefined: 'every rating is the same' };
  const f = between / error;
  const value = error === 0 ? 1 : (f - 1) / (f + k - 1);
  const bound = (ratio: number) => (ratio - 1) / (ratio + k - 1);
  const bounds =
    error === 0
      ? { undefined: 'raters differ by constants only, so nothing shows the error' }
      : ([bound(f / fQuantile(tail, df1, df2)), bound(f * fQuantile(tail, df2, df1))] as const);
  return { value, bounds, f, df1, df2, p: fUpper(f, df1, df2) };
}

interface Shape {
  readonly df1: number;
  readonly k: number;
  /** Probability below the upper bound. */
  readonly tail: number;
}

/** Form 2: bounds with Satterthwaite's degrees of freedom (Shrout and Fleiss, p. 424). */
function randomRatersForm(
  { targets: b, raters: j, residual: e }: IccResult['meanSquares'],
  n: number,
  { df1, k, tail }: Shape,
): Single | Undefined {
  if (b === 0 && e === 0) return { undefined: 'every target has the same ratings' };
  const value = (b - e) / (b + (k - 1) * e + (k * (j - e)) / n);
  const f = b / e;
  const df2 = (n - 1) * (k - 1);
  const p = fUpper(f, df1, df2);
  if (e === 0)
    return { value, bounds: { undefined: 'the residual is zero, so nothing shows the error' }, f, df1, df2, p };
  const ratio = j / e;
  const [fromRaters, rest] = [k * value * ratio, n * (1 + (k - 1) * value) - k * value];
  const v = (df2 * (fromRaters + rest) ** 2) / ((n - 1) * fromRaters ** 2 + rest ** 2);
  const [lowF, highF] = [fQuantile(tail, df1, v), fQuantile(tail, v, df1)];
  const spare = k * n - k - n;
  const low = (n * (b - lowF * e)) / (lowF * (k * j + spare * e) + n * b);
  const high = (n * (highF * b - e)) / (k * j + spare * e + n * highF * b);
  return { value, bounds: [low, high], f, df1, df2, p };
}

/** All six forms with F-based intervals. Targets with a missing rating are left out and counted. */
export function icc(ratings: Ratings, level = 0.95): IccResult | Undefined {
  const rows = completeRows(ratings);
  const [n, k] = [rows.length, ratings.raters];
  if (k < 2) return { undefined: 'fewer than two raters' };
  if (n < 2) return { undefined: `${n} of ${ratings.units} targets have a rating from every rater; two are needed` };
  const meanSquares = meanSquaresOf(rows, k);
  const shape: Shape = { df1: n - 1, k, tail: 0.5 + level / 2 };
  const singles = {
    1: exactForm(meanSquares.targets, meanSquares.within, { ...shape, df2: n * (k - 1) }),
    2: randomRatersForm(meanSquares, n, shape),
    3: exactForm(meanSquares.targets, meanSquares.residual, { ...shape, df2: (n - 1) * (k - 1) }),
  };
  // Spearman and Brown's formula takes each form of one rating to the mean of k.
  const stepped = (single: Single | Undefined, size: number): IccEstimate | Undefined => {
    if ('undefined' in single) return single;
    const { bounds, value, ...test } = single;
    const step = (r: number) => (size * r) / (1 + (size - 1) * r);
    const interval = 'undefined' in bounds ? bounds : { low: step(bounds[0]), high: step(bounds[1]), level };
    return { value: step(value), interval, ...test };
  };
  return {
    targets: n,
    raters: k,
    incomplete: ratings.units - n,
    meanSquares,
    forms: {
      '1,1': stepped(singles[1], 1),
      '2,1': stepped(singles[2], 1),
      '3,1': stepped(singles[3], 1),
      '1,k': stepped(singles[1], k),
      '2,k': stepped(singles[2], k),
      '3,k': stepped(singles[3], k),
    },
  };
}
