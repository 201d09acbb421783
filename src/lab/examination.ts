import type { Item } from '../feedback/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { bestOfNExact, expectation } from '../world/index.ts';
import { baseItems } from './base-items.ts';
import { HARBOUR } from './harbour.ts';
import type { RewardFamily } from './pair-features.ts';

/** What a linear reward on the harbour is worth by true utility, exact but for the fixed draw of pairs and prompts. */
export interface Examination {
  /** Share of decided test pairs that the reward orders as true utility does; ½ where it does not decide. */
  accuracy(weights: Float64Array): number;
  /** True utility lost by taking the best of n replies by the reward and not by true utility, mean over prompts. */
  regret(weights: Float64Array): number;
}

/** Features of the first reply of a harbour comparison less those of the second. */
export function questionFeatures(family: RewardFamily, item: Pick<Item, 'prompt' | 'replies'>): Float64Array {
  const prompt = HARBOUR.promptOf(item.prompt)!;
  const [first, second] = item.replies.map(({ text }) => family.features(prompt, HARBOUR.parse(prompt, text)!));
  return first!.map((v, i) => v - second![i]!);
}

/** The examination of a family: the same pairs and prompts whoever is examined. */
export async function examine(
  family: RewardFamily,
  { pairs = 1500, prompts = 24, bestOf = 16 }: { pairs?: number; prompts?: number; bestOf?: number } = {},
): Promise<Examination> {
  const rng = createRng('lab/examination');
  const items = await baseItems(HARBOUR, { count: pairs, rng, projectId: 'examination' });
  const test = items
    .filter(({ gold }) => gold !== 'tie')
    .map((item) => ({ features: sparse(questionFeatures(family, item)), sign: item.gold === 0 ? 1 : -1 }));
  const spaces = rng
    .shuffle(HARBOUR.prompts('train'))
    .slice(0, prompts)
    .map((prompt) => {
      const replies = HARBOUR.replies(prompt);
      return {
        base: replies.map((reply) => reply.logprob),
        gold: replies.map((reply) => reply.gold),
        features: replies.map((reply) => sparse(family.features(prompt, reply.features))),
      };
    });
  const goldOfBest = (rewards: (space: (typeof spaces)[number]) => readonly number[]) =>
    mean(spaces.map((space) => expectation(bestOfNExact(space.base, rewards(space), bestOf), space.gold)));
  const most = goldOfBest((space) => space.gold);
  return {
    accuracy: (weights) =>
      mean(
        test.map(({ features, sign }) => {
          const d = sign * score(features, weights);
          return d === 0 ? 0.5 : Number(d > 0);
        }),
      ),
    regret: (weights) => most - goldOfBest((space) => space.features.map((features) => score(features, weights))),
  };
}

type Sparse = readonly (readonly [index: number, value: number])[];
const sparse = (features: Float64Array): Sparse => [...features].flatMap((v, i) => (v === 0 ? [] : [[i, v] as const]));
const score = (features: Sparse, weights: Float64Array): number => {
  let sum = 0;
  for (const [i, v] of features) sum += v * weights[i]!;
  return sum;
};
