import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../stats/index.ts';
import {
  collectJudgments,
  currentJudgments,
  type Item,
  type Judgment,
  judgmentSchema,
  present,
  type Rater,
  toPairs,
} from './index.ts';

const makeItem = (i: number, gold?: 0 | 1): Item => ({
  id: `item${i}`,
  projectId: 'p',
  prompt: `question ${i}`,
  replies: [
    { id: `${i}a`, text: 'short' },
    { id: `${i}b`, text: 'rather longer' },
  ],
  source: { origin: 'test', selection: 'all' },
  ...(gold !== undefined && { gold }),
});
/** Right with a probability; picks what stands first with another. */
const rater = (id: string, accuracy: number, first = 0, ms = 9000): Rater => ({
  id,
  kind: 'simulated',
  judge(item, { order }, uniform) {
    const right = uniform() < accuracy ? (item.gold as number) : 1 - (item.gold as number);
    return { answer: { kind: 'comparison', outcome: uniform() < first ? order[0]! : right }, activeMs: ms };
  },
});
async function collect(raters: Rater[], count: number, overlap: number, seed = 1): Promise<[Item[], Judgment[]]> {
  const rng = createRng(seed);
  const items = Array.from({ length: count }, (_, i) => makeItem(i, rng.integer(2) as 0 | 1));
  const judgments: Judgment[] = [];
  for await (const j of collectJudgments({ items, raters, overlap, rng, now: () => '2026-01-01T00:00:00Z' }))
    judgments.push(j);
  return [items, judgments];
}

describe('presentation and collection', () => {
  it('shows every reply in every place equally often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (k, start) => {
        const item = { ...makeItem(0), replies: Array.from({ length: k }, (_, i) => ({ id: `${i}`, text: '' })) };
        const options = { view: 'full', instructionsVersion: '1', shownAt: '', start };
        const orders = Array.from({ length: 2 * k }, (_, earlier) => present(item, { ...options, earlier }).order);
        for (let place = 0; place < k; place++) {
          const counts = new Map<number, number>();
          for (const order of orders) counts.set(order[place]!, (counts.get(order[place]!) ?? 0) + 1);
          expect([...counts.values()]).toEqual(new Array(k).fill(2));
        }
      }),
    );
  });
  it('gives each item its overlap of different raters, equal loads, valid records, and repeats with the seed', async () => {
    const raters = Array.from({ length: 5 }, (_, i) => rater(`r${i}`, 0.8));
    const [items, judgments] = await collect(raters, 40, 3);
    for (const judgment of judgments) expect(judgmentSchema.parse(judgment)).toEqual(judgment);
    for (const item of items) {
      expect(new Set(judgments.filter((j) => j.itemId === item.id).map((j) => j.raterId)).size).toBe(3);
    }
    for (const { id } of raters) expect(judgments.filter((j) => j.raterId === id).length).toBe(24);
    expect((await collect(raters, 40, 3))[1]).toEqual(judgments);
  });
  it('a superseding record replaces, and nothing is lost', async () => {
    const [items, judgments] = await collect([rater('r', 1)], 3, 1);
    const undo: Judgment = {
      ...judgments[0]!,
      id: 'new',
      answer: { kind: 'comparison', outcome: 'tie' },
      supersedes: judgments[0]!.id,
    };
    const history = [...judgments, undo];
    expect(history.length).toBe(4);
    expect(currentJudgments(history).map((j) => j.id)).toEqual([judgments[1]!.id, judgments[2]!.id, 'new']);
    expect(toPairs(items, history).pairs.find((p) => p.judgmentId === 'new')?.target).toBe(0.5);
  });
  it('counts what carries no preference instead of dropping it', async () => {
    const [items, judgments] = await collect([rater('r', 1)], 3, 1);
    const odd = judgments.map(
      (j, i): Judgment => (i === 0 ? { ...j, answer: { kind: 'comparison', outcome: 'cant-judge' } } : j),
    );
    expect(toPairs(items, odd).unscored).toEqual({ 'cant-judge': 1 });
  });
});
