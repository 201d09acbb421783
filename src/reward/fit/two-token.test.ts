import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ignoreProgress } from '../../run/index.ts';
import { observePair } from '../observe.ts';
import { syntheticPairs } from '../synthetic.fake.ts';
import { tinyBase } from '../tiny-base.fake.ts';
import { fitTwoTokenReward } from './two-token.ts';

const pairs = syntheticPairs(1, 400);
let tiny: Awaited<ReturnType<typeof tinyBase>>;
beforeAll(async () => {
  tiny = await tinyBase(
    pairs.flatMap(({ first, second }) => [first, second]),
    { vocabulary: 300, width: 16 },
  );
});
afterAll(() => tiny.dispose());

const fitted = (labels: readonly [string, string]) => {
  const { engine, base, codec } = tiny;
  const settings = { epochs: 3, batch: 16, learningRate: 1e-2, seed: 1, progress: ignoreProgress };
  return fitTwoTokenReward(engine, pairs.flatMap(observePair), {
    ...settings,
    spec: base.spec(undefined),
    from: base.folder,
    codec,
    labels,
  });
};

describe('a reward by the log-odds of two tokens', () => {
  it('learns what the answers prefer, on texts that it was not fitted on', async () => {
    const reward = await fitted(['good', 'bad']);
    const held = syntheticPairs(2, 60).flatMap(({ first, second }) => [first, second]);
    const meanOf = async (word: string) => {
      const scores = await reward.score(
        'q',
        held.filter((text) => text.endsWith(word)),
      );
      return scores.reduce((sum, { mean }) => sum + mean, 0) / scores.length;
    };
    const [good, plain, bad] = [await meanOf('good'), await meanOf('plain'), await meanOf('bad')];
    await reward.dispose();
    expect([good > plain + 0.5, plain > bad + 0.5]).toEqual([true, true]);
  });

  it('refuses labels that begin with the same token', async () => {
    await expect(fitted(['same', 'same'])).rejects.toThrow(/reward\.labels same, same: expected texts whose first/);
  });
});
