import { dot, type Rng } from '../../stats/index.ts';
import { mutualInformation } from './acquisition.ts';
import { greedily, highest } from './greedy.ts';
import type { Selection, SelectionInput } from './rule.ts';

/** Farthest first from all that was asked or taken, and from the question about nothing (replies with equal features). */
export function farthestFirst({ candidates, asked = [] }: SelectionInput, count: number, rng: Rng): Selection {
  const vectors = candidates.map(({ features }) => features);
  const norms = vectors.map((x) => dot(x, x));
  const scores = Float64Array.from(norms);
  /** Squared distance of questions: one and its mirror image (replies swapped) are the same, hence |x·y|. */
  const keepAway = (y: Float64Array) => {
    const norm = dot(y, y);
    for (const [i, x] of vectors.entries()) {
      scores[i] = Math.min(scores[i]!, Math.max(0, norms[i]! + norm - 2 * Math.abs(dot(x, y))));
    }
  };
  for (const y of asked) keepAway(y);
  return greedily(scores, count, rng, (index) => keepAway(vectors[index]!));
}

/** Of thrice as many as wanted with the highest disagreement, those farthest from each other. */
export function spreadDisagreement(input: SelectionInput, count: number, rng: Rng): Selection {
  const scores = input.candidates.map(({ predictions }) => mutualInformation(predictions));
  const shortlist = highest(scores, 3 * count, rng);
  const candidates = shortlist.map((i) => input.candidates[i]!);
  const { order } = farthestFirst({ ...input, candidates }, count, rng);
  return { order: order.map((i) => shortlist[i]!), scores };
}
