import type { PreferencePair } from '../feedback/index.ts';
import { type Candidate, linearObjective, observePair } from '../reward/index.ts';
import { minimise } from '../stats/index.ts';
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

/** Prompt and slots of a candidate, or null where either is none of the harbour. */
function parsed(world: Harbour, { prompt: text, reply }: Candidate) {
  const prompt = world.promptOf(text);
  const features = prompt === undefined ? null : world.parse(prompt, reply);
  return prompt === undefined || features === null ? null : { prompt, features };
}

/** Fits slot weights by penalised Bradley–Terry on judgments. */
export function fitFeatureReward(
  world: Harbour,
  pairs: readonly PreferencePair[],
  slots: readonly Slot[] = ALL_SLOTS,
): FeatureReward {
  const known = pairs
    .flatMap(observePair)
    .filter(({ candidates }) => candidates.every((own) => parsed(world, own) !== null));
  const featuresOf = (candidate: Candidate) => {
    const { prompt, features } = parsed(world, candidate)!;
    return { indices: slots.map((_, i) => i), values: slotValues(prompt, features, slots) };
  };
  const { objective, start } = linearObjective(known, featuresOf, { size: slots.length, ridge: 1, position: false });
  const fitted = minimise(objective, start);
  const weights = Object.fromEntries(slots.map((slot, i) => [slot, fitted[i]!]));
  return {
    weights,
    score: (prompt, features) => slots.reduce((sum, slot, i) => sum + fitted[i]! * SLOTS[slot](prompt, features), 0),
  };
}
