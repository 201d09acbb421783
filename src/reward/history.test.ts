import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ignoreProgress, parseConfig } from '../run/index.ts';
import { loadReward, saveReward } from './artefact.ts';
import { FAMILIES, rewardSchema } from './families.ts';
import { fitMembers } from './fit-members.ts';
import { observePair } from './observe.ts';
import type { RewardModel } from './reward-model.ts';
import { syntheticPairs } from './synthetic.fake.ts';
import { tinyBase } from './tiny-base.fake.ts';

const pairs = syntheticPairs(1, 60);
const texts = pairs.flatMap(({ first, second }) => [first, second]);
let tiny: Awaited<ReturnType<typeof tinyBase>>;
beforeAll(async () => {
  tiny = await tinyBase(texts, { vocabulary: 280, width: 32 });
});
afterAll(() => tiny.dispose());

/** Settings that only networks have: of a head and of linear rewards, nothing is trained. */
const TRAINED = ', epochs: 1, batch: 16';

describe.each(Object.keys(FAMILIES) as (keyof typeof FAMILIES)[])('an ensemble of %s rewards', (family) => {
  it('says the same to the same, whatever it was asked before', async () => {
    const trained = 'epochs' in FAMILIES[family].config.shape ? TRAINED : '';
    const config = parseConfig(rewardSchema, `{ family: ${family}, members: 2${trained} }`, { source: 'test' });
    const contextOf = () => ({ reference: [], progress: ignoreProgress, stage: 'test', base: tiny.base });
    const members = await fitMembers(pairs.flatMap(observePair), config, { seed: 1, contextOf });
    const saved = join(tiny.folder, family);
    await saveReward(saved, members, { text: tiny.text });
    // As an evaluation asks: prompt by prompt, all at once.
    const asked = (model: RewardModel, from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, i) => model.score('q', texts.slice(4 * (from + i), 4 * (from + i) + 4))),
      );
    const load = () => loadReward(saved, () => ({ ...tiny.engine, dispose: async () => {} }));
    // What a run that was killed and resumed asks: only the later of two evaluations, which have some replies in common.
    const [whole, resumed] = [await load(), await load()];
    await asked(whole, 8, 30);
    await asked(whole, 3, 5);
    const scores = await asked(resumed, 0, 16);
    expect(await asked(whole, 0, 16)).toEqual(scores);
    expect(scores.flat().every(({ mean }) => Number.isFinite(mean))).toBe(true);
    await asked(whole, 16, 30);
    expect(await asked(whole, 0, 16)).toEqual(scores);
    for (const model of [whole, resumed, ...members]) await model.dispose();
  });
});
