import type { Rng } from '../../stats/index.ts';
import { mutualInformation } from './acquisition.ts';
import { greedily, highest } from './greedy.ts';
import type { Selection, SelectionInput } from './rule.ts';

/** Squared distance of two questions; a question and its mirror image (replies swapped) are one. */
function questionDistance(x: Float64Array, y: Float64Array): number {
  let [plus, minus] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    plus += (x[i]! + y[i]!) ** 2;
    minus += (x[i]! - y[i]!) ** 2;
  }
  return Math.min(plus, minus);
}

/** Farthest first from all that was asked or taken, and from the question about nothing (replies with equal features). */
export function farthestFirst({ candidates, asked = [] }: SelectionInput, count: number, rng: Rng): Selection {
  const vectors = candidates.map(({ features }) => features);
  const nothing = new Float64Array(vectors[0]?.length ?? 0);
  const scores = Float64Array.from(vectors, (x) =>
    [nothing, ...asked].reduce((least, y) => Math.min(least, questionDistance(x, y)), Number.POSITIVE_INFINITY),
  );
  return greedily(scores, count, rng, (index) => {
    for (const [i, x] of vectors.entries()) scores[i] = Math.min(scores[i]!, questionDistance(x, vectors[index]!));
  });
}

/** Of thrice as many as wanted with the highest disagreement, those farthest from each other. */
export function spreadDisagreement(input: SelectionInput, count: number, rng: Rng): Selection {
  const scores = input.candidates.map(({ predictions }) => mutualInformation(predictions));
  const shortlist = highest(scores, 3 * count, rng);
  const candidates = shortlist.map((i) => input.candidates[i]!);
  const { order } = farthestFirst({ ...input, candidates }, count, rng);
  return { order: order.map((i) => shortlist[i]!), scores };
}
