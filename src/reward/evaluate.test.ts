import { describe, expect, it } from 'vitest';
import { type Item, type Judgment, toPairs } from '../feedback/index.ts';
import { createRng, sigmoid } from '../stats/index.ts';
import { calibrationSlope, evaluateScores, scorePairs } from './evaluate.ts';
import { fitLinearReward } from './fit/linear.ts';
import { rankedByChoice } from './likelihood/cases.fake.ts';
import { observePair } from './observe.ts';
import { syntheticPairs } from './synthetic.fake.ts';

const fitted = (seed: number, n: number) => fitLinearReward(syntheticPairs(seed, n).flatMap(observePair), { ridge: 1 });

/** Pairs whose outcomes follow known log-odds, scored in units of `unit` log-odds, overconfident by a factor. */
function scoredBy(unit: number, times: number) {
  const rng = createRng('calibration');
  return syntheticPairs(1, 1500).map((pair) => {
    const logOdds = 1.5 * rng.normal();
    const target = Number(rng.uniform() < sigmoid(logOdds));
    return { pair: { ...pair, target }, difference: (times * logOdds) / unit };
  });
}

describe('the evaluation of a reward', () => {
  it('prints calibration on the scale of log-odds, whatever the unit of score', () => {
    for (const unit of [0.2, 1, 5]) {
      const calibrated = evaluateScores(scoredBy(unit, 1), { logOdds: unit });
      expect(calibrated.calibrationSlope).toBeCloseTo(1, 0);
      expect(calibrated.calibrationSlopeInterval.low).toBeLessThan(1);
      expect(calibrated.calibrationSlopeInterval.high).toBeGreaterThan(1);
      expect(calibrated.ece).toBeLessThan(0.045);
      const sharp = evaluateScores(scoredBy(unit, 3), { logOdds: unit });
      expect(sharp.calibrationSlope).toBeCloseTo(calibrated.calibrationSlope / 3, 6);
      expect(sharp.calibrationSlopeInterval.high).toBeLessThan(0.5);
      expect(sharp.ece).toBeGreaterThan(0.07);
      expect(sharp.overall.accuracy).toBe(calibrated.overall.accuracy);
    }
  });

  it('gives the slope an interval that covers the true slope about as often as it says', () => {
    const rng = createRng('coverage');
    let covered = 0;
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      // Three judgments an item share its difference and a shock of the item, so that they are no 240 independent ones.
      const scored = syntheticPairs(1, 80).flatMap((pair, i) => {
        const difference = 1.5 * rng.normal();
        return [0, 1, 2].map((h) => ({
          pair: { ...pair, judgmentId: `${i}/${h}`, target: Number(rng.uniform() < sigmoid(difference)) },
          difference,
        }));
      });
      const { low, high } = calibrationSlope(scored, (pair) => pair.itemId).interval;
      if (low <= 1 && 1 <= high) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.9);
  });

  it('a fitted model says what its scores are worth in log-odds', async () => {
    const pairs = syntheticPairs(5, 800);
    const reference = [{ prompt: 'q', replies: pairs.slice(0, 50).map((p) => p.first) }];
    const observations = pairs.flatMap(observePair);
    const fresh = syntheticPairs(6, 800);
    const slopes: number[] = [];
    for (const model of [
      fitLinearReward(observations, { ridge: 1, reference }),
      fitLinearReward(observations, { ridge: 1 }),
    ]) {
      const evaluation = evaluateScores(await scorePairs(model, fresh), { logOdds: model.logOdds });
      slopes.push(evaluation.calibrationSlope);
    }
    expect(slopes[0]).toBeCloseTo(slopes[1]!, 6);
    expect(slopes[0]).toBeGreaterThan(0.7);
    expect(slopes[0]).toBeLessThan(1.3);
  });

  it('is split by stratum and by group of the rater, with intervals that resample items inside each', async () => {
    const model = fitted(1, 400);
    // Raters of the second group want the opposite.
    const pairs = syntheticPairs(2, 400).map((pair, i) =>
      i % 2 === 0 ? pair : { ...pair, raterId: 'other', target: 1 - pair.target },
    );
    const evaluation = evaluateScores(await scorePairs(model, pairs), {
      logOdds: model.logOdds,
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
    expect(evaluateScores([], { logOdds: 1 }).byRaterGroup).toBeNull();
  });

  it('counts a ranking of many as the one judgment it is', () => {
    const rng = createRng('k-way');
    const items: Item[] = [];
    const judgments: Judgment[] = [];
    const at = '2026-01-01T00:00:00Z';
    const worth = new Map<string, number>();
    // Half of the items are pairs that the score gets right, half are rankings of four that it gets wrong.
    for (let i = 0; i < 200; i++) {
      const k = i % 2 === 0 ? 2 : 4;
      const rewards = Float64Array.from({ length: k }, () => 40 * rng.normal());
      const replies = Array.from(rewards, (reward, r) => {
        worth.set(`item ${i} reply ${r}`, k === 2 ? reward : -reward);
        return { id: `${r}`, text: `item ${i} reply ${r}` };
      });
      items.push({ id: `i${i}`, projectId: 'p', prompt: 'q', replies, source: { origin: 'test', selection: 'all' } });
      judgments.push({
        id: `j${i}`,
        projectId: 'p',
        itemId: `i${i}`,
        raterId: 'h',
        presentation: { order: replies.map((_, r) => r), view: 'full', instructionsVersion: '1', shownAt: at },
        answer: { kind: 'ranking', groups: rankedByChoice(rewards, rng).map((reply) => [reply]) },
        activeMs: null,
        submittedAt: at,
        source: 'simulated',
      });
    }
    const scored = toPairs(items, judgments).pairs.map((pair) => ({
      pair,
      difference: worth.get(pair.first)! - worth.get(pair.second)!,
    }));
    const { overall, ece, bins } = evaluateScores(scored, { logOdds: 1 });
    expect(overall.accuracy).toBeCloseTo(0.5, 1);
    expect([overall.n, overall.judgments]).toEqual([100 + 600, 200]);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBeCloseTo(200, 9);
    expect(ece).toBeCloseTo(0.5, 1);
  });
});
