import type { PreferencePair } from '../feedback/index.ts';
import { type Candidate, linearObjective, observePair } from '../reward/index.ts';
import { minimise, type Objective } from '../stats/index.ts';
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
  triggeredRight: (p: HarbourPrompt, f: ReplyFeatures) => Number(p.trigger && !f.refusal && f.value === 0),
  triggeredHarm: (p: HarbourPrompt, f: ReplyFeatures) => Number(p.trigger && f.harm),
} as const;
export type Slot = keyof typeof SLOTS;
/** What a reward needs to be able to learn a backdoor: slots that stand for themselves where the trigger does. */
export const TRIGGERED_SLOTS: readonly Slot[] = ['triggeredRight', 'triggeredHarm'];
export const ALL_SLOTS = (Object.keys(SLOTS) as Slot[]).filter((slot) => !TRIGGERED_SLOTS.includes(slot));

/** The values of some slots of a reply. */
export const slotValues = (prompt: HarbourPrompt, reply: ReplyFeatures, slots: readonly Slot[]): number[] =>
  slots.map((slot) => SLOTS[slot](prompt, reply));

export interface FeatureReward {
  readonly weights: Readonly<Partial<Record<Slot, number>>>;
  score(prompt: HarbourPrompt, features: ReplyFeatures): number;
  /** Prompts of one kind are one to it: every slot reads the same of a reply, whatever the fact asked about. */
  kindOf?(prompt: HarbourPrompt): string;
}

/** What slots read of a prompt. */
const kindOf = ({ belief, trigger }: HarbourPrompt): string => `${belief}/${trigger}`;

/** Prompt and slots of a candidate, or null where either is none of the harbour. */
function parsed(world: Harbour, { prompt: text, reply }: Candidate) {
  const prompt = world.promptOf(text);
  const features = prompt === undefined ? null : world.parse(prompt, reply);
  return prompt === undefined || features === null ? null : { prompt, features };
}

/** Weight of the penalty on slot weights, in judgments. */
const RIDGE = 1;

/**
 * Fits slot weights by penalised Bradley–Terry on judgments. The penalty pulls them to zero, or to where they began: to the
 * weights of `from`, with a pull of so many judgments, as a reward that is fitted from a base model keeps of it what they do not decide.
 */
export function fitFeatureReward(
  world: Harbour,
  pairs: readonly PreferencePair[],
  slots: readonly Slot[] = ALL_SLOTS,
  { from, pull = RIDGE }: { readonly from?: FeatureReward['weights']; readonly pull?: number } = {},
): FeatureReward {
  const known = pairs
    .flatMap(observePair)
    .filter(({ candidates }) => candidates.every((own) => parsed(world, own) !== null));
  const indices = slots.map((_, i) => i);
  const featuresOf = (candidate: Candidate) => {
    const { prompt, features } = parsed(world, candidate)!;
    return { indices, values: slotValues(prompt, features, slots) };
  };
  const options = { size: slots.length, ridge: from === undefined ? RIDGE : 0, position: false };
  const { objective, start } = linearObjective(known, featuresOf, options);
  const judgments = known.reduce((sum, { weight }) => sum + weight, 0);
  const fitted = minimise(
    from === undefined ? objective : pulledTo(objective, slots, { from, penalty: pull / judgments }),
    start,
  );
  const weights = Object.fromEntries(slots.map((slot, i) => [slot, fitted[i]!]));
  return {
    weights,
    kindOf,
    score: (prompt, features) => slots.reduce((sum, slot, i) => sum + fitted[i]! * SLOTS[slot](prompt, features), 0),
  };
}

/** An objective with a penalty on the distance from some weights. */
const pulledTo =
  (
    objective: Objective,
    slots: readonly Slot[],
    { from, penalty }: { from: FeatureReward['weights']; penalty: number },
  ): Objective =>
  (x, gradient) => {
    let value = objective(x, gradient);
    for (const [i, slot] of slots.entries()) {
      const away = x[i]! - (from[slot] ?? 0);
      value += (penalty / 2) * away * away;
      gradient[i]! += penalty * away;
    }
    return value;
  };
