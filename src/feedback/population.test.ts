import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ITEM, judgmentOf } from './arbitrary.fake.ts';
import { type Judgment, type RaterProfile, raterWeights, toPairs, weightPairs } from './index.ts';

const person = (id: string, demographics: Record<string, string>, consented = true): RaterProfile => ({
  id,
  kind: 'human',
  demographics,
  ...(consented && { consent: { version: '1', at: '2026-01-01' } }),
});
const judge = (raterId: string, n: number, rest: Partial<Judgment> = {}): Judgment[] =>
  Array.from({ length: n }, (_, i) =>
    judgmentOf(`${raterId}/${i}`, raterId, { kind: 'comparison', outcome: i % 3 }, { itemId: `i${i}`, ...rest }),
  );
const found = (result: ReturnType<typeof raterWeights>) => {
  if ('undefined' in result) throw new Error(result.undefined);
  return result;
};

describe('weights of raters', () => {
  it('give the judgments the shares of the population, in every attribute, and mean 1', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 4, maxLength: 4 });
    const share = fc.integer({ min: 1, max: 9 }).map((k) => k / 10);
    fc.assert(
      fc.property(counts, share, share, (loads, old, north) => {
        // Every combination is there, so that both margins can be met.
        const people = loads.map((_, i) =>
          person(`r${i}`, { age: i < 2 ? 'old' : 'young', home: i % 2 === 0 ? 'north' : 'south' }),
        );
        const judgments = people.flatMap(({ id }, i) => judge(id, loads[i]!));
        const targets = { age: { old, young: 1 - old }, home: { north, south: 1 - north } };
        const { weights, gap } = found(raterWeights(judgments, people, { targets }));
        const total = (member: (i: number) => boolean) =>
          people.reduce((sum, { id }, i) => sum + (member(i) ? weights.get(id)! * loads[i]! : 0), 0) / judgments.length;
        expect(total(() => true)).toBeCloseTo(1, 9);
        expect(total((i) => i < 2)).toBeCloseTo(old, 6);
        expect(total((i) => i % 2 === 0)).toBeCloseTo(north, 6);
        expect(gap).toBeLessThan(1e-8);
      }),
      { numRuns: 40 },
    );
  });
  const people = [person('a', { age: 'old' }), person('b', { age: 'young' }), person('c', { age: 'young' }, false)];
  const targets = { age: { old: 0.5, young: 0.5 } };
  it('go by what a group judged, not by how many its people are, and tell the price', () => {
    const { weights, designEffect, effectiveJudgments } = found(
      raterWeights([...judge('a', 2), ...judge('b', 6)], people, { targets }),
    );
    expect(weights.get('a')).toBeCloseTo(2, 9);
    expect(weights.get('b')).toBeCloseTo(2 / 3, 9);
    // Kish: 8·(2·4 + 6·4/9) / 64.
    expect(designEffect).toBeCloseTo((8 * (2 * 4 + 6 * (4 / 9))) / 64, 9);
    expect(effectiveJudgments).toBeCloseTo(8 / designEffect, 9);
  });
  it('use nothing that was said without consent', () => {
    const { weights, notSaid } = found(
      raterWeights([...judge('a', 2), ...judge('b', 6), ...judge('c', 4)], people, { targets }),
    );
    expect(notSaid).toEqual({ age: 4 });
    expect(weights.get('c')).toBeCloseTo(1, 9);
    const silent = raterWeights(judge('c', 4), people, { targets });
    expect(silent).toEqual({ undefined: expect.stringContaining('nobody is age "old"') });
  });
  it('see only the work that stands', () => {
    const gold = judge('b', 5, { presentation: { ...judge('b', 1)[0]!.presentation, purpose: 'gold' } });
    const replaced = judge('b', 1).map((j) => ({ ...j, id: 'again', supersedes: 'b/0' }));
    const all = [...judge('a', 2), ...judge('b', 2), ...gold.map((j) => ({ ...j, id: `gold/${j.id}` })), ...replaced];
    expect(found(raterWeights(all, people, { targets })).judgments).toBe(4);
  });
  it('say why there are none', () => {
    expect(raterWeights(judge('a', 2), people, { targets })).toEqual({
      undefined: expect.stringContaining('nobody is age "young"'),
    });
    expect(raterWeights([...judge('a', 2), ...judge('b', 2)], people, { targets: { age: { old: 1 } } })).toEqual({
      undefined: expect.stringContaining('has no target share'),
    });
  });
  it('may be bounded, which leaves a gap that is told', () => {
    const skewed = [...judge('a', 1), ...judge('b', 19)];
    const { weights, gap } = found(raterWeights(skewed, people, { targets, trim: { high: 3 } }));
    expect(Math.max(...weights.values())).toBeLessThanOrEqual(3 + 1e-9);
    expect(gap).toBeGreaterThan(0.3);
  });
  it('carry over to reward data, and leave a stranger as they were', () => {
    const judgments = ['a', 'x'].map((raterId) => judgmentOf(raterId, raterId, { kind: 'comparison', outcome: 0 }));
    const { pairs } = toPairs([ITEM], judgments);
    const sums = (weights: Map<string, number>) =>
      ['a', 'x'].map((id) =>
        weightPairs(pairs, weights)
          .filter((p) => p.raterId === id)
          .reduce((sum, p) => sum + p.weight, 0),
      );
    expect(sums(new Map([['a', 2.5]]))).toEqual([2.5, 1]);
  });
});
