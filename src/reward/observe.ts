import { z } from 'zod';
import {
  answerProblem,
  currentJudgments,
  type Item,
  type Judgment,
  type PreferencePair,
  purposeOf,
} from '../feedback/index.ts';
import { mean, type Rng } from '../stats/index.ts';
import { LIKELIHOODS } from './likelihood/index.ts';
import type { Observation } from './observation.ts';

/** What of an answer beside its outcome is read. */
export const readingSchema = z.strictObject({
  /**
   * How much better the preferred reply was said to be: not read; by how many log-odds it must lead (`margin`); or which band the
   * difference fell into (`graded`, of two replies), the bands fitted along, with one for ties (Rao and Kupper 1967). Graded
   * teaches most where raters mean what they say and harms most where they do not.
   */
  strength: z.enum(['ignore', 'margin', 'graded']).default('ignore'),
  /** How sure the rater was: not read, or how much the answer counts, relative to the mean of those who said it. */
  confidence: z.enum(['ignore', 'weight']).default('ignore'),
});
export type Reading = z.infer<typeof readingSchema>;

/** Judgments as reward models read them, and what could not be used, counted by reason and never dropped silently. */
export interface Observed {
  readonly observations: Observation[];
  readonly unscored: Readonly<Record<string, number>>;
}

function observed(judgment: Judgment, item: Item | undefined): Observation[] | string {
  if (item === undefined) return 'unknown-item';
  const purpose = purposeOf(judgment);
  if (purpose !== 'work') return `purpose-${purpose}`;
  const likelihood = LIKELIHOODS[judgment.answer.kind];
  if ('unfitted' in likelihood) return `kind-${judgment.answer.kind}`;
  return answerProblem(judgment.answer, item) === undefined ? likelihood.observe(item, judgment) : 'does-not-fit-item';
}

/**
 * Observations of all current judgments of work items, of every kind that has a likelihood. With `confidence: weight` an answer
 * counts as its confidence over the mean confidence of those that state one, so that the sum stays a number of judgments; one
 * without it counts as one.
 */
export function observe(
  items: readonly Item[],
  judgments: readonly Judgment[],
  reading: Partial<Reading> = {},
): Observed {
  const { strength = 'ignore', confidence = 'ignore' } = reading;
  const byId = new Map(items.map((item) => [item.id, item]));
  const observations: Observation[] = [];
  const unscored = new Map<string, number>();
  const current = currentJudgments(judgments);
  const stated = current.flatMap((judgment) => judgment.confidence ?? []);
  const typical = confidence === 'weight' && stated.length > 0 ? mean(stated) : 0;
  for (const judgment of current) {
    const found = observed(judgment, byId.get(judgment.itemId));
    if (typeof found === 'string') {
      unscored.set(found, (unscored.get(found) ?? 0) + 1);
      continue;
    }
    const factor = typical > 0 && judgment.confidence !== undefined ? judgment.confidence / typical : 1;
    const read = strength === 'ignore' ? {} : { strength };
    for (const observation of found)
      observations.push({ ...observation, ...read, weight: observation.weight * factor });
  }
  return { observations, unscored: Object.fromEntries(unscored) };
}

/** A pair as the comparison it is; a target between the two is one of each, weighted. */
export function observePair(pair: PreferencePair): Observation<'comparison'>[] {
  const { prompt, first, second, target, weight, firstShownFirst, judgmentId, itemId, raterId, strata } = pair;
  const shown = firstShownFirst === null ? [null, null] : firstShownFirst ? [0, 1] : [1, 0];
  const candidates = [
    { prompt, reply: first },
    { prompt, reply: second },
  ];
  const as = (outcome: 0 | 1 | 'tie', share: number): Observation<'comparison'>[] =>
    share === 0
      ? []
      : [
          {
            kind: 'comparison',
            candidates,
            answer: { kind: 'comparison', outcome },
            shown,
            weight: weight * share,
            judgmentId,
            itemId,
            raterId,
            strata,
          },
        ];
  return target === 0.5 ? as('tie', 1) : [...as(0, target), ...as(1, 1 - target)];
}

/**
 * Observations for one member of an ensemble: items drawn with replacement, all judgments of an item together. An item drawn
 * twice is there once and counts double, so that a network reads it once.
 */
export function resampleItems(observations: readonly Observation[], rng: Rng): Observation[] {
  const items = [...new Set(observations.map(({ itemId }) => itemId))];
  const drawn = new Map<string, number>();
  for (const _ of items) {
    const item = items[rng.integer(items.length)]!;
    drawn.set(item, (drawn.get(item) ?? 0) + 1);
  }
  return observations.flatMap((own) => {
    const times = drawn.get(own.itemId);
    return times === undefined ? [] : [{ ...own, weight: own.weight * times }];
  });
}
