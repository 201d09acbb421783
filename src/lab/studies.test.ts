import { describe, expect, it } from 'vitest';
import type { QueryArm, QuerySettings } from '../reward/index.ts';
import { createRng, mean, sigmoid } from '../stats/index.ts';
import {
  type AnsweredQuestion,
  askedWithin,
  DISTRIBUTION_RULES,
  distributionStudy,
  FEEDBACK_TYPES,
  feedbackTypesStudy,
  type PairedDifference,
  type Panel,
  type PopulationArm,
  pairedDifference,
  populationStudy,
  SELECTION_ARMS,
  selectionStudy,
  signFlipTest,
  spreadEvenly,
  verdicts,
} from './index.ts';

describe('paired differences', () => {
  it('p-values by enumeration: five of five with one sign have 2 of 32', () => {
    const rng = createRng(1);
    expect(signFlipTest([1, 2, 3, 4, 5], rng)).toBe(2 / 32);
    expect(signFlipTest([-1, -2, -3, -4, -5], rng)).toBe(2 / 32);
    // |±1 ±2 ±3| ≥ 2: all but the two ways to 0.
    expect(signFlipTest([1, -2, 3], rng)).toBe(6 / 8);
    expect(signFlipTest([0, 0, 0], rng)).toBe(1);
    const drawn = signFlipTest(
      Array.from({ length: 20 }, (_, i) => 1 + i),
      rng,
    );
    expect(drawn).toBeLessThan(0.002);
  });
  const planted = (value: number): PairedDifference => {
    const difference = pairedDifference(new Array(9).fill(value), new Array(9).fill(0), createRng(1));
    expect(difference).toEqual({ mean: value, interval: { low: value, high: value, level: 0.95 }, n: 9, p: 2 / 512 });
    return difference;
  };
  it('a table of nothing rarely shows anything, and a planted difference is shown', () => {
    let [alarms, found] = [0, 0];
    for (let seed = 0; seed < 100; seed++) {
      const rng = createRng(`null/${seed}`);
      const differences = Array.from({ length: 8 }, (_, i): PairedDifference => {
        const values = Array.from({ length: 10 }, () => rng.normal() + (i === 0 ? 1.6 : 0));
        return { mean: mean(values), interval: { low: 0, high: 0, level: 0.95 }, n: 10, p: signFlipTest(values, rng) };
      });
      const judged = verdicts(differences);
      found += Number(judged[0] === 'better');
      alarms += judged.slice(1).filter((v) => v !== 'no difference shown').length;
    }
    expect(verdicts([planted(-1)], () => false)).toEqual(['better']);
    expect(verdicts([planted(-1)])).toEqual(['worse']);
    expect(found).toBeGreaterThan(70);
    expect(alarms).toBeLessThan(30);
  });
});

/**
 * A pool with a rare question: its feature occurs in 2 of 400 and decides them; five common features decide the others.
 * Whoever asks it early knows the rare feature's sign.
 */
function rarePool(seed: number): AnsweredQuestion[] {
  const rng = createRng(`rare/${seed}`);
  const truth = [1.5, -1, 0.8, -0.6, 0.4];
  return Array.from({ length: 400 }, (_, i): AnsweredQuestion => {
    const features = Float64Array.from([...truth.map(() => rng.normal()), i < 2 ? 3 : 0]);
    const score = truth.reduce((sum, w, k) => sum + w * features[k]!, 0) + 4 * features[5]!;
    return { id: `q${i}`, features, target: Number(rng.uniform() < sigmoid(score)) };
  });
}

describe('the query loop', () => {
  const settings: QuerySettings = { initial: 10, batch: 5, budgets: [20, 40], members: 8, ridge: 0.3, epsilon: 0 };
  const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
  const asking = async (pool: AnsweredQuestion[], arm: QueryArm, seed: number) => {
    const points = [];
    for await (const point of askedWithin(pool, { ...settings, ...arm }, createRng(seed))) points.push(point);
    return points;
  };
  /** In how many seeds an arm asked a rare question within 40 of 400. */
  const finds = async (arm: QueryArm) => {
    let found = 0;
    for (const seed of seeds) {
      const { asked } = (await asking(rarePool(seed), arm, seed)).at(-1)!;
      found += Number(asked.includes('q0') || asked.includes('q1'));
    }
    return found;
  };
  it('disagreement finds what random does not meet; a plain bootstrap does not know what it does not know', async () => {
    // Forty of four hundred: a chance of one in five to meet one of the two.
    expect(await finds({ rule: 'random', ensemble: 'random-priors' })).toBeLessThanOrEqual(5);
    expect(await finds({ rule: 'disagreement', ensemble: 'bootstrap' })).toBeLessThanOrEqual(6);
    expect(await finds({ rule: 'disagreement', ensemble: 'random-priors' })).toBeGreaterThanOrEqual(10);
    expect(await finds({ rule: 'information', ensemble: 'random-priors' })).toBeGreaterThanOrEqual(10);
  });
  it('asks as many different questions as the budget says, from the same start in every arm', async () => {
    const pool = rarePool(1);
    const starts = new Set<string>();
    for (const arm of Object.values(SELECTION_ARMS)) {
      const points = await asking(pool, arm, 1);
      expect(points.map(({ asked }) => new Set(asked).size)).toEqual([20, 40]);
      starts.add(points[0]!.asked.slice(0, 10).join());
    }
    expect(starts.size).toBe(1);
    const arm = SELECTION_ARMS.disagreement!;
    expect(await asking(pool, arm, 1)).toEqual(await asking(pool, arm, 1));
    const small = await asking(pool.slice(0, 15), SELECTION_ARMS.diversity!, 1);
    expect(small.map(({ budget, asked }) => [budget, asked.length])).toEqual([
      [20, 15],
      [40, 15],
    ]);
  });
});

describe('the studies, tiny', () => {
  it('selection: a row for each arm, budget and outcome, and two seeds show nothing', async () => {
    const { random, information } = SELECTION_ARMS;
    const changes = { seeds: 2, families: ['slots'], budgets: [30, 50], pool: 150, arms: { random, information } };
    const study = await selectionStudy(changes as Parameters<typeof selectionStudy>[0]);
    expect(study.rows.length).toBe(8);
    for (const row of study.rows) {
      expect(row.verdict).toBe(row.arm === 'random' ? 'baseline' : 'no difference shown');
      if (row.outcome === 'accuracy') expect(row.mean).toBeGreaterThan(0.6);
      else expect(row.mean).toBeGreaterThan(0);
    }
    const more = study.rows.filter((row) => row.arm === 'random' && row.outcome === 'accuracy').map((row) => row.mean);
    expect(mean(more)).toBeLessThan(1);
  });
  it('distribution: the alternative has the same votes in all, in odd numbers as far as they go', () => {
    const panel = (i: number): Panel => ({
      item: { id: `i${i}`, projectId: 'p', prompt: '', replies: [], source: { origin: '', selection: '' } },
      votes: Array.from({ length: 9 }, () => ({ kind: 'comparison', outcome: 0 })),
    });
    const all = Array.from({ length: 10 }, (_, i) => panel(i));
    for (const total of [10, 11, 25, 33, 48, 50, 89]) {
      const counts = spreadEvenly(all, total, createRng(total)).map(({ votes }) => votes.length);
      expect(counts.reduce((a, b) => a + b, 0)).toBe(total);
      expect(counts.filter((n) => n % 2 === 0).length).toBeLessThanOrEqual(1);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    }
  });
  it('distribution: at the same cost, stopping when sure labels better raters of constant accuracy', async () => {
    const { rows } = await distributionStudy({ seeds: 2, items: 50, pools: ['constant'] });
    expect(rows.length).toBe(3 * Object.keys(DISTRIBUTION_RULES).length);
    const adaptive = rows.find((row) => row.rule === 'adaptive, 95 % sure' && row.outcome === 'label')!;
    expect(adaptive.difference.mean).toBeGreaterThan(0);
    expect(adaptive.cost).toBeGreaterThan(3);
    expect(adaptive.cost).toBeLessThan(7);
  });
  it('population: weights win welfare back where tastes differ, and have nothing to win where they do not', async () => {
    const study = await populationStudy({
      seeds: 2,
      items: 120,
      settings: [
        { population: 0.8, pool: 0.2, tastes: 'opposed' },
        { population: 0.8, pool: 0.2, tastes: 'same' },
      ],
    });
    const gain = (tastes: 'opposed' | 'same', arm: PopulationArm) =>
      study.rows.find((r) => r.tastes === tastes && r.arm === arm && r.outcome === 'welfare')!.difference!.mean;
    expect(gain('opposed', 'weighted')).toBeGreaterThan(0.2);
    expect(gain('opposed', 'pool like the population')).toBeGreaterThan(0.2);
    expect(Math.abs(gain('same', 'weighted'))).toBeLessThan(gain('opposed', 'weighted') / 2);
  });
});

describe('kinds of feedback at equal rater time', () => {
  it('all teach the reward something, and the mix holds answers of every kind', async () => {
    const { rows, options } = await feedbackTypesStudy({ seeds: 2, budget: 900 });
    expect(rows.map(({ arm }) => arm)).toEqual([...Object.keys(FEEDBACK_TYPES), 'mix']);
    const spent = (arm: keyof typeof FEEDBACK_TYPES, n: number) => n * options.seconds[arm];
    for (const { arm, answers, natsPerSecond, mean: regret, difference } of rows) {
      expect(natsPerSecond, arm).toBeGreaterThan(0);
      expect(regret, arm).toBeLessThan(3);
      expect(difference === null).toBe(arm === 'comparison');
      if (arm !== 'mix') expect(spent(arm, answers)).toBeLessThanOrEqual(options.budget);
      else expect(answers).toBe(Object.values(options.seconds).reduce((n, own) => n + Math.floor(100 / own), 0));
    }
    expect(rows.find(({ arm }) => arm === 'label')!.mean).toBeLessThan(
      rows.find(({ arm }) => arm === 'demonstration')!.mean,
    );
  });
});
