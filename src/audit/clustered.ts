import { chiSquareQuantile, studentQuantile } from '../stats/index.ts';

/** What one row adds to an estimate: its influence (all of them sum to zero), and the two kinds of units it belongs to. */
export interface InfluenceRow {
  readonly influence: number;
  /** An item, a pair, a prompt. */
  readonly unit: string;
  /** A rater, where rows of one rater hang together. */
  readonly rater?: string;
}

interface Component {
  readonly variance: number;
  readonly clusters: number;
}

/**
 * Variance of a sum of influences by clusters that are drawn whole, with the factor C / (C − 1): of the smaller side, where an
 * estimate has two.
 */
function between(rows: readonly InfluenceRow[], keyOf: (row: InfluenceRow) => string, least?: number): Component {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + row.influence);
  const clusters = Math.min(sums.size, least ?? sums.size);
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  return { variance: clusters < 2 ? Number.NaN : (squares * clusters) / (clusters - 1), clusters };
}

/** An estimate's error with the degrees of freedom of Student's t that it goes with. */
export interface ClusteredError {
  readonly error: number;
  readonly freedom: number;
}

/**
 * Error of an estimate whose rows are crossed: every row is of one unit and, where raters are named, of one rater. Variances
 * between units and between raters add up, less what both count (Cameron, Gelbach and Miller 2011); what raters differ by beyond
 * their rows counts only where it is above zero. Degrees of freedom are Satterthwaite's. `least` says how many raters, or units,
 * the estimate rests on where that is fewer than there are, as on the smaller side of a comparison.
 */
export function clusteredError(
  rows: readonly InfluenceRow[],
  least: { readonly units?: number; readonly raters?: number } = {},
): ClusteredError {
  const units = between(rows, ({ unit }) => unit, least.units);
  const own: ClusteredError = { error: Math.sqrt(units.variance), freedom: units.clusters - 1 };
  if (rows.some(({ rater }) => rater === undefined)) return own;
  const people = between(rows, ({ rater }) => rater!, least.raters);
  const single = between(rows, ({ unit, rater }) => `${unit}\u0000${rater}`);
  // One rater does not show how raters differ: what is said holds for that rater.
  if (people.clusters < 2) return own;
  const beyond = Math.max(0, people.variance - single.variance);
  const variance = units.variance + beyond;
  const doubt =
    units.variance ** 2 / (units.clusters - 1) + (beyond > 0 ? people.variance ** 2 / (people.clusters - 1) : 0);
  return { error: Math.sqrt(variance), freedom: doubt > 0 ? variance ** 2 / doubt : own.freedom };
}

/** Half the width of an interval at a level. Without any variation it is that of one row in `n` that went the other way. */
export function halfWidth({ error, freedom }: ClusteredError, { level, n }: { level: number; n: number }): number {
  if (error > 0) return studentQuantile(0.5 + level / 2, Math.max(1, freedom)) * error;
  // As many as are seen by chance in none of n: the exact limit of Poisson's distribution.
  return error === 0 ? chiSquareQuantile(level, 2) / 2 / n : Number.NaN;
}

/** Rows of one side of a difference: values with weights, and what hangs together. */
export interface WeightedRow {
  readonly value: number;
  readonly weight: number;
  readonly unit: string;
  readonly rater?: string;
}

const meanOf = (rows: readonly WeightedRow[]): { readonly mean: number; readonly weight: number } => {
  const weight = rows.reduce((sum, row) => sum + row.weight, 0);
  return { mean: rows.reduce((sum, row) => sum + row.weight * row.value, 0) / weight, weight };
};

const influences = (rows: readonly WeightedRow[], sign: 1 | -1): InfluenceRow[] => {
  const { mean, weight } = meanOf(rows);
  return rows.map((row) => ({ ...row, influence: (sign * row.weight * (row.value - mean)) / weight }));
};

/** A weighted mean with its influences. */
export function weightedInfluences(rows: readonly WeightedRow[]) {
  return { mean: meanOf(rows).mean, rows: influences(rows, 1) };
}

/**
 * Difference of two weighted means. Where the same unit, or the same rater's row about it, stands on both sides, what they share
 * cancels: paired and unpaired rows are treated alike.
 */
export function differenceInfluences(first: readonly WeightedRow[], second: readonly WeightedRow[]) {
  const [a, b] = [meanOf(first), meanOf(second)];
  return { difference: a.mean - b.mean, rows: [...influences(first, 1), ...influences(second, -1)] };
}
