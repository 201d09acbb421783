/** Outcomes between two contestants, by index. `first` is the one shown first (or at home). */
export interface Contest {
  readonly first: number;
  readonly second: number;
  readonly firstWins: number;
  readonly secondWins: number;
  readonly ties?: number;
}

/** A property of each contest that may sway its outcome: the first side's value minus the second's, by contest. */
export interface Covariate {
  readonly name: string;
  readonly values: Float64Array;
}

/**
 * Paired comparisons in columns, one entry a contest: the layout that scales to millions. Counts may be fractional
 * (weights). Contestants are 0 … contestants − 1, raters 0 … raters − 1.
 */
export interface Comparisons {
  readonly contestants: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWins: Float64Array;
  readonly secondWins: Float64Array;
  /** Ties by contest; absent when the rater could not say "tie". */
  readonly ties?: Float64Array;
  readonly covariates?: readonly Covariate[];
}

/** Comparisons whose raters are known, by contest: what rater-aware models and resampling of raters need. */
export interface RatedComparisons extends Comparisons {
  readonly rater: Int32Array;
  readonly raters: number;
}

/** Contests as columns. Ties become a column when any contest has one. */
export function comparisonsOf(contests: readonly Contest[], contestants: number): Comparisons {
  const data: Comparisons = {
    contestants,
    first: Int32Array.from(contests, (c) => c.first),
    second: Int32Array.from(contests, (c) => c.second),
    firstWins: Float64Array.from(contests, (c) => c.firstWins),
    secondWins: Float64Array.from(contests, (c) => c.secondWins),
    ...(contests.some((c) => (c.ties ?? 0) > 0) && { ties: Float64Array.from(contests, (c) => c.ties ?? 0) }),
  };
  checkComparisons(data);
  return data;
}

/** Throws a RangeError that names the first contest whose indices or counts are impossible. */
export function checkComparisons(data: Comparisons): void {
  const { contestants, first, second, firstWins, secondWins, ties, covariates = [] } = data;
  const n = first.length;
  const columns = [second, firstWins, secondWins, ...(ties ? [ties] : []), ...covariates.map((c) => c.values)];
  if (columns.some((column) => column.length !== n)) {
    throw new RangeError(
      `Expected columns of one length, ${n} contests; got ${columns.map((c) => c.length).join(', ')}`,
    );
  }
  for (let e = 0; e < n; e++) {
    const a = first[e]!;
    const b = second[e]!;
    if (!(a >= 0 && a < contestants && b >= 0 && b < contestants) || a === b) {
      throw new RangeError(
        `Contest ${e}: expected two different contestants of 0 … ${contestants - 1}; got ${a}, ${b}`,
      );
    }
    const counts = firstWins[e]! + secondWins[e]! + (ties ? ties[e]! : 0);
    if (!(firstWins[e]! >= 0 && secondWins[e]! >= 0 && (!ties || ties[e]! >= 0) && counts < Infinity)) {
      throw new RangeError(`Contest ${e}: expected counts of at least 0; got a negative or non-finite one`);
    }
  }
  for (const { name, values } of covariates) {
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new RangeError(`Covariate ${name}: expected a finite number for contest ${bad}; got ${values[bad]}`);
  }
}

/** The same comparisons with each contest's counts multiplied by its weight. */
export function weightComparisons<T extends Comparisons>(data: T, weight: (contest: number) => number): T {
  const scale = (column: Float64Array) => column.map((count, e) => count * weight(e));
  return {
    ...data,
    firstWins: scale(data.firstWins),
    secondWins: scale(data.secondWins),
    ...(data.ties && { ties: scale(data.ties) }),
  };
}

/**
 * Contests between the same two, in the same order, summed into one: no estimate changes. Comparisons with covariates
 * are returned as they are, for these differ from contest to contest.
 */
export function mergeRepeats(data: Comparisons): Comparisons {
  const { contestants, first, second, firstWins, secondWins, ties, covariates = [] } = data;
  // Worth a table only while pairs are fewer than contests.
  if (covariates.length > 0 || contestants * contestants > first.length) return data;
  const cells = new Float64Array(contestants * contestants * 3);
  for (let e = 0; e < first.length; e++) {
    const at = (first[e]! * contestants + second[e]!) * 3;
    cells[at]! += firstWins[e]!;
    cells[at + 1]! += secondWins[e]!;
    if (ties) cells[at + 2]! += ties[e]!;
  }
  const contests: Contest[] = [];
  for (let a = 0; a < contestants; a++) {
    for (let b = 0; b < contestants; b++) {
      const at = (a * contestants + b) * 3;
      const [wins, losses, tied] = [cells[at]!, cells[at + 1]!, cells[at + 2]!];
      if (wins + losses + tied > 0)
        contests.push({ first: a, second: b, firstWins: wins, secondWins: losses, ties: tied });
    }
  }
  const merged = comparisonsOf(contests, contestants);
  return ties && !merged.ties ? { ...merged, ties: new Float64Array(contests.length) } : merged;
}

/** The same contests in order of their first contestant, so that passes over them run along memory. */
export function inOrderOfFirst<T extends Comparisons & { readonly rater?: Int32Array }>(data: T): T {
  const { contestants, first } = data;
  const rows = new Int32Array(contestants + 1);
  for (let e = 0; e < first.length; e++) rows[first[e]! + 1]! += 1;
  for (let i = 0; i < contestants; i++) rows[i + 1]! += rows[i]!;
  const to = new Int32Array(first.length);
  for (let e = 0; e < first.length; e++) {
    to[e] = rows[first[e]!]!;
    rows[first[e]!]! += 1;
  }
  const whole = (column: Int32Array) => {
    const out = new Int32Array(column.length);
    for (let e = 0; e < column.length; e++) out[to[e]!] = column[e]!;
    return out;
  };
  const real = (column: Float64Array) => {
    const out = new Float64Array(column.length);
    for (let e = 0; e < column.length; e++) out[to[e]!] = column[e]!;
    return out;
  };
  return {
    ...data,
    first: whole(first),
    second: whole(data.second),
    firstWins: real(data.firstWins),
    secondWins: real(data.secondWins),
    ...(data.ties && { ties: real(data.ties) }),
    ...(data.rater && { rater: whole(data.rater) }),
    ...(data.covariates && { covariates: data.covariates.map((c) => ({ ...c, values: real(c.values) })) }),
  };
}

/**
 * Style difference of two non-negative amounts (length, number of list items): (a − b) / (a + b), within ±1, 0 when both
 * are 0. Exchanging the sides flips its sign.
 */
export const styleDifference = (a: number, b: number): number => (a + b === 0 ? 0 : (a - b) / (a + b));

/**
 * Divides by the root mean square, so that a coefficient is the change of log-odds for a typical difference. The mean is
 * not taken off, as some leaderboards do: that would hide a bonus for the first side inside the covariate. A column of
 * zeros stays as it is.
 */
export function standardise(values: ArrayLike<number>): { readonly values: Float64Array; readonly scale: number } {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  const scale = sum === 0 ? 1 : Math.sqrt(sum / values.length);
  return { values: Float64Array.from(values, (v) => v / scale), scale };
}

/** Contests of each rater, in compressed rows. */
export function byRater({ rater, raters }: RatedComparisons): { rows: Int32Array; contests: Int32Array } {
  const rows = new Int32Array(raters + 1);
  for (const r of rater) rows[r + 1]! += 1;
  for (let r = 0; r < raters; r++) rows[r + 1]! += rows[r]!;
  const at = rows.slice(0, raters);
  const contests = new Int32Array(rater.length);
  for (const [e, r] of rater.entries()) {
    contests[at[r]!] = e;
    at[r]! += 1;
  }
  return { rows, contests };
}

/** Log-odds of the first side in every contest, at strengths followed by coefficients; no contestants, no strengths. */
export function logOddsAt(data: Comparisons, at: Float64Array): Float64Array {
  const { contestants, first, second, covariates = [] } = data;
  const out = new Float64Array(first.length);
  for (let e = 0; e < out.length; e++) {
    let d = contestants === 0 ? 0 : at[first[e]!]! - at[second[e]!]!;
    for (let k = 0; k < covariates.length; k++) d += at[contestants + k]! * covariates[k]!.values[e]!;
    out[e] = d;
  }
  return out;
}
