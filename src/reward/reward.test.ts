import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { answerSchema, type PreferencePair } from '../feedback/index.ts';
import { createRng, sigmoid } from '../stats/index.ts';
import {
  comparisonLoss,
  createEnsemble,
  crossValidate,
  evaluateScores,
  fitLinearReward,
  fitNormaliser,
  LIKELIHOODS,
  likelihoodOf,
  loadReward,
  minimise,
  normalise,
  type RewardModel,
  resampleItems,
  saveReward,
  scorePairs,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-reward-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOUNS = ['boat', 'pier', 'gull', 'rope', 'wave', 'sand', 'fish', 'sail'];
/** Comparisons in which "good" is worth 2 and "bad" −2, first place a bonus, and nothing else matters. */
function synthetic(seed: number, n: number, position = 0): PreferencePair[] {
  const rng = createRng(seed);
  const reply = () => {
    const words = Array.from({ length: 4 + rng.integer(6) }, () => NOUNS[rng.integer(NOUNS.length)]!);
    return [...words, ['good', 'bad', 'plain'][rng.integer(3)]!].join(' ');
  };
  const worth = (text: string) => (text.includes('good') ? 2 : text.includes('bad') ? -2 : 0);
  return Array.from({ length: n }, (_, i) => {
    const [first, second, shown] = [reply(), reply(), rng.uniform() < 0.5];
    const p = sigmoid(worth(first) - worth(second) + (shown ? position : -position));
    return {
      judgmentId: `j${i}`,
      itemId: `i${i}`,
      raterId: 'r',
      prompt: 'q',
      first,
      second,
      target: Number(rng.uniform() < p),
      weight: 1,
      firstShownFirst: shown,
      strata: { group: String(i % 4) },
    };
  });
}

describe('likelihoods', () => {
  it('the comparison slope is the derivative of the loss', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), unit, (d, t) => {
        const numeric = (comparisonLoss(d + 1e-5, t).loss - comparisonLoss(d - 1e-5, t).loss) / 2e-5;
        expect(comparisonLoss(d, t).slope).toBeCloseTo(numeric, 6);
        expect(comparisonLoss(-d, 1 - t).loss).toBeCloseTo(comparisonLoss(d, t).loss, 12);
      }),
    );
    expect(comparisonLoss(0, 0.5).loss).toBeCloseTo(Math.LN2, 15);
    expect(comparisonLoss(800, 1).loss).toBe(0);
  });
  it('every feedback type says whether it has one, and a missing one is refused by name', () => {
    const kinds = answerSchema.options.map((option) => option.shape.kind.value);
    expect(Object.keys(LIKELIHOODS).sort()).toEqual([...kinds].sort());
    expect(() => likelihoodOf('rating')).toThrow(/rating feedback/);
  });
});

describe('the linear family', () => {
  it('learns what matters, gives places no part in it, and beats length', async () => {
    const model = fitLinearReward(synthetic(1, 800, 1), { ridge: 1, position: true });
    const [good, plain, bad] = model.scoreNow(['boat pier good', 'boat pier plain', 'boat pier bad']) as [
      number,
      number,
      number,
    ];
    expect(good).toBeGreaterThan(plain);
    expect(plain).toBeGreaterThan(bad);
    expect(model.state.position).toBeGreaterThan(0.4);
    const evaluation = evaluateScores(await scorePairs(model, synthetic(2, 600, 1)), { seed: 1 });
    expect(evaluation.marginOverLength.interval.low).toBeGreaterThan(0.1);
    expect(evaluation.baselines.positionOnly!.accuracy).toBeGreaterThan(0.55);
  });
  it('does not change when every comparison is written the other way round', () => {
    const pairs = synthetic(3, 200);
    const swapped = pairs.map((p) => ({
      ...p,
      first: p.second,
      second: p.first,
      target: 1 - p.target,
      firstShownFirst: !p.firstShownFirst,
    }));
    const texts = pairs.slice(0, 20).map((p) => p.first);
    const [a, b] = [fitLinearReward(pairs, { ridge: 1 }), fitLinearReward(swapped, { ridge: 1 })];
    for (const [i, score] of a.scoreNow(texts).entries()) expect(b.scoreNow(texts)[i]).toBeCloseTo(score, 6);
  });
  it('is evaluated by stratum and by group of the rater, with intervals that resample items inside each', async () => {
    const model = fitLinearReward(synthetic(1, 400), { ridge: 1 });
    // Raters of the second group want the opposite.
    const pairs = synthetic(2, 400).map((pair, i) =>
      i % 2 === 0 ? pair : { ...pair, raterId: 'other', target: 1 - pair.target },
    );
    const evaluation = evaluateScores(await scorePairs(model, pairs), {
      seed: 1,
      strata: ['group'],
      clusterOf: (pair) => pair.strata.group!,
      groupOf: (pair) => (pair.raterId === 'other' ? 'contrary' : undefined),
    });
    const groups = evaluation.byRaterGroup!;
    expect(Object.keys(groups)).toEqual(['contrary', 'not recorded']);
    expect(groups.contrary!.interval.high).toBeLessThan(groups['not recorded']!.interval.low);
    expect(Object.values(groups).reduce((sum, g) => sum + g.n, 0)).toBe(400);
    // One cluster, its own group, holds all of a stratum: items are what varies inside it.
    for (const { interval } of Object.values(evaluation.byStratum.group!))
      expect(interval.high).toBeGreaterThan(interval.low);
    expect(evaluateScores([], { seed: 1 }).byRaterGroup).toBeNull();
  });
  it('cross-validation scores every pair once, by a model that did not see its group', async () => {
    const pairs = synthetic(4, 120);
    const seen: string[][] = [];
    const scored = await crossValidate(
      pairs,
      (p) => p.strata.group!,
      (training, group) => {
        seen.push([group, ...new Set(training.map((p) => p.strata.group!))]);
        return fitLinearReward(training, { ridge: 1 });
      },
    );
    expect(scored.map((s) => s.pair.judgmentId).sort()).toEqual(pairs.map((p) => p.judgmentId).sort());
    for (const [group, ...others] of seen) expect(others).not.toContain(group);
  });
});

describe('artefacts and ensembles', () => {
  it('the normaliser is inside: a saved ensemble gives the same scores', async () => {
    const pairs = synthetic(5, 300);
    const reference = [{ prompt: 'q', replies: pairs.slice(0, 50).map((p) => p.first) }];
    const members = [1, 2, 3].map((m) => fitLinearReward(resampleItems(pairs, createRng(m)), { ridge: 1, reference }));
    const replies = ['boat good', 'bad wave rope', 'something else entirely'];
    const before = await createEnsemble(members).score('q', replies);
    await saveReward(join(folder, 'model'), members);
    const engine = () => {
      throw new Error('a linear model needs no engine');
    };
    expect(await (await loadReward(join(folder, 'model'), engine)).score('q', replies)).toEqual(before);
    const pessimist = createEnsemble(members, { kind: 'pessimistic', k: 2 });
    for (const [i, score] of (await pessimist.score('q', replies)).entries()) {
      expect(score.mean).toBeCloseTo(before[i]!.mean - 2 * before[i]!.spread!, 9);
    }
  });
  it('normalised reference scores have mean 0 and deviation 1 within prompts', () => {
    const groups = [
      [1, 3, 5],
      [10, 14, 12],
    ];
    const n = fitNormaliser(groups);
    const scored = groups.flat().map((v) => normalise(n, v));
    expect(scored.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
    expect(normalise(n, 3) - normalise(n, 1)).toBeCloseTo(2 / n.scale, 9);
    expect(fitNormaliser([[2, 2]]).scale).toBe(1);
  });
  it('members agree where data are and disagree where they are not', async () => {
    const reference = [{ prompt: 'q', replies: synthetic(7, 60).map((p) => p.first) }];
    const members: RewardModel[] = [1, 2, 3, 4].map((m) =>
      fitLinearReward(resampleItems(synthetic(6, 60), createRng(m)), { ridge: 0.1, reference }),
    );
    const [near, far] = await createEnsemble(members).score('q', [
      'boat pier good gull',
      `${'good bad '.repeat(40)}!!! WHY 12345?`,
    ]);
    expect(far!.spread!).toBeGreaterThan(2 * near!.spread!);
  });
});

describe('the optimiser', () => {
  it('reaches the minimum of an ill-conditioned quadratic', () => {
    const scales = Float64Array.from([1, 100, 0.01]);
    const x = minimise(
      (at, g) => {
        let value = 0;
        for (const [i, s] of scales.entries()) {
          value += (s / 2) * (at[i]! - i) ** 2;
          g[i]! += s * (at[i]! - i);
        }
        return value;
      },
      new Float64Array(3),
      { iterations: 200, tolerance: 1e-10 },
    );
    for (const [i, v] of x.entries()) expect(v).toBeCloseTo(i, 3);
  });
});
