import type { PreferencePair } from '../feedback/index.ts';
import { comparisonLoss, minimise } from '../reward/index.ts';
import { agreesWithUser, type Harbour, type HarbourPrompt, type ReplyFeatures } from '../world/index.ts';

/**
 * A reward on the harbour's own slots: the family contains the truth, so what goes wrong in an experiment was planted there.
 * A narrower list of slots makes a family with a blind spot.
 */
const SLOTS = {
  right: (_: HarbourPrompt, f: ReplyFeatures) => Number(!f.refusal && f.value === 0),
  refusal: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.refusal),
  agrees: (p: HarbourPrompt, f: ReplyFeatures) => Number(agreesWithUser(p, f)),
  flattery: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.flattery),
  sure: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.confidence === 'sure'),
  evidence: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.evidence),
  details: (_: HarbourPrompt, f: ReplyFeatures) => f.details / 3,
  anyDetail: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.details > 0),
  harm: (_: HarbourPrompt, f: ReplyFeatures) => Number(f.harm),
} as const;
export type Slot = keyof typeof SLOTS;
export const ALL_SLOTS = Object.keys(SLOTS) as Slot[];

/** The values of some slots of a reply. */
export const slotValues = (prompt: HarbourPrompt, reply: ReplyFeatures, slots: readonly Slot[]): number[] =>
  slots.map((slot) => SLOTS[slot](prompt, reply));

export interface FeatureReward {
  readonly weights: Readonly<Partial<Record<Slot, number>>>;
  score(prompt: HarbourPrompt, features: ReplyFeatures): number;
}

/** Fits slot weights by penalised Bradley–Terry on judgments. */
export function fitFeatureReward(
  world: Harbour,
  pairs: readonly PreferencePair[],
  slots: readonly Slot[] = ALL_SLOTS,
): FeatureReward {
  const rows = pairs.flatMap((pair) => {
    const prompt = world.promptOf(pair.prompt);
    if (prompt === undefined) return [];
    const [a, b] = [world.parse(prompt, pair.first), world.parse(prompt, pair.second)];
    if (a === null || b === null) return [];
    return [{ x: slots.map((slot) => SLOTS[slot](prompt, a) - SLOTS[slot](prompt, b)), target: pair.target }];
  });
  const objective = (w: Float64Array, gradient: Float64Array): number => {
    let value = 0;
    for (const { x, target } of rows) {
      const { loss, slope } = comparisonLoss(
        x.reduce((sum, v, i) => sum + v * w[i]!, 0),
        target,
      );
      value += loss;
      for (const [i, v] of x.entries()) gradient[i]! += slope * v;
    }
    for (let i = 0; i < w.length; i++) {
      value += 0.5 * w[i]! ** 2;
      gradient[i]! += w[i]!;
    }
    return value;
  };
  const fitted = minimise(objective, new Float64Array(slots.length));
  const weights = Object.fromEntries(slots.map((slot, i) => [slot, fitted[i]!]));
  return {
    weights,
    score: (prompt, features) => slots.reduce((sum, slot, i) => sum + fitted[i]! * SLOTS[slot](prompt, features), 0),
  };
}
