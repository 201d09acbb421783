import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, dot, fitLogistic, logisticPosterior, mean, type Rng, sigmoid } from '../../stats/index.ts';
import {
  binaryEntropy,
  contestFeatures,
  mutualInformation,
  predictiveEntropy,
  prioritiesOf,
  type QuestionCandidate,
  SELECTION_RULE_IDS,
  SELECTION_RULES,
  type SelectionInput,
  type SelectionRuleId,
  selectBatch,
} from './index.ts';
import { makeInput, selectionRuleContract } from './rule.contract.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../../fixtures/selection.json', import.meta.url), 'utf8'));

for (const id of SELECTION_RULE_IDS) {
  const random = id === 'random' ? { repeatAcrossListings: 'it is random' } : {};
  selectionRuleContract(id, SELECTION_RULES[id], random);
}

describe('what an ensemble says', () => {
  const published = fixtures.ensemble;
  it('reproduces the worked example', () => {
    const p = published.predictions as number[];
    expect(mutualInformation(p)).toBeCloseTo(published.mutualInformation, 14);
    expect(mutualInformation(p) / Math.LN2).toBeCloseTo(published.mutualInformationBits, 14);
    expect(mutualInformation(p)).toBeCloseTo(0.1577309353, 10);
    expect(predictiveEntropy(p)).toBeCloseTo(published.entropyOfMean, 14);
    expect(mean(p.map(binaryEntropy))).toBeCloseTo(published.meanEntropy, 14);
  });
  it('disagreement lies between nothing and all of the uncertainty, and certainty is no NaN', () => {
    const predictions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(predictions, (p) => {
        expect(mutualInformation(p)).toBeGreaterThanOrEqual(0);
        expect(mutualInformation(p)).toBeLessThanOrEqual(predictiveEntropy(p) + 1e-12);
        expect(mutualInformation(p.map(() => p[0]!))).toBeLessThan(1e-12);
      }),
    );
    expect(mutualInformation([0, 1])).toBeCloseTo(Math.LN2, 14);
    expect(predictiveEntropy([1, 1])).toBe(0);
  });
});

describe('the posterior of the weights', () => {
  it('needs a prior, without which nothing asked leaves the weights open', () => {
    expect(() => fitLogistic([], 2, { ridge: 0 })).toThrow(/ridge above 0.*got 0/);
  });
  it('is what scipy finds on made-up comparisons, ties and weights included', () => {
    const { ridge, features, targets, weights, mean: expected, covariance } = fixtures.posterior;
    const rows = features.map((x: number[], i: number) => ({
      features: Float64Array.from(x),
      target: targets[i],
      weight: weights[i],
    }));
    const posterior = logisticPosterior(rows, 3, { ridge });
    for (const [i, v] of expected.entries()) expect(posterior.mean[i]).toBeCloseTo(v, 9);
    for (const [i, v] of covariance.flat().entries()) expect(posterior.covariance[i]).toBeCloseTo(v, 9);
  });
  const contests = fixtures.bradleyTerry;
  const won = (contests.wins as [number, number, number][]).map(([winner, loser, weight]) => ({
    features: contestFeatures(winner, loser, contests.contestants),
    target: 1,
    weight,
  }));
  it('is Bradley–Terry with one-hot features, and the information of a contest is what numpy finds', () => {
    const posterior = logisticPosterior(won, contests.contestants, { ridge: contests.ridge });
    for (const [i, v] of contests.strengths.entries()) expect(posterior.mean[i]).toBeCloseTo(v, 9);
    for (const [i, v] of contests.covariance.flat().entries()) expect(posterior.covariance[i]).toBeCloseTo(v, 9);
    const rows = contests.information as [number, number, number][];
    const candidates = rows.map(
      ([i, j]): QuestionCandidate => ({
        id: `${i}-${j}`,
        predictions: [],
        features: contestFeatures(i, j, contests.contestants),
      }),
    );
    const { scores, order } = SELECTION_RULES.information.select({ candidates, posterior }, 1, createRng(1));
    for (const [at, [, , gain]] of rows.entries()) expect(scores[at]).toBeCloseTo(gain, 9);
    const best = Math.max(...rows.map(([, , gain]) => gain));
    expect(rows[order[0]!]![2]).toBe(best);
  });
  it('stays finite where the answers are all alike, and where a member starts far away', () => {
    const rows = Array.from({ length: 200 }, () => ({ features: Float64Array.of(3, 0), target: 1 }));
    const far = fitLogistic(rows, 2, { ridge: 1e-3, centre: Float64Array.of(-40, 7) });
    expect(far[0]! * 3).toBeGreaterThan(2);
    expect(far[1]).toBeCloseTo(7, 6);
    expect([...logisticPosterior(rows, 2, { ridge: 1e-3 }).covariance].every(Number.isFinite)).toBe(true);
  });
});

/** Covariance after answers to some candidates, by inverting the information anew (Gauss–Jordan): slow and plain. */
function covarianceAfter({ candidates, posterior }: SelectionInput, taken: readonly number[]): number[][] {
  const { mean: w, covariance } = posterior!;
  const d = w.length;
  const rows = (flat: Float64Array) => Array.from({ length: d }, (_, i) => [...flat.subarray(i * d, i * d + d)]);
  const information = inverse(rows(covariance));
  for (const index of taken) {
    const x = candidates[index]!.features;
    const p = sigmoid(dot(x, w));
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) information[i]![j]! += p * (1 - p) * x[i]! * x[j]!;
  }
  return inverse(information);
}
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const d = matrix.length;
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let c = 0; c < d; c++) {
    const pivot = a[c]![c]!;
    for (let j = 0; j < 2 * d; j++) a[c]![j]! /= pivot;
    for (let r = 0; r < d; r++) {
      if (r === c) continue;
      const factor = a[r]![c]!;
      for (let j = 0; j < 2 * d; j++) a[r]![j]! -= factor * a[c]![j]!;
    }
  }
  return a.map((row) => row.slice(d));
}
/** Determinant by elimination without pivoting (the matrices are positive definite). */
function determinant(matrix: readonly (readonly number[])[]): number {
  const a = matrix.map((row) => [...row]);
  let product = 1;
  for (let c = 0; c < a.length; c++) {
    product *= a[c]![c]!;
    for (let r = c + 1; r < a.length; r++) {
      const factor = a[r]![c]! / a[c]![c]!;
      for (let j = c; j < a.length; j++) a[r]![j]! -= factor * a[c]![j]!;
    }
  }
  return product;
}
const meanVariance = (covariance: readonly (readonly number[])[], { candidates }: SelectionInput) =>
  mean(
    candidates.map(({ features: x }) =>
      covariance.reduce((sum, row, i) => sum + row.reduce((s, v, j) => s + v * x[i]! * x[j]!, 0), 0),
    ),
  );

describe('optimal design', () => {
  it.each(['information', 'variance-reduction'] as const)('%s takes at each step the most there is to take', (id) => {
    const value = (input: SelectionInput, taken: readonly number[]) => {
      const covariance = covarianceAfter(input, taken);
      return id === 'information' ? -Math.log(determinant(covariance)) : -meanVariance(covariance, input);
    };
    for (const seed of [1, 2, 3]) {
      const input = makeInput(seed, 15);
      const { order, scores } = SELECTION_RULES[id].select(input, 6, createRng(seed));
      for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(value(input, [i]) - value(input, []), 9);
      for (let step = 0; step < order.length; step++) {
        const before = order.slice(0, step);
        const gains = input.candidates.map((_, i) => (before.includes(i) ? -1 : value(input, [...before, i])));
        const open = gains.filter((_, i) => !before.includes(i));
        expect(gains[order[step]!]).toBeCloseTo(Math.max(...open), 9);
      }
    }
  });
  it('says what is missing when there is no posterior', () => {
    const { candidates } = makeInput(1, 3);
    expect(() => SELECTION_RULES.information.select({ candidates }, 1, createRng(1))).toThrow(/expected the posterior/);
  });
});

describe('diversity', () => {
  /** Three tight clusters, the first of them crowded. */
  function clusters(rng: Rng) {
    const centres = [
      [9, 0],
      [0, 9],
      [9, 9],
    ];
    return [0, 0, 0, 0, 0, 0, 1, 2].map((cluster, i): QuestionCandidate => {
      const features = Float64Array.from(centres[cluster]!, (v) => v + 0.1 * rng.normal());
      return { id: `${cluster}/${i}`, predictions: cluster === 0 ? [0.05, 0.95] : [0.1, 0.9], features };
    });
  }
  const clustersOf = (id: SelectionRuleId, input: SelectionInput, count: number) =>
    SELECTION_RULES[id].select(input, count, createRng(1)).order.map((i) => input.candidates[i]!.id[0]);
  it('asks one question of each kind before a second of any, and none of a kind asked already', () => {
    const candidates = clusters(createRng(1));
    expect(new Set(clustersOf('diversity', { candidates }, 3)).size).toBe(3);
    expect(clustersOf('diversity', { candidates, asked: [Float64Array.of(9, 9)] }, 2)).not.toContain('2');
    expect(clustersOf('diversity', { candidates, asked: [Float64Array.of(-9, -9)] }, 2)).not.toContain('2');
    expect(new Set(clustersOf('spread-disagreement', { candidates }, 3)).size).toBe(3);
    expect(new Set(clustersOf('disagreement', { candidates }, 3)).size).toBe(1);
  });
});

describe('a batch', () => {
  const input = makeInput(9, 40);
  it('holds its share of random questions on average, and says who chose what', () => {
    let random = 0;
    for (let seed = 0; seed < 400; seed++) {
      const chosen = selectBatch(input, { rule: 'disagreement', count: 7, epsilon: 0.25, rng: createRng(seed) });
      expect(new Set(chosen.map(({ id }) => id)).size).toBe(7);
      random += chosen.filter(({ by }) => by === 'random').length;
    }
    // 1.75 of 7: one or two, rounded at random.
    expect(Math.abs(random / 400 - 1.75)).toBeLessThan(4 * Math.sqrt(0.1875 / 400));
  });
  it('is the rule alone without a random share, all random with nothing else, and never more than there is', () => {
    const by = (epsilon: number, count: number) =>
      selectBatch(input, { rule: 'diversity', count, epsilon, rng: createRng(1) }).map((c) => c.by);
    expect(new Set(by(0, 9))).toEqual(new Set(['diversity']));
    expect(new Set(by(1, 9))).toEqual(new Set(['random']));
    expect(by(0.5, 99)).toHaveLength(40);
  });
  it('gives priorities that fall in the order chosen', () => {
    const chosen = selectBatch(input, { rule: 'uncertainty', count: 4, rng: createRng(1) });
    expect([...prioritiesOf(chosen)]).toEqual(chosen.map(({ id }, i) => [id, 4 - i]));
  });
  it('is a fair sample in its random part, and only there', () => {
    // A model that knows the sign of clear questions and nothing of close ones: what the rule asks is what it gets wrong.
    const rng = createRng(3);
    const rows = Array.from({ length: 600 }, (_, i) => {
      const clear = rng.normal();
      const predictions = [0.3, -0.3].map((noise) => sigmoid(4 * clear + noise));
      const right = rng.uniform() < Math.max(predictions[0]!, 1 - predictions[0]!);
      return { candidate: { id: `c${i}`, predictions, features: Float64Array.of(clear) }, right };
    });
    const rightOf = new Map(rows.map(({ candidate, right }) => [candidate.id, Number(right)]));
    const truth = mean([...rightOf.values()]);
    const asked: Record<string, number[]> = { random: [], uncertainty: [] };
    for (let seed = 0; seed < 30; seed++) {
      const chosen = selectBatch(
        { candidates: rows.map((r) => r.candidate) },
        { rule: 'uncertainty', count: 60, epsilon: 0.5, rng: createRng(seed) },
      );
      for (const { id, by } of chosen) asked[by]!.push(rightOf.get(id)!);
    }
    expect(Math.abs(mean(asked.random!) - truth)).toBeLessThan(4 * Math.sqrt((truth * (1 - truth)) / 900));
    expect(mean(asked.uncertainty!)).toBeLessThan(truth - 0.2);
  });
});
