import { describe, expect, it } from 'vitest';
import { type AnswerKind, answerSchema, softComparison } from '../../feedback/index.ts';
import { comparisonLoss, createRng } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import { LIKELIHOOD_CASES, type LikelihoodCase, sourceOfTest } from './cases.fake.ts';
import { comparison, STRENGTH_MARGINS } from './comparison.ts';
import { LIKELIHOODS, likelihoodOf } from './index.ts';
import { likelihoodContract } from './likelihood.contract.ts';
import { ranking } from './ranking.ts';
import { rating } from './rating.ts';

for (const kind of Object.keys(LIKELIHOOD_CASES) as AnswerKind[])
  for (const own of LIKELIHOOD_CASES[kind]) likelihoodContract(own as unknown as LikelihoodCase<AnswerKind>);

const candidates = ['a', 'b', 'c'].map((reply) => ({ prompt: 'q', reply }));
const none = new Map<string, number>();

describe('the table of likelihoods', () => {
  it('has a row for every kind of answer', () => {
    const kinds = answerSchema.options.map((option) => option.shape.kind.value);
    expect(Object.keys(LIKELIHOODS).sort()).toEqual([...kinds].sort());
    for (const kind of kinds) expect(likelihoodOf({ kind }).kind).toBe(kind);
  });
});

describe('choices among replies', () => {
  const observation = (outcome: number | 'tie', k: number, strength?: number): Observation<'comparison'> => ({
    kind: 'comparison',
    candidates: candidates.slice(0, k),
    answer: { kind: 'comparison', outcome, ...(strength !== undefined && { strength }) },
    strength: 'margin',
    shown: [0, 1, 2].slice(0, k),
    weight: 1,
    ...sourceOfTest(0),
  });

  it('are Bradley–Terry for two, ties half and half', () => {
    const rewards = Float64Array.of(0.3, -1.1);
    for (const [outcome, target] of [
      [0, 1],
      [1, 0],
      ['tie', 0.5],
    ] as const) {
      const { loss, dRewards } = comparison.term(rewards, observation(outcome, 2), none);
      const pair = comparisonLoss(1.4, target);
      expect(loss).toBeCloseTo(pair.loss, 12);
      expect(dRewards[0]).toBeCloseTo(pair.slope, 12);
    }
  });

  it('of shares are what as many hard answers add up to, for two and more replies', () => {
    for (const [rewards, shares] of [
      [Float64Array.of(0.3, -1.1), [0.7, 0.3]],
      [Float64Array.of(0.3, -1.1, 0.6), [0.5, 0.2, 0.3]],
    ] as const) {
      const soft = { ...observation(0, shares.length), answer: softComparison(shares) };
      const { loss, dRewards } = comparison.term(rewards, soft, none);
      const hard = shares.map((_, i) => comparison.term(rewards, observation(i, shares.length), none));
      expect(loss).toBeCloseTo(
        hard.reduce((sum, term, i) => sum + shares[i]! * term.loss, 0),
        12,
      );
      for (const [r, slope] of dRewards.entries())
        expect(slope).toBeCloseTo(
          hard.reduce((sum, term, i) => sum + shares[i]! * term.dRewards[r]!, 0),
          12,
        );
    }
  });

  it('are the same whether a third reply is hopeless or absent', () => {
    const two = comparison.term(Float64Array.of(0.3, -1.1), observation(0, 2), none);
    const three = comparison.term(Float64Array.of(0.3, -1.1, -60), observation(0, 3), none);
    expect(three.loss).toBeCloseTo(two.loss, 12);
  });

  it('give a reply the more of a lead the stronger it was preferred', () => {
    const losses = [1, 2, 3].map(
      (strength) => comparison.term(Float64Array.of(1, 0), observation(0, 2, strength), none).loss,
    );
    expect(losses[0]).toBeCloseTo(comparisonLoss(1 - STRENGTH_MARGINS[0], 1).loss, 12);
    expect(losses[1]).toBeGreaterThan(losses[0]!);
    expect(losses[2]).toBeGreaterThan(losses[1]!);
  });

  it('have probabilities that sum to one over all rankings, in whatever order the replies are listed', () => {
    const rewards = Float64Array.of(0.4, -0.9, 1.3);
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const loss = (order: readonly number[]) =>
      ranking.term(
        rewards,
        {
          kind: 'ranking',
          candidates,
          answer: { kind: 'ranking', groups: order.map((reply) => [reply]) },
          shown: [null, null, null],
          weight: 1,
          ...sourceOfTest(0),
        },
        none,
      ).loss;
    expect(orders.reduce((sum, order) => sum + Math.exp(-loss(order)), 0)).toBeCloseTo(1, 12);
  });
});

describe('ratings', () => {
  const observation = (value: number, raterId = 'h'): Observation<'rating'> => ({
    kind: 'rating',
    candidates: candidates.slice(0, 1),
    answer: { kind: 'rating', scale: { min: 0, max: 100, step: 1 }, values: [{ reply: 0, criterion: 'c', value }] },
    shown: [0],
    weight: 1,
    ...sourceOfTest(0),
    raterId,
  });

  it('have probabilities that sum to one over the classes; a fine scale is read in ten', () => {
    const values = Array.from({ length: 101 }, (_, value) => observation(value));
    const specs = rating.nuisances(values, { position: false });
    expect(specs.filter(({ name }) => name.includes('/cut ')).length).toBe(9);
    const rng = createRng(1);
    const nuisances = new Map(specs.map(({ name, start }) => [name, start + 0.3 * rng.normal()]));
    const chances = new Set(values.map((own) => Math.exp(-rating.term(Float64Array.of(0.7), own, nuisances).loss)));
    expect(chances.size).toBe(10);
    expect([...chances].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
  });

  it('give each rater thresholds of their own', () => {
    const names = rating
      .nuisances([observation(1, 'x'), observation(1, 'y')], { position: false })
      .map(({ name }) => name);
    for (const rater of ['x', 'y']) expect(names).toContain(`rating/rater ${rater}/shift`);
  });
});
