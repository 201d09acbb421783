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
