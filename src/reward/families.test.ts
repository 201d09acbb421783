import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { loadReward, saveReward } from './artefact.ts';
import { createEnsemble, riskSchema } from './ensemble.ts';
import { FAMILIES, rewardSchema } from './families.ts';
import { fitLinearReward } from './fit/linear.ts';
import { fitMembers } from './fit-members.ts';
import { fitNormaliser, normalise } from './normaliser.ts';
import { observePair, resampleItems } from './observe.ts';
import type { RewardModel } from './reward-model.ts';
import { syntheticPairs } from './synthetic.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-reward-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const noEngine = () => {
  throw new RangeError('a linear model needs no engine');
};
const members = (seed: number, n: number, ridge: number) => {
  const pairs = syntheticPairs(seed, n);
  const reference = [{ prompt: 'q', replies: pairs.slice(0, 50).map((p) => p.first) }];
  const observations = pairs.flatMap(observePair);
  return [1, 2, 3].map((m) => fitLinearReward(resampleItems(observations, createRng(m)), { ridge, reference }));
};
/** A model that gives everything one score. */
const constant = (mean: number): RewardModel => ({
  id: 'constant',
  family: 'linear',
  logOdds: 1,
  score: async (_, replies) => replies.map(() => ({ mean })),
  dispose: async () => {},
});

describe('the configuration of a reward', () => {
  const read = (text: string) => parseConfig(rewardSchema, text, { source: 'reward' });

  it('has defaults in every family, and the linear one where none is named', () => {
    expect(read('{}')).toMatchObject({ family: 'linear', members: 3, ridge: 30, risk: 'mean', strength: 'ignore' });
    const transformer = read('family: transformer');
    expect(transformer).toMatchObject({ family: 'transformer', epochs: 3, risk: 'mean' });
    expect(transformer).not.toHaveProperty('ridge');
  });

  it('refuses by name what the family does not read, for every key of every family', () => {
    expect(() => read('{ family: transformer, ridge: 3 }')).toThrow(
      /reward: ridge: linear, head only; family is transformer/,
    );
    expect(() => read('epochs: 3')).toThrow(/epochs: transformer, log-ratio, two-token only; family is linear/);
    const shapes = Object.entries(FAMILIES).map(([id, { config }]) => [id, Object.keys(config.shape)] as const);
    for (const [id, own] of shapes) {
      for (const key of shapes.flatMap(([, keys]) => keys).filter((other) => !own.includes(other)))
        expect(() => read(`{ family: ${id}, ${key}: 1 }`)).toThrow(new RegExp(`${key}: .* only; family is ${id}`));
    }
  });

  it('refuses unknown keys and families with a hint', () => {
    expect(() => read('ridgee: 3')).toThrow(/unknown key ridgee; did you mean ridge\?/);
    expect(() => read('family: forest')).toThrow(/family: .*linear.*transformer/);
    expect(() => read('toString: 3')).toThrow(/unknown key toString/);
    expect(() => read('risk: bold')).toThrow(/risk: expected mean, min, or/);
  });
});

describe('ensembles', () => {
  it.each([
    ['mean', 2],
    ['min', 1],
    [{ rule: 'pessimistic', k: 2 }, 2 - 2 * 1],
  ] as const)('with risk %j give scores of 1, 2 and 3 as %f', async (risk, want) => {
    const [score] = await createEnsemble([1, 2, 3].map(constant), riskSchema.parse(risk)).score('q', ['a']);
    expect(score!.mean).toBeCloseTo(want, 12);
    expect(score!.spread).toBeCloseTo(1, 12);
  });

  it('disagree less the more they were told', async () => {
    const replies = syntheticPairs(9, 40).map(({ first }) => first);
    const spreadAfter = async (n: number) => {
      const pairs = syntheticPairs(6, n).flatMap(observePair);
      const reference = [{ prompt: 'q', replies }];
      const fitted = [1, 2, 3, 4].map((m) =>
        fitLinearReward(resampleItems(pairs, createRng(m)), { ridge: 0.1, order: 1, reference }),
      );
      const scores = await createEnsemble(fitted).score('q', replies);
      return scores.reduce((sum, { spread }) => sum + spread!, 0) / scores.length;
    };
    expect(await spreadAfter(40)).toBeGreaterThan(2 * (await spreadAfter(800)));
  });

  it('have members of their own seed and resample, and one member has all the data', async () => {
    const observations = syntheticPairs(5, 200).flatMap(observePair);
    const contextOf = () => ({ reference: [], progress: () => {}, stage: 'test' });
    const fitted = (config: string, seed: number) =>
      fitMembers(observations, parseConfig(rewardSchema, config, { source: 'test' }), { seed, contextOf });
    const scoreOf = async (member: RewardModel) => (await member.score('q', ['boat good']))[0]!.mean;
    const [one] = await fitted('{ members: 1, ridge: 1 }', 1);
    const whole = fitLinearReward(observations, { ridge: 1, position: true });
    expect(await scoreOf(one!)).toBe(whole.scoreNow(['boat good'])[0]);
    const three = await Promise.all((await fitted('{ members: 3, ridge: 1 }', 1)).map(scoreOf));
    expect(new Set(three).size).toBe(3);
    expect(await Promise.all((await fitted('{ members: 3, ridge: 1 }', 1)).map(scoreOf))).toEqual(three);
  });

  it('resample whole items, all judgments of an item together', () => {
    const observations = syntheticPairs(1, 30).flatMap((pair) =>
      [0, 1].flatMap((h) => observePair({ ...pair, raterId: `${h}` })),
    );
    const drawn = resampleItems(observations, createRng(1));
    expect(drawn.reduce((sum, { weight }) => sum + weight, 0)).toBe(60);
    const items = new Map<string, string[]>();
    for (const { itemId, raterId, weight } of drawn) {
      expect(Number.isInteger(weight)).toBe(true);
      items.set(itemId, [...(items.get(itemId) ?? []), `${raterId} × ${weight}`]);
    }
    expect(items.size).toBeLessThan(30);
    for (const [first, second] of items.values()) expect(second!.slice(1)).toBe(first!.slice(1));
  });
});

describe('artefacts', () => {
  it('keep normalisers and risk: a saved ensemble gives the same scores', async () => {
    const fitted = members(5, 300, 1);
    const replies = ['boat good', 'bad wave rope', 'something else entirely'];
    const risk = { rule: 'pessimistic', k: 2 } as const;
    await saveReward(join(folder, 'model'), fitted, { risk });
    const before = await createEnsemble(fitted, risk).score('q', replies);
    const loaded = await loadReward(join(folder, 'model'), noEngine);
    expect(await loaded.score('q', replies)).toEqual(before);
    expect(loaded.logOdds).toBeCloseTo(fitted.reduce((sum, { logOdds }) => sum + logOdds, 0) / 3, 12);
    const means = await (await loadReward(join(folder, 'model'), noEngine, { risk: 'mean' })).score('q', replies);
    for (const [i, score] of means.entries()) expect(before[i]!.mean).toBeCloseTo(score.mean - 2 * score.spread!, 9);
  });

  it('that are damaged or older are refused by what is wrong', async () => {
    await saveReward(join(folder, 'damaged'), members(5, 60, 1));
    const path = join(folder, 'damaged/card.json');
    const card = JSON.parse(readFileSync(path, 'utf8'));
    const refused = async (text: string, reason: RegExp) => {
      writeFileSync(path, text);
      await expect(loadReward(join(folder, 'damaged'), noEngine)).rejects.toThrow(reason);
    };
    await refused(JSON.stringify({ ...card, format: 'goodhart-reward-1' }), /goodhart-reward-2.*fit it again/);
    await refused(JSON.stringify({ ...card, members: [] }), /members/);
    const [first, ...rest] = card.members;
    await refused(JSON.stringify({ ...card, members: [{ ...first, weights: 3 }, ...rest] }), /members\.0\.weights/);
    await refused('{"format"', /expected JSON/);
  });
});

describe('the normaliser', () => {
  it('gives reference scores mean 0 and deviation 1 within prompts', () => {
    const groups = [
      [1, 3, 5],
      [10, 14, 12],
    ];
    const n = fitNormaliser(groups);
    const scored = groups.flat().map((v) => normalise(n, v));
    expect(scored.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
    expect(normalise(n, 3) - normalise(n, 1)).toBeCloseTo(2 / n.scale, 9);
    expect(fitNormaliser([[2, 2]]).scale).toBe(1);
    expect(fitNormaliser([])).toEqual({ mean: 0, scale: 1 });
  });
});
