import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ignoreProgress, parseConfig } from '../../run/index.ts';
import { createRng, mean } from '../../stats/index.ts';
import { loadReward, saveReward } from '../artefact.ts';
import { refuseKinds, rewardSchema } from '../families.ts';
import { fitMembers } from '../fit-members.ts';
import { observePair } from '../observe.ts';
import { closeReference, openReference } from '../reference.ts';
import { syntheticPairs } from '../synthetic.fake.ts';
import { tinyBase } from '../tiny-base.fake.ts';
import { fitHeadReward } from './head.ts';

const texts = syntheticPairs(1, 200).flatMap(({ first, second }) => [first, second]);
let tiny: Awaited<ReturnType<typeof tinyBase>>;
beforeAll(async () => {
  tiny = await tinyBase(texts, { vocabulary: 280, width: 32 });
});
afterAll(() => tiny.dispose());

const config = parseConfig(rewardSchema, '{ family: head, members: 1, ridge: 3 }', { source: 'test' });
const fitted = async (n: number) => {
  const reference = [{ prompt: 'q', replies: texts.slice(0, 60) }];
  const contextOf = () => ({ reference, progress: ignoreProgress, stage: 'test', base: tiny.base });
  const [member] = await fitMembers(syntheticPairs(1, n).flatMap(observePair), config, { seed: 1, contextOf });
  return member!;
};

describe('a head on frozen features', () => {
  it('learns what matters, is less sure of less, and scores the same when loaded', async () => {
    const [little, much] = [await fitted(30), await fitted(400)];
    const fresh = syntheticPairs(2, 120).filter(
      ({ first, second }) => first.includes('good') !== second.includes('good'),
    );
    const right = [];
    for (const { first, second } of fresh) {
      const [a, b] = await much.score('q', [first, second]);
      right.push(Number(a!.mean > b!.mean === first.includes('good')));
    }
    expect(mean(right)).toBeGreaterThan(0.8);
    const spreads = async (model: typeof much) =>
      mean((await model.score('q', texts.slice(0, 40))).map(({ spread }) => spread! * model.logOdds));
    expect(await spreads(much)).toBeLessThan(0.8 * (await spreads(little)));
    const before = await much.score('q', texts.slice(0, 5));
    const saved = join(tiny.folder, 'head');
    await saveReward(saved, [much], { text: tiny.text });
    const loaded = await loadReward(saved, () => ({ ...tiny.engine, dispose: async () => {} }));
    expect(await loaded.score('q', texts.slice(0, 5))).toEqual(before);
    await loaded.dispose();
  });

  it('has a posterior that is the closed form of its optimum: one more answer moves a score by what the spread says', async () => {
    // With one weight direction and a flat likelihood, the variance of a score is x·x over the ridge.
    const pair = { ...syntheticPairs(3, 1)[0]!, weight: 1e-9 };
    const relativeTo = await tiny.base.reference();
    const model = await fitHeadReward(observePair(pair), { ridge: 4, relativeTo, codec: tiny.codec });
    const [first] = await model.score('q', [pair.first]);
    // Two texts: standardised features are ±1 wherever they differ, so that x·x counts the features that do.
    const differ = 128;
    expect(first!.spread! ** 2).toBeCloseTo(differ / 4, 3);
  });

  it('reads how likely the language model finds what is said, which no single state tells', async () => {
    const opened = await tiny.base.reference();
    // A model whose states are all alike and whose tokens differ in nothing but how likely they are.
    const surprise = (token: number) => -((token * 37) % 11) / 3;
    const sampler = {
      ...opened.sampler,
      hidden: async (all: readonly Int32Array[]) => all.map(({ length }) => new Float32Array(2 * length).fill(1)),
      logprobs: async (all: readonly Int32Array[]) => all.map((own) => Float32Array.from(own.slice(1), surprise)),
    };
    const worth = (reply: string) => {
      const own = [...tiny.codec.encodeReply(reply)].slice(0, -1);
      return own.reduce((sum, token) => sum + surprise(token), 0);
    };
    const pairs = (seed: number, n: number) =>
      syntheticPairs(seed, n).map((pair) => ({ ...pair, target: Number(worth(pair.first) > worth(pair.second)) }));
    const relativeTo = { ...opened, sampler };
    const model = await fitHeadReward(pairs(5, 200).flatMap(observePair), { ridge: 1, relativeTo, codec: tiny.codec });
    const right = [];
    for (const { first, second } of pairs(6, 60).filter((pair) => worth(pair.first) !== worth(pair.second))) {
      const [a, b] = await model.score('q', [first, second]);
      right.push(Number(a!.mean > b!.mean === worth(first) > worth(second)));
    }
    expect(mean(right)).toBeGreaterThan(0.95);
  });

  it('refuses an engine that shows no hidden states, by name', async () => {
    const { engine, base, codec } = tiny;
    const opened = await openReference(engine, base.spec(undefined), base.folder);
    const { hidden: _, ...blind } = { ...opened.sampler, hidden: undefined };
    const answers = syntheticPairs(1, 4).flatMap(observePair);
    const bare = { ...opened, sampler: blind as typeof opened.sampler };
    await expect(fitHeadReward(answers, { ridge: 1, relativeTo: bare, codec })).rejects.toThrow(
      /reward\.family head: expected an engine that shows hidden states/,
    );
    await closeReference(opened);
  });
});

describe('families and the kinds of answers that they cannot carry', () => {
  it('are refused by name: log-ratios have no level between prompts', () => {
    const kinds = createRng(1)
      .shuffle(['comparison', 'rating', 'critique'] as const)
      .map((kind) => ({ kind }));
    expect(() => refuseKinds(kinds, { family: 'log-ratio' })).toThrow(
      /reward\.family log-ratio: .*(rating, critique|critique, rating).* choose linear, transformer, two-token, head, or read only other kinds/,
    );
    for (const family of ['linear', 'transformer', 'two-token', 'head'] as const) refuseKinds(kinds, { family });
    refuseKinds([{ kind: 'comparison' }, { kind: 'spans' }], { family: 'log-ratio' });
  });
});
