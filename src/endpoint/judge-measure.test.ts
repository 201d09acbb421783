import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { type JudgeEstimate, measureJudges } from './judge-measure.ts';

const AT = '2026-01-01T00:00:00Z';
const item = (i: number): Item => ({
  id: `i${i}`,
  projectId: 'p',
  prompt: 'p',
  replies: ['short', 'and longer'].map((text, reply) => ({ id: `i${i}/${reply}`, text })),
  source: { origin: 'test', selection: 'all' },
});
const judgment = (i: number, raterId: string, outcome: number, more: Partial<Judgment>): Judgment => ({
  ...{ id: `i${i}/${raterId}`, projectId: 'p', itemId: `i${i}`, raterId, activeMs: null, submittedAt: AT },
  presentation: { order: [], view: 'full', instructionsVersion: '1', shownAt: AT },
  answer: { kind: 'comparison', outcome },
  source: 'studio',
  ...more,
});
/** What a judge says in each order of a pair: a preference for its first reply. */
const says = (shownFirst: number, shownSecond: number) => ({
  source: 'model',
  metadata: {
    ...{ origin: 'model judge', model: 'm', prompt: 'v1', temperature: '0' },
    asks: JSON.stringify([
      { shown: [0, 1], principle: 'whole', weight: 1, share: shownFirst, by: 'text' },
      { shown: [1, 0], principle: 'whole', weight: 1, share: 1 - shownSecond, by: 'text' },
    ]),
  },
});

/**
 * Counts are few and whole: score intervals hold the truth in .928 of all draws at 40 items and a place that sways a fifth (exact), and 600 draws
 * scatter by a hundredth around that.
 */
const LEAST = 0.91;

describe('intervals of what a judge is worth', () => {
  it.each([
    [20, 0.7, 0.5, 0.2],
    [30, 0.6, 0.4, 0.3],
    [40, 0.8, 0.6, 0.2],
    [60, 0.9, 0.8, 0.1],
  ])(
    'hold the truth as often as they say: %i items, the longer reply %f of the time, people %f, %f swayed by place',
    (n, long, people, place) => {
      const rng = createRng(`${n}`);
      const truth = {
        // Swayed by place in one direction, else of one mind in both orders.
        first: 0.5 + place / 2,
        consistent: 1 - place,
        excess: (1 - place) * long + place / 2 - people,
      };
      const covered = { first: 0, consistent: 0, excess: 0 };
      const draws = 600;
      const holds = (found: JudgeEstimate, value: number) =>
        Number('interval' in found && found.interval.low <= value && value <= found.interval.high);
      const items = Array.from({ length: n }, (_, i) => item(i));
      for (let draw = 0; draw < draws; draw++) {
        const judgments = items.flatMap((_, i) => {
          const swayed = rng.uniform() < place;
          const share = Number(rng.uniform() >= long);
          return [
            judgment(i, 'judge', 0, swayed ? says(1, 0) : says(share, share)),
            judgment(i, 'anna', Number(rng.uniform() < people), {}),
          ];
        });
        const [measure] = measureJudges({ items, judgments, raters: [] });
        covered.first += holds(measure!.position.first, truth.first);
        covered.consistent += holds(measure!.position.consistent, truth.consistent);
        covered.excess += holds(measure!.length.excess, truth.excess);
      }
      for (const [what, k] of Object.entries(covered))
        expect({ what, share: k / draws, isEnough: k / draws >= LEAST }).toMatchObject({ isEnough: true });
    },
  );
});
