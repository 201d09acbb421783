import { FACTS, type HarbourPrompt, type ReplyFeatures } from '../world/index.ts';
import { ALL_SLOTS, slotValues } from './feature-reward.ts';

/** A family of linear rewards on the harbour: what a reply is to the reward. */
export interface RewardFamily {
  readonly size: number;
  features(prompt: HarbourPrompt, reply: ReplyFeatures): Float64Array;
}

const TRAINED = FACTS.filter((fact) => fact.split === 'train');
const FACT_AT = new Map(TRAINED.map((fact, i) => [fact.id, 3 * i]));
const STYLE = ALL_SLOTS.filter((slot) => slot !== 'right');

/**
 * `slots`: a few features, truth among them; a few dozen answers teach it all. `facts`: the reward is not told which value
 * of a fact is true and has to learn it fact by fact, so what was asked about decides what it can know.
 */
export const REWARD_FAMILIES = {
  slots: {
    size: ALL_SLOTS.length,
    features: (prompt, reply) => Float64Array.from(slotValues(prompt, reply, ALL_SLOTS)),
  },
  facts: {
    size: 3 * TRAINED.length + STYLE.length,
    features(prompt, reply) {
      const features = new Float64Array(3 * TRAINED.length + STYLE.length);
      const at = FACT_AT.get(prompt.fact.id);
      if (at !== undefined && !reply.refusal) features[at + reply.value] = 1;
      features.set(slotValues(prompt, reply, STYLE), 3 * TRAINED.length);
      return features;
    },
  },
} as const satisfies Record<string, RewardFamily>;
export type RewardFamilyId = keyof typeof REWARD_FAMILIES;
