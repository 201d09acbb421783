import { expect, it } from 'vitest';
import { collectJudgments } from '../../src/feedback/index.ts';
import { describeAlgorithm } from '../../src/policy/algorithm.contract.ts';
import { createRng } from '../../src/stats/index.ts';
import { describeGround } from '../../src/world/ground.contract.ts';
import { comparisonItems, raterPool } from '../../src/world/index.ts';
import { createColours } from './colours.ts';
import { reinforce } from './reinforce.ts';

/** Extensions as somebody else would write them: one file each, held to the same promises as the project's own. */
describeGround('colours', createColours);
describeAlgorithm(reinforce, {
  settings: { steps: 12, promptsPerStep: 2, samples: 8, learningRate: 0.02, maxTokens: 4, missingEosPenalty: 0 },
});

it('simulated raters judge a ground that they have never seen', async () => {
  const [ground, rng] = [createColours(), createRng(1)];
  const replies = async (prompts: readonly unknown[]) => prompts.map(() => ['It is red.', 'It is green.']);
  const work = { ground, prompts: ground.prompts('train'), projectId: 'colours', origin: 'written' };
  const items = await comparisonItems({ ...work, count: 40, rng, replies });
  const { raters } = raterPool(ground, { oracle: 1 });
  const decided = items.filter(({ gold }) => gold !== 'tie');
  expect(decided.length).toBeGreaterThan(5);
  for await (const { itemId, answer } of collectJudgments({ items: decided, raters, overlap: 1, rng, now: () => '' }))
    expect(answer).toMatchObject({ outcome: decided.find(({ id }) => id === itemId)!.gold });
});
