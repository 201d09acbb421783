import { describe, expect, it } from 'vitest';
import { createRng } from '../stats/index.ts';
import { comparisonItems, createHarbour, fromBase } from '../world/index.ts';
import { askRatings } from './ask-ratings.ts';
import { configSchema } from './config.ts';

const ground = createHarbour();
const RATERS = { pool: 'empty', raters: { noisy: 3, plain: 2 } };
const feedbackOf = (feedback: object) =>
  configSchema.parse({ name: 't', data: { layout: 'ground', ground: 'harbour' }, base: {}, feedback }).feedback!;
const items = await (async () => {
  const rng = createRng('pairs');
  const replies = fromBase(ground, rng, 3);
  const shared = { ground, rng, replies, projectId: 't', origin: 'base policy' };
  return comparisonItems({ ...shared, prompts: ground.prompts('train'), count: 40 });
})();
const ask = (feedback: object, seed = 1) =>
  askRatings(items, feedbackOf(feedback), { ground, rng: createRng(seed), now: () => '2026-01-01T00:00:00Z' });

describe('ratings of pairs that were compared', () => {
  it('are not asked for unless the configuration says so', async () => {
    expect(await ask(RATERS)).toEqual([]);
  });
  it('are given of a share of the pairs, each by so many raters, as judgments of their own', async () => {
    const judgments = await ask({ ...RATERS, ratings: { share: 0.25, overlap: 2 } });
    expect(judgments.length).toBe(20);
    expect(new Set(judgments.map(({ itemId }) => itemId)).size).toBe(10);
    for (const { id, itemId, raterId, questionId, answer } of judgments) {
      expect([id, questionId]).toEqual([`${itemId}/${raterId}/rating`, 'rating']);
      if (answer.kind !== 'rating') throw new Error(answer.kind);
      expect(answer.values.map(({ reply }) => reply).sort()).toEqual([0, 1]);
      for (const { value } of answer.values) expect([1, 2, 3, 4, 5, 6, 7]).toContain(value);
    }
    expect(await ask({ ...RATERS, ratings: { share: 0.25, overlap: 2 } })).toEqual(judgments);
    expect(await ask({ ...RATERS, ratings: { share: 0.25, overlap: 2 } }, 2)).not.toEqual(judgments);
  });
});
