import { type Rng, shuffled } from './random.ts';
import type { RatingTable } from './rating-truth.ts';
import { type Ratings, type Tally, tallyUnits } from './ratings.ts';

/** Ratings from a table with one row per unit and one column per rater; null where a rater gave nothing. */
export function ratingsTable(
  rows: readonly (readonly (number | null)[])[],
  { scale }: { readonly scale?: readonly number[] } = {},
): Ratings {
  const given = rows.map((row) => row.flatMap((value, rater) => (value === null ? [] : [{ rater, value }])));
  const entries = given.flat();
  const points = [...new Set(scale ?? entries.map(({ value }) => value))].sort((a, b) => a - b);
  const starts = new Uint32Array(rows.length + 1);
  for (const [u, row] of given.entries()) starts[u + 1] = starts[u]! + row.length;
  return {
    units: rows.length,
    raters: Math.max(0, ...rows.map((row) => row.length)),
    scale: Float64Array.from(points),
    starts,
    rater: Uint32Array.from(entries, ({ rater }) => rater),
    code: Uint32Array.from(entries, ({ value }) => points.indexOf(value)),
  };
}

/** The tally of a table of counts with one row per unit and one column per category, as Fleiss gives his data. */
export const tallyCounts = (counts: readonly (readonly number[])[]): Tally =>
  tallyUnits(
    counts.map((row) => row.flatMap((count, category) => new Array<number>(count).fill(category))),
    { scale: counts[0]!.map((_, category) => category) },
  );

/** Ratings to half steps by some of the raters, whose biases add up to zero and whose noise differs; and the true values. */
export function simulatedRatings(
  rng: Rng,
  {
    units,
    raters,
    perUnit,
    spread,
  }: { readonly units: number; readonly raters: number; readonly perUnit: number; readonly spread: number },
): { table: RatingTable; truth: number[]; bias: number[]; noise: number[] } {
  const drawn = Array.from({ length: raters }, () => spread * rng.normal());
  const centre = drawn.reduce((a, b) => a + b, 0) / raters;
  const bias = drawn.map((b) => b - centre);
  const noise = Array.from({ length: raters }, () => 0.1 + 0.3 * Math.exp(0.6 * rng.normal()));
  const truth = Array.from({ length: units }, () => 3 + rng.normal());
  const [rater, value]: [number[], number[]] = [[], []];
  for (const worth of truth) {
    const order = shuffled(
      Array.from({ length: raters }, (_, r) => r),
      rng.uniform,
    );
    for (const r of order.slice(0, perUnit)) {
      rater.push(r);
      value.push(Math.round(2 * (worth + bias[r]! + noise[r]! * rng.normal())) / 2);
    }
  }
  const starts = Array.from({ length: units + 1 }, (_, u) => u * perUnit);
  return { table: { units, raters, starts, rater, value }, truth, bias, noise };
}
