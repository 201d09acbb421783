import { describe, expect, it } from 'vitest';
import { answerSchema, softComparison } from '../../feedback/index.ts';
import { comparisonLoss, createRng } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import { comparison, STRENGTH_MARGINS } from './comparison.ts';
import { correction } from './correction.ts';
import { LIKELIHOODS, likelihoodOf } from './index.ts';
import { likelihoodContract, logistic, rankedByChoice, sourceOfTest } from './likelihood.contract.ts';
import { ranking } from './ranking.ts';
import { rating } from './rating.ts';

const shownIn = (order: readonly number[]) => order.map((_, i) => order.indexOf(i));

likelihoodContract({
  likelihood: comparison,
  answer(candidates, rewards, rng) {
    const order = rng.shuffle(candidates.map((_, i) => i));
    const outcome = rankedByChoice(rewards, rng)[0]!;
    return {
      kind: 'comparison',
      candidates,
      answer: { kind: 'comparison', outcome },
      shown: shownIn(order),
      weight: 1,
      ...sourceOfTest(0),
    };
  },
  variants: (own) => [
    { ...own, answer: { kind: 'comparison', outcome: 'tie' } },
    {
      ...own,
      answer: softComparison(own.candidates.map((_, i, all) => (2 * (i + 1)) / (all.length * (all.length + 1)))),
    },
    { ...own, answer: { kind: 'comparison', outcome: 0, strength: 3 }, strength: 'margin' },
    ...([1, 2, 3] as const).map(
      (strength): Observation<'comparison'> => ({
        ...own,
        answer: { kind: 'comparison', outcome: 1, strength },
        strength: 'graded',
      }),
    ),
    { ...own, answer: { kind: 'comparison', outcome: 0 }, strength: 'graded' },
    { ...own, answer: { kind: 'comparison', outcome: 'tie' }, strength: 'graded' },
  ],
});

likelihoodContract({
  likelihood: ranking,
  answer(candidates, rewards, rng) {
    const groups = rankedByChoice(rewards, rng).map((reply) => [reply]);
    const order = rng.shuffle(candidates.map((_, i) => i));
    return {
      kind: 'ranking',
      candidates,
      answer: { kind: 'ranking', groups },
      shown: shownIn(order),
      weight: 1,
      ...sourceOfTest(0),
    };
  },
  // All tie; the first of the ranking and all others; the last two.
  variants: (own) => {
    const replies = own.answer.groups.flat();
    return [[replies], [replies.slice(0, 1), replies.slice(1)], [...own.answer.groups.slice(0, -2), replies.slice(-2)]]
      .map((groups) => groups.filter((group) => group.length > 0))
      .map((groups) => ({ ...own, answer: { kind: 'ranking', groups } }));
  },
});

likelihoodContract({
  likelihood: rating,
  answer(candidates, rewards, rng) {
    const scale = { min: 1, max: 5, step: 1 };
    const value = (reward: number) => {
      const latent = reward + logistic(rng);
      return 1 + [-2, -0.5, 0.5, 2].filter((cut) => latent > cut).length;
    };
    const values = candidates.map((_, reply) => ({ reply, criterion: 'overall', value: value(rewards[reply]!) }));
    return {
      kind: 'rating',
      candidates,
      answer: { kind: 'rating', scale, values },
      shown: candidates.map(() => null),
      weight: 1,
      ...sourceOfTest(0),
    };
  },
});

likelihoodContract({
  likelihood: correction,
  answer(candidates, rewards, rng) {
    const pair = rng.shuffle(candidates.map((_, i) => i)).slice(0, 2);
    const own = Float64Array.from(pair, (i) => rewards[i]!);
    const [better, worse] = rankedByChoice(own, rng).map((i) => candidates[pair[i]!]!);
    return {
      kind: 'correction',
      candidates: [worse!, better!],
      answer: { kind: 'correction', reply: 0, text: better!.reply },
      shown: [null, null],
      weight: 1,
      ...sourceOfTest(0),
    };
  },
});

const candidates = ['a', 'b', 'c'].map((reply) => ({ prompt: 'q', reply }));
const none = new Map<string, number>();

describe('the table of likelihoods', () => {
  it('has a row for every kind of answer, and says why where there is none', () => {
    const kinds = answerSchema.options.map((option) => option.shape.kind.value);
    expect(Object.keys(LIKELIHOODS).sort()).toEqual([...kinds].sort());
    for (const [kind, row] of Object.entries(LIKELIHOODS)) {
      if ('unfitted' in row) expect(row.unfitted.length).toBeGreaterThan(10);
      else expect(row.kind).toBe(kind);
    }
    expect(() => likelihoodOf({ kind: 'critique' } as Observation)).toThrow(/critique: free text/);
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
