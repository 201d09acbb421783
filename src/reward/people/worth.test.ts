import { describe, expect, it } from 'vitest';
import { ignoreProgress, parseConfig } from '../../run/index.ts';
import { createRng, normalCdf, sigmoid } from '../../stats/index.ts';
import { createEnsemble, type Risk, riskSchema } from '../ensemble.ts';
import { rewardSchema } from '../families.ts';
import { distributionObjective } from '../fit/distribution.ts';
import { fitLinearReward } from '../fit/linear.ts';
import { fitMembers, fitReward } from '../fit-members.ts';
import type { Observation } from '../observation.ts';
import { observePair } from '../observe.ts';
import { differenceOf } from './difference.ts';
import { expectedLogOdds, explainedVariance, worthOfAtoms, worthQuantile } from './worth.ts';

describe('what a reply is worth over people', () => {
  it('has quantiles of a normal distribution, or of its atoms by their mid-distribution', () => {
    const normal = { mean: 1, deviation: 2 };
    for (const q of [0.01, 0.3, 0.9]) expect(normalCdf((worthQuantile(normal, q) - 1) / 2)).toBeCloseTo(q, 6);
    const halves = worthOfAtoms([
      { value: 3, share: 0.5 },
      { value: -1, share: 0.5 },
    ]);
    expect(halves).toMatchObject({ mean: 1, deviation: 2 });
    expect([0.1, 0.25, 0.5, 0.75, 0.9].map((q) => worthQuantile(halves, q))).toEqual([-1, -1, 1, 3, 3]);
  });

  it('is explained by one reward as far as people agree', () => {
    const rows = (deviation: number) => [1, 3].map((mean) => ({ mean, deviation }));
    expect(explainedVariance(rows(0))).toBe(1);
    expect(explainedVariance(rows(1))).toBe(0.5);
  });

  it('is preferred as often as somebody drawn at random prefers it', () => {
    const rng = createRng('worth');
    for (const [difference, deviation] of [
      [0.5, 0.5],
      [1, 1],
      [2, 3],
    ] as const) {
      let hits = 0;
      for (let i = 0; i < 40_000; i++) hits += sigmoid(difference + deviation * rng.normal()) / 40_000;
      expect(Math.abs(sigmoid(expectedLogOdds(difference, deviation ** 2)) - hits)).toBeLessThan(0.02);
    }
  });
});

describe('risk rules', () => {
  const scoring = (mean: number, deviation: number) => ({
    id: 'x',
    family: 'x',
    logOdds: 1,
    score: async () => [{ mean, spread: deviation, people: { mean, deviation } }],
    dispose: async () => {},
  });
  const one = async (risk: unknown) =>
    (await createEnsemble([scoring(0.5, 1), scoring(1.5, 1)], riskSchema.parse(risk)).score('q', ['a']))[0]!;
  it('go by the spread of members and people together', async () => {
    const spread = Math.hypot(Math.SQRT1_2, 1);
    expect(await one('mean')).toMatchObject({ mean: 1, spread, people: { mean: 1, deviation: 1 } });
    expect((await one('min')).mean).toBe(0.5);
    expect((await one({ rule: 'pessimistic', k: 2 })).mean).toBeCloseTo(1 - 2 * spread, 12);
    expect(normalCdf(((await one({ rule: 'quantile', q: 0.1 })).mean - 1) / spread)).toBeCloseTo(0.1, 6);
    expect(await one({ rule: 'abstain', above: 1 })).toMatchObject({ mean: 0, abstained: true });
    expect((await one({ rule: 'abstain', above: 2 })).abstained).toBeUndefined();
    expect((await one({ rule: 'abstain', above: 2 })).mean).toBe(1);
  });
  it('refuse what they do not know', () => {
    for (const risk of ['worst', { rule: 'quantile', q: 1 }, { rule: 'abstain' }, { rule: 'min' }])
      expect(riskSchema.safeParse(risk).success).toBe(false);
  });
  it('weigh groups of raters by their shares, the least of them being the worst off', async () => {
    const of = (name: string, share: number, mean: number) => ({
      ...scoring(mean, 0),
      score: async () => [{ mean }],
      group: { name, share },
    });
    const scored = async (risk: Risk) =>
      (
        await createEnsemble([of('a', 0.75, 1), of('b', 0.25, -1), of('a', 0.75, 1), of('b', 0.25, -1)], risk).score(
          'q',
          ['r'],
        )
      )[0]!;
    expect(await scored('mean')).toMatchObject({ mean: 0.5, people: { deviation: Math.sqrt(0.75) } });
    expect((await scored('min')).mean).toBe(-1);
    expect((await scored({ rule: 'quantile', q: 0.1 })).mean).toBe(-1);
  });
});

/** Replies of two words, which half of the raters judge by the one and half by the other. */
const FIRST = ['grand', 'usual', 'scanty'];
const SECOND = ['gentle', 'common', 'brutal'];
function contested(answers: number, seed: number, minority = 0.5) {
  const rng = createRng(seed).fork('contested');
  const reply = () => [rng.integer(3), rng.integer(3)] as const;
  const text = ([a, b]: readonly [number, number]) => `${FIRST[a]} ${SECOND[b]}`;
  return Array.from({ length: answers }, (_, i): Observation[] => {
    const h = rng.integer(40);
    const own = Number(h < 40 * minority);
    const [a, b] = [reply(), reply()];
    const target = Number(rng.uniform() < sigmoid(2.5 * (b[own]! - a[own]!)));
    const ids = { judgmentId: `${i}`, itemId: `${i}`, raterId: `rater ${h}`, prompt: 'q', strata: {} };
    return observePair({
      ...ids,
      first: text(a),
      second: text(b),
      target,
      weight: 1,
      firstShownFirst: rng.uniform() < 0.5,
    });
  }).flat();
}
const AGREED = ['grand gentle', 'usual common', 'scanty brutal'];
const OPPOSED = ['grand brutal', 'scanty gentle'];

describe.each(['normal', 'categorical'] as const)('a %s distribution of worth', (form) => {
  const settings = (more: object = {}) =>
    parseConfig(
      rewardSchema,
      JSON.stringify({ ridge: 1, members: 1, disagreement: { rule: 'distributional', form }, ...more }),
      {
        source: 'test',
      },
    );
  const context = { reference: [], seed: 1, progress: ignoreProgress, stage: 'test' };
  const told = contested(1500, 1);
  it('is wide where people differ, and not where they agree', async () => {
    const model = await fitReward(told, settings(), context);
    const scores = async (risk: Risk, replies: readonly string[]) =>
      (await createEnsemble([model], risk).score('q', replies)).map(({ mean }) => mean);
    const deviations = async (replies: readonly string[]) =>
      (await model.score('q', replies)).map(({ people }) => people!.deviation);
    const [middle] = await deviations(['usual common']);
    for (const own of await deviations(OPPOSED)) expect(own).toBeGreaterThan(1.2 * middle!);
    // What half of them hate loses by a low quantile to what all find common.
    const lead = async (risk: Risk) => {
      const [common, hated] = await scores(risk, ['usual common', 'grand brutal']);
      return common! - hated!;
    };
    expect(await lead({ rule: 'quantile', q: 0.1 })).toBeGreaterThan((await lead('mean')) + 0.3);
    const pairs = OPPOSED.map((first) => ({ prompt: 'q', first, second: 'usual common' }));
    const { explained } = (await differenceOf(model, pairs))!;
    expect(explained.value).toBeLessThan(0.7);
  });
  it('is narrow where all want the same', async () => {
    const model = await fitReward(contested(800, 2, 1), settings(), context);
    const scores = await model.score('q', [...AGREED, ...OPPOSED]);
    expect(explainedVariance(scores.map(({ people }) => people!))).toBeGreaterThan(0.8);
  });
  it('is the same number after it was saved as plain data', async () => {
    const [member] = await fitMembers(contested(300, 1), settings(), { seed: 1, contextOf: () => context });
    expect(JSON.parse(JSON.stringify((member as { state: unknown }).state))).toEqual(
      (member as { state: unknown }).state,
    );
  });
});

describe('the objective of a distribution', () => {
  const told = contested(40, 3);
  const plain = told.slice(0, 20);
  const ties = told.slice(20).map((own): Observation => ({ ...own, ties: 'davidson' }) as Observation);
  const tied = ties.map(
    (own, i): Observation =>
      i % 3 === 0 ? ({ ...own, answer: { kind: 'comparison', outcome: 'tie' } } as Observation) : own,
  );
  it.each(['normal', 'categorical'] as const)('%s has the slopes of its value', (form) => {
    const rng = createRng('slopes');
    const features = new Map<string, Float64Array>();
    const featuresOf = ({ reply }: { readonly reply: string }) => {
      if (!features.has(reply))
        features.set(
          reply,
          Float64Array.from({ length: 3 }, () => rng.normal()),
        );
      return { indices: [0, 1, 2], values: features.get(reply)! };
    };
    const { objective, start } = distributionObjective(
      [...plain, ...tied],
      { size: 3, ridge: 0.7, featuresOf },
      { form, position: true },
    );
    const at = start.map((own) => own + 0.5 * rng.normal());
    const gradient = new Float64Array(at.length);
    objective(at, gradient);
    const step = 1e-5;
    for (let k = 0; k < at.length; k++) {
      const value = (by: number) => objective(at.with(k, at[k]! + by), new Float64Array(at.length));
      expect(gradient[k], String(k)).toBeCloseTo((value(step) - value(-step)) / (2 * step), 6);
    }
  });
});

describe('disagreement that a reward cannot carry', () => {
  it('is refused by name', async () => {
    const settings = (more: object) => parseConfig(rewardSchema, JSON.stringify(more), { source: 'test' });
    const context = { reference: [], seed: 1, progress: ignoreProgress, stage: 'test' };
    await expect(
      fitReward(contested(20, 1), settings({ family: 'transformer', disagreement: 'distributional' }), context),
    ).rejects.toThrow(/disagreement distributional: expected reward\.family linear, got transformer/);
    await expect(
      fitReward(contested(20, 1), settings({ disagreement: { rule: 'groups', by: 'region' } }), context),
    ).rejects.toThrow(/two groups or more.*region, got 0/);
    await expect(
      fitReward(
        contested(20, 1),
        settings({ disagreement: { rule: 'groups', found: 2 }, family: 'log-ratio' }),
        context,
      ),
    ).rejects.toThrow(/groups: expected reward\.family linear or head, got log-ratio/);
    await expect(
      fitMembers(contested(20, 1), settings({ members: 1, risk: 'min' }), { seed: 1, contextOf: () => context }),
    ).rejects.toThrow(/risk: expected two reward\.members or more/);
    expect(() => settings({ disagreement: { rule: 'groups' } })).toThrow(/by: <attribute of raters>/);
  });
  it('leaves the reward of noise as it was', () => {
    const model = fitLinearReward(contested(100, 1), { ridge: 1, order: 1 });
    expect(model.state.worth).toBeUndefined();
  });
});
