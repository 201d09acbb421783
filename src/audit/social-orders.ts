import { mean, sigmoid } from '../stats/index.ts';

/** What an alternative is worth to each of some groups, or in each of some states of the world that nobody recorded. */
export type Worth = readonly number[];

const weighted = (values: readonly number[], shares: readonly number[]): number =>
  values.reduce((sum, v, g) => sum + shares[g]! * v, 0);

/**
 * Two orders of alternatives that differ where people do: by mean worth, and by Borda's count, the share of comparisons won
 * against all (ties count half), which is what a Bradley–Terry reward is fitted to in the limit when every two are compared.
 * `independent`: each side of a comparison has a state of its own; else both are seen by one person (Siththaranjan, Laidlaw and
 * Hadfield-Menell 2023, §3).
 */
export function meanAndBorda(
  alternatives: readonly Worth[],
  shares: readonly number[],
  { independent }: { readonly independent: boolean },
): { readonly means: number[]; readonly borda: number[] } {
  const won = (a: number, b: number) => (a === b ? 0.5 : Number(a > b));
  const against = (one: Worth, other: Worth): number =>
    weighted(
      one.map((a, g) =>
        independent
          ? weighted(
              other.map((b) => won(a, b)),
              shares,
            )
          : won(a, other[g]!),
      ),
      shares,
    );
  return {
    means: alternatives.map((worth) => weighted(worth, shares)),
    borda: alternatives.map((one) => mean(alternatives.map((other) => against(one, other)))),
  };
}

/**
 * Share of the variance of worth that one number for all can explain: the variance of means over that and the mean variance
 * between groups. Worth is taken around the mean of each group, since a reward is known only up to a constant.
 */
export function explainedShare(alternatives: readonly Worth[], shares: readonly number[]): number {
  const means = alternatives.map((worth) => weighted(worth, shares));
  const middle = mean(means);
  const between = mean(means.map((v) => (v - middle) ** 2));
  const within = mean(
    alternatives.map((worth, i) =>
      weighted(
        worth.map((v) => (v - means[i]!) ** 2),
        shares,
      ),
    ),
  );
  return between / (between + within);
}

/** Whether most would choose the first of two, and whether it is worth more on the whole; differences of worth by group. */
export function twoOrders(
  differences: Worth,
  shares: readonly number[],
): { readonly votes: number; readonly worth: number } {
  return { votes: weighted(differences.map(sigmoid), shares) - 0.5, worth: weighted(differences, shares) };
}
