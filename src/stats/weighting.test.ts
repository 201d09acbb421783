import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createRng,
  effectiveSize,
  type Interval,
  mean,
  type RakingAttribute,
  type RakingResult,
  rake,
  type WeightedEstimate,
  weightedMean,
  weightedShare,
  wilson,
} from './index.ts';

const { computed } = JSON.parse(readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'));

const done = (result: ReturnType<typeof rake>): RakingResult => {
  if ('undefined' in result) throw new Error(result.undefined);
  return result;
};
const given = (result: WeightedEstimate | { undefined: string }): WeightedEstimate => {
  if ('undefined' in result) throw new Error(result.undefined);
  return result;
};
const shareOf = ({ values }: RakingAttribute, weights: readonly number[], category: string) => {
  const said = values.map((v, i) => (v === null ? 0 : weights[i]!));
  return values.reduce((sum, v, i) => sum + (v === category ? weights[i]! : 0), 0) / said.reduce((a, b) => a + b, 0);
};

describe('raking', () => {
  it('finds the weights nearest to equal ones, as minimising their divergence does', () => {
    const { values, targets, weights, designEffect } = computed.raking;
    const attributes = Object.keys(values).map((name) => ({ name, values: values[name], targets: targets[name] }));
    const result = done(rake(attributes, { tolerance: 1e-12 }));
    for (const [i, w] of weights.entries()) expect(result.weights[i]).toBeCloseTo(w, 6);
    expect(result.designEffect).toBeCloseTo(designEffect, 7);
    expect(result.effectiveN * result.designEffect).toBeCloseTo(result.n, 9);
    expect(mean(result.weights)).toBeCloseTo(1, 12);
    for (const attribute of attributes) {
      for (const [category, target] of Object.entries(attribute.targets as Record<string, number>)) {
        expect(shareOf(attribute, result.weights, category)).toBeCloseTo(target, 9);
      }
    }
    const reversed = done(rake([...attributes].reverse(), { tolerance: 1e-12 }));
    for (const [i, w] of result.weights.entries()) expect(reversed.weights[i]).toBeCloseTo(w, 8);
  });
  it('leaves weights alone where the sample is as wanted, and in attributes a person kept to themselves', () => {
    const sex = { name: 'sex', values: ['f', 'm', 'f', 'm', null], targets: { f: 0.5, m: 0.5 } };
    expect(done(rake([sex])).weights).toEqual([1, 1, 1, 1, 1]);
    const age = { name: 'age', values: ['young', 'young', 'young', 'old', null], targets: { young: 0.5, old: 0.5 } };
    const { weights } = done(rake([age]));
    expect(weights[4]).toBeCloseTo(1, 9);
    expect(weights[3]! / weights[0]!).toBeCloseTo(3, 9);
    expect(done(rake([age], { base: [2, 1, 1, 1, 1] })).weights[0]! / weights[1]!).toBeGreaterThan(1.2);
  });
  it('keeps trimmed weights inside their bounds and says how far the targets are missed', () => {
    const values = [...new Array<string>(95).fill('a'), ...new Array<string>(5).fill('b')];
    const attribute = { name: 'group', values, targets: { a: 0.5, b: 0.5 } };
    expect(done(rake([attribute])).weights.at(-1)).toBeCloseTo(10, 6);
    const trimmed = done(rake([attribute], { trim: { high: 4 } }));
    expect(Math.max(...trimmed.weights)).toBeLessThanOrEqual(4 + 1e-9);
    expect(trimmed.trimmed).toBe(5);
    expect(trimmed.gap).toBeGreaterThan(0.1);
    expect(trimmed.designEffect).toBeLessThan(done(rake([attribute])).designEffect);
    expect(() => rake([attribute], { trim: { high: 0.5 } })).toThrow(/above the mean weight/);
  });
  it('says why there are no weights', () => {
    const group = (values: (string | null)[], targets: Record<string, number>) => ({ name: 'group', values, targets });
    const reason = (attributes: RakingAttribute[]) => {
      const result = rake(attributes);
      return 'undefined' in result ? result.undefined : '';
    };
    expect(reason([])).toMatch(/nobody/);
    expect(reason([group(['a'], { a: 0.5, b: 0.5 })])).toMatch(/nobody is group "b", whose target share is 0.5/);
    expect(reason([group(['a', 'c'], { a: 1 })])).toMatch(/"c" occurs but has no target/);
    expect(reason([group(['a'], { a: 0.7 })])).toMatch(/sum to 0.7, not 1/);
    expect(reason([group(['a', '__proto__'], { a: 1 })])).toMatch(/"__proto__" occurs/);
    const first = group(['a', 'b'], { a: 0.3, b: 0.7 });
    expect(reason([first, { name: 'other', values: ['x', 'y'], targets: { x: 0.6, y: 0.4 } }])).toMatch(
      /no weights meet all targets.*combination of categories is missing/,
    );
    expect(
      reason([group(['a', 'b'], { a: 1, b: 0 }), { name: 'other', values: ['x', 'y'], targets: { x: 0.5, y: 0.5 } }]),
    ).toMatch(/leave no weight for other "y"/);
    expect(() => rake([first, { name: 'other', values: ['x'], targets: { x: 1 } }])).toThrow(/2 values of other/);
  });
  it('removes the bias of a sample that leans to one group', () => {
    const rng = createRng('raking');
    const values: string[] = [];
    const likes: boolean[] = [];
    for (let i = 0; i < 4000; i++) {
      const young = rng.uniform() < 0.8;
      values.push(young ? 'young' : 'old');
      likes.push(rng.uniform() < (young ? 0.7 : 0.3));
    }
    const { weights } = done(rake([{ name: 'age', values, targets: { young: 0.5, old: 0.5 } }]));
    expect(mean(likes.map(Number))).toBeGreaterThan(0.58);
    expect(Math.abs(given(weightedShare(likes, weights)).value - 0.5)).toBeLessThan(0.03);
  });
});

describe('weighted means and shares', () => {
  it('equal weights give the plain mean with Student’s interval, and Wilson’s share', () => {
    const { value, standardError, interval } = given(weightedMean([1, 2, 3, 4], [2, 2, 2, 2]));
    expect(value).toBe(2.5);
    expect(standardError).toBeCloseTo(Math.sqrt(5 / 3) / 2, 12);
    expect((interval as Interval).high).toBeCloseTo(2.5 + (3.182446305284263 * Math.sqrt(5 / 3)) / 2, 9);
    const share = given(weightedShare([true, false, false, true, true], [1, 1, 1, 1, 1]));
    expect((share.interval as Interval).low).toBeCloseTo(wilson(3, 5).low, 12);
    const all = given(weightedShare([true, true, true], [1, 1, 1]));
    expect((all.interval as Interval).low).toBeCloseTo(wilson(3, 3).low, 12);
    expect(effectiveSize([1, 1, 2])).toBeCloseTo(16 / 6, 12);
  });
  it('says why there is no interval or no value', () => {
    expect(weightedMean([], [])).toEqual({ undefined: 'no value has any weight' });
    expect(weightedShare([true, false], [1, 1], { clusters: ['r', 'r'] })).toMatchObject({
      value: 0.5,
      interval: { undefined: expect.stringContaining('one cluster') },
    });
    expect(() => weightedMean([1, 2], [1])).toThrow(/weight and a cluster for each of 2/);
  });
  it('covers the truth with unequal weights and with raters who answer often', () => {
    const rng = createRng('weighted coverage');
    const covered = { mean: 0, share: 0, clusters: 0, naive: 0 };
    const holds = (interval: object, truth: number) => {
      const { low, high } = interval as Interval;
      return Number(low <= truth && truth <= high);
    };
    for (let run = 0; run < 200; run++) {
      const weights = Array.from({ length: 80 }, () => (rng.uniform() < 0.3 ? 4 : 1));
      covered.mean += holds(
        given(
          weightedMean(
            weights.map(() => rng.normal()),
            weights,
          ),
        ).interval,
        0,
      );
      covered.share += holds(
        given(
          weightedShare(
            weights.map(() => rng.uniform() < 0.2),
            weights,
          ),
        ).interval,
        0.2,
      );
      const [answers, clusters]: [number[], number[]] = [[], []];
      for (let rater = 0; rater < 30; rater++) {
        const taste = rng.normal();
        for (let i = 0; i < 8; i++) {
          answers.push(taste + rng.normal());
          clusters.push(rater);
        }
      }
      const ones = answers.map(() => 1);
      covered.clusters += holds(given(weightedMean(answers, ones, { clusters })).interval, 0);
      covered.naive += holds(given(weightedMean(answers, ones)).interval, 0);
    }
    for (const name of ['mean', 'share', 'clusters'] as const) {
      expect(covered[name], name).toBeGreaterThan(178);
      expect(covered[name], name).toBeLessThan(199);
    }
    // Taking every answer as a person of its own is what the clusters are against.
    expect(covered.naive).toBeLessThan(150);
  });
});
