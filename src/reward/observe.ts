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
import { type Reading, type ReadingContext, readingContext } from './reading.ts';

/** Judgments as reward models read them, and what could not be used, counted by reason and never dropped silently. */
export interface Observed {
  readonly observations: Observation[];
  readonly unscored: Readonly<Record<string, number>>;
}

function observed(judgment: Judgment, item: Item | undefined, context: ReadingContext): Observation[] | string {
  if (item === undefined) return 'unknown-item';
  const purpose = purposeOf(judgment);
  if (purpose !== 'work') return `purpose-${purpose}`;
  if (answerProblem(judgment.answer, item) !== undefined) return 'does-not-fit-item';
  return LIKELIHOODS[judgment.answer.kind].observe(item, judgment, context);
}

/**
 * Observations of all current judgments of work items, of every kind that is read. With `confidence: weight` an answer
 * counts as its confidence over the mean confidence of those that state one, so that the sum stays a number of judgments; one
 * without it counts as one.
 */
export function observe(
  items: readonly Item[],
  judgments: readonly Judgment[],
  reading: Partial<Reading> = {},
): Observed {
  const { strength = 'ignore', ties = 'davidson', confidence = 'ignore', kinds } = reading;
  const byId = new Map(items.map((item) => [item.id, item]));
  const observations: Observation[] = [];
  const unscored = new Map<string, number>();
  const current = currentJudgments(judgments);
  const context = readingContext(items, current, reading);
  const stated = current.flatMap((judgment) => judgment.confidence ?? []);
  const typical = confidence === 'weight' && stated.length > 0 ? mean(stated) : 0;
  for (const judgment of current) {
    const read = kinds?.includes(judgment.answer.kind) ?? true;
    const found = read ? observed(judgment, byId.get(judgment.itemId), context) : `not-read-${judgment.answer.kind}`;
    if (typeof found === 'string') {
      unscored.set(found, (unscored.get(found) ?? 0) + 1);
      continue;
    }
    const factor = typical > 0 && judgment.confidence !== undefined ? judgment.confidence / typical : 1;
    for (const observation of found)
      observations.push({
        ...observation,
        ...(strength !== 'ignore' && { strength }),
        ...(ties === 'davidson' && { ties }),
        weight: observation.weight * factor,
      });
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
