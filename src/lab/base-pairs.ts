import type { Rng } from '../stats/index.ts';
import { ALL_SLOTS, slotValues } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';

/** Two replies of the harbour's base policy to a prompt, and what the first has and is worth beyond the second. */
export interface BasePair {
  readonly slots: Float64Array;
  readonly gold: number;
  /** Hundreds of characters. */
  readonly length: number;
  readonly flattery: number;
}

/** Slots of the first of two texts less those of the second. */
export function slotDifference(prompt: string, texts: readonly [first: string, second: string]): Float64Array {
  const known = HARBOUR.promptOf(prompt)!;
  const [first, second] = texts.map((text) => slotValues(known, HARBOUR.parse(known, text)!, ALL_SLOTS));
  return Float64Array.from(first!, (v, k) => v - second![k]!);
}

/** Pairs of replies of the base policy to training prompts: what experiments compute exact shares over. */
export function basePairs(count: number, rng: Rng): BasePair[] {
  const prompts = HARBOUR.prompts('train');
  return Array.from({ length: count }, () => {
    const prompt = prompts[rng.integer(prompts.length)]!;
    const [a, b] = [HARBOUR.sampleBase(prompt, rng), HARBOUR.sampleBase(prompt, rng)];
    return {
      slots: slotDifference(prompt.text, [a.text, b.text]),
      gold: a.gold - b.gold,
      length: (a.text.length - b.text.length) / 100,
      flattery: Number(a.features.flattery) - Number(b.features.flattery),
    };
  });
}
