import { z } from 'zod';
import { createRng } from '../../stats/index.ts';
import { type Choice, choicesOf, creditOf, fitWeights, itemFolds, scoreOf } from '../choices.ts';
import { defineEvidence } from './kind.ts';
import type { RunView } from './run-view.ts';

const row = z.strictObject({
  itemId: z.string(),
  raterId: z.string(),
  /** Whether this rater’s other judgments were among those that the reward was trained on. */
  seen: z.boolean(),
  /** 1 where the reward orders the replies as the rater did, 0 where not, ½ where it does not decide. */
  credit: z.number().min(0).max(1),
});
export type RaterCredit = z.infer<typeof row>;

/** Precision of the prior on weights. */
const RIDGE = 2;
const FOLDS = 4;
/** How often raters are divided. */
const DIVISIONS = 2;
const LEAST_RATERS = 4;

/** Raters in two halves of about as many judgments each: the most diligent are dealt first. */
function halves(choices: readonly Choice[], order: readonly string[]): ReadonlyMap<string, 0 | 1> {
  const counts = new Map<string, number>();
  for (const { raterId } of choices) counts.set(raterId, (counts.get(raterId) ?? 0) + 1);
  const half = new Map<string, 0 | 1>();
  const load: [number, number] = [0, 0];
  for (const raterId of [...order].sort((a, b) => counts.get(b)! - counts.get(a)!)) {
    const side = load[0] <= load[1] ? 0 : 1;
    load[side] += counts.get(raterId)!;
    half.set(raterId, side);
  }
  return half;
}

/**
 * Every choice scored by two rewards that did not see its item: one fitted to the half of the raters that its rater is in, one to
 * the other half. Rewards are linear in traits of the texts.
 */
function swapped({ seed, feedback }: RunView): RaterCredit[] | undefined {
  const choices = choicesOf(feedback.items, feedback.judgments);
  const raters = [...new Set(choices.map(({ raterId }) => raterId))];
  if (raters.length < LEAST_RATERS) return undefined;
  const rng = createRng(seed).fork('evidence/rater-credits');
  const size = choices[0]!.traits.length;
  return Array.from({ length: DIVISIONS }, (_, division) => {
    const draw = rng.fork(division);
    const half = halves(choices, draw.shuffle(raters));
    const fold = itemFolds(choices, FOLDS, draw);
    const fitted = Array.from({ length: FOLDS }, (_, f) =>
      ([0, 1] as const).map((side) =>
        fitWeights(
          choices.filter(({ itemId, raterId }) => fold.get(itemId) !== f && half.get(raterId) === side),
          { size, ridge: RIDGE },
        ),
      ),
    );
    return choices.flatMap(({ itemId, raterId, target, ...choice }): RaterCredit[] => {
      if (target === 0.5) return [];
      return ([true, false] as const).map((seen) => {
        const side = seen ? half.get(raterId)! : 1 - half.get(raterId)!;
        const score = scoreOf({ itemId, raterId, target, ...choice }, fitted[fold.get(itemId)!]![side]!);
        return { itemId, raterId, seen, credit: creditOf(score, target) };
      });
    });
  }).flat();
}

/** How well rewards predict raters whom they were trained on, and others (R5). */
export const raterCredits = defineEvidence<RaterCredit>({
  what: 'A held-out judgment and whether a reward orders the replies as the rater did; `seen` says whether the reward was trained on other judgments of this rater. The same judgment may stand under a reward that saw its rater and under one that did not.',
  file: 'evidence/rater-credits.jsonl',
  row,
  example: { itemId: 'item-7', raterId: 'anna', seen: false, credit: 1 },
  offline: true,
  async gather(run) {
    const rows = swapped(run);
    return rows === undefined || rows.length === 0 ? undefined : rows;
  },
});
