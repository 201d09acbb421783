import { createRng } from './random.ts';
import { type Ranking, strictRanking } from './rankings.ts';

/**
 * A season of races like those of stock cars: `field` of `drivers` start in each, some in every race and some in one or
 * two, and finish in the order of a Plackett–Luce draw. The same seed gives the same season.
 */
export function simulatedRaces(
  seed: number,
  {
    drivers = 83,
    races = 36,
    field = 43,
    spread = 1,
  }: { drivers?: number; races?: number; field?: number; spread?: number } = {},
): { readonly rankings: Ranking[]; readonly worth: Float64Array } {
  const rng = createRng(`races/${seed}`);
  const worth = Float64Array.from({ length: drivers }, (_, i) => spread * rng.normal() - (i > field ? 1 : 0));
  const gumbel = () => -Math.log(-Math.log(1 - rng.uniform() * (1 - 1e-12)) + 1e-300);
  const pick = (count: number, score: (i: number) => number) =>
    Array.from({ length: drivers }, (_, i) => [i, score(i)] as const)
      .sort((a, b) => b[1] - a[1])
      .slice(0, count)
      .map(([i]) => i);
  const rankings = Array.from({ length: races }, () => {
    const starters = new Set(pick(field, (i) => -0.05 * i + gumbel()));
    return strictRanking(
      pick(drivers, (i) => (starters.has(i) ? worth[i]! + gumbel() : Number.NEGATIVE_INFINITY)).slice(0, field),
    );
  });
  return { rankings, worth };
}
