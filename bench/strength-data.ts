import { createRng, type RatedComparisons } from '../src/stats/index.ts';

/**
 * Comparisons from a seed: a fifth as many contestants, a fiftieth as many raters, standard normal strengths, pairs at
 * random. `connected` makes the first of them a ring in which each contestant beats the next, so that a maximum of the
 * likelihood exists; without it some contestants never win or never lose, as happens.
 */
export function generateComparisons(comparisons: number, { connected }: { connected: boolean }): RatedComparisons {
  const contestants = comparisons / 5;
  const raters = Math.max(5, comparisons / 50);
  const rng = createRng(`strength ${comparisons} ${connected}`);
  const truth = Float64Array.from({ length: contestants }, () => rng.normal());
  const data = {
    contestants,
    raters,
    first: new Int32Array(comparisons),
    second: new Int32Array(comparisons),
    firstWins: new Float64Array(comparisons),
    secondWins: new Float64Array(comparisons),
    rater: new Int32Array(comparisons),
  };
  for (let e = 0; e < comparisons; e++) {
    const ring = connected && e < contestants;
    const a = ring ? e : rng.integer(contestants);
    const b = ring ? (e + 1) % contestants : (a + 1 + rng.integer(contestants - 1)) % contestants;
    const won = ring || rng.uniform() < 1 / (1 + Math.exp(truth[b]! - truth[a]!));
    data.first[e] = a;
    data.second[e] = b;
    data.firstWins[e] = Number(won);
    data.secondWins[e] = Number(!won);
    data.rater[e] = rng.integer(raters);
  }
  return data;
}
