import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { choicesOf, creditOf, fitWeights, itemFolds, scoreOf } from './choices.ts';
import { textCrowd } from './crowd-texts.fake.ts';

const item = (id: string, texts: readonly string[], rest: Partial<Item> = {}): Item => ({
  ...{ id, projectId: 'p', prompt: 'When does it open?', source: { origin: 'test', selection: 'all' } },
  replies: texts.map((text, k) => ({ id: `${id}/${k}`, text })),
  ...rest,
});
const judgment = (itemId: string, outcome: 0 | 1 | 'tie', order: readonly number[] = [0, 1]): Judgment => ({
  ...{ id: `${itemId}/r`, projectId: 'p', itemId, raterId: 'r', activeMs: null, submittedAt: '', source: 'test' },
  presentation: { order: [...order], view: 'full', instructionsVersion: '1', shownAt: '' },
  answer: { kind: 'comparison', outcome },
});

describe('choices between texts', () => {
  it('turn round with the replies, whoever chose what', () => {
    const texts = ['It opens at six. Come early.', 'It opens at noon!'];
    const items = Array.from({ length: 6 }, (_, i) => item(`i${i}`, texts));
    const turned = items.map(({ id }) => item(id, [...texts].reverse()));
    const votes = items.map(({ id }, i) => judgment(id, i % 2 === 0 ? 0 : 'tie', [1, 0]));
    const [plain, back] = [choicesOf(items, votes), choicesOf(turned, votes)];
    for (const [i, { traits, late, both }] of plain.entries()) {
      expect([...back[i]!.traits]).toEqual([...traits].map((v) => -v || 0));
      expect([...back[i]!.late]).toEqual([...late].map((v) => -v || 0));
      expect([...back[i]!.both]).toEqual([...both]);
    }
    expect(plain.map(({ target }) => target)).toEqual([1, 0.5, 1, 0.5, 1, 0.5]);
    expect(plain.every(({ place }) => place === -1)).toBe(true);
  });
  it('lie late only in what follows the answer proper', () => {
    const items = Array.from({ length: 6 }, (_, i) =>
      item(`i${i}`, ['Great! It does open at six. Silly you.', 'Great! It does open at six.']),
    );
    const [{ traits, late }] = choicesOf(
      items,
      items.map(({ id }) => judgment(id, 0)),
    ) as [ReturnType<typeof choicesOf>[number]];
    expect([...late]).toEqual([...traits]);
    const front = items.map(({ id }) => item(id, ['Silly you. It does open at six.', 'It does open at six.']));
    const [early] = choicesOf(
      front,
      front.map(({ id }) => judgment(id, 0)),
    );
    expect(early!.late.every((v) => v === 0)).toBe(true);
  });
  it('know which reply says the facts, and are found again by a reward', () => {
    const rng = createRng(1);
    const items = Array.from({ length: 80 }, (_, i) => {
      const hours = rng.shuffle(['six', 'nine', 'ten', 'noon']).slice(0, 2);
      return item(
        `i${i}`,
        hours.map((hour) => `It opens at ${hour}.`),
        { facts: [`it opens at ${hours[i % 2]}`] },
      );
    });
    const all = choicesOf(
      items,
      items.map(({ id }, i) => judgment(id, i % 2 === 0 ? 0 : 1)),
    );
    const weights = fitWeights(all, { size: all[0]!.traits.length, ridge: 1 });
    expect(all.every((choice) => creditOf(scoreOf(choice, weights), choice.target) === 1)).toBe(true);
  });
  it('weigh the same whether answers about a pair are counted one by one or together', () => {
    const { items, judgments } = textCrowd(
      createRng(2),
      [
        { id: 'a', worth: { amber: 1 } },
        { id: 'b', worth: {} },
      ],
      {
        items: 60,
        overlap: 2,
      },
    );
    const all = choicesOf(items, judgments);
    const [size, ridge] = [all[0]!.traits.length, 1];
    const apart = all.map((choice) => ({ ...choice, traits: choice.traits.slice() }));
    const [together, single] = [fitWeights(all, { size, ridge }), fitWeights(apart, { size, ridge })];
    for (const [k, w] of together.entries()) expect(w).toBeCloseTo(single[k]!, 8);
  });
  it('of nothing are none; texts of nothing, and ties, decide nothing', () => {
    expect(choicesOf([], [])).toEqual([]);
    expect(choicesOf([item('i', ['', ''])], [judgment('other', 0)])).toEqual([]);
    const [empty] = choicesOf([item('i', ['', ''])], [judgment('i', 'tie')]);
    expect(empty!.traits.every((v) => v === 0)).toBe(true);
    expect(creditOf(0, 1)).toBe(0.5);
  });
  it('are dealt into folds by item', () => {
    const { items, judgments } = textCrowd(
      createRng(2),
      [
        { id: 'a', worth: {} },
        { id: 'b', worth: {} },
      ],
      {
        items: 50,
        overlap: 2,
      },
    );
    const fold = itemFolds(choicesOf(items, judgments), 5, createRng(1));
    for (let f = 0; f < 5; f++) expect([...fold.values()].filter((own) => own === f).length).toBe(10);
  });
});
