import { loadReward, type RewardModel, type Risk } from '../reward/index.ts';
import { pathIn, type RunContext } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** Loads the reward of a round, under another rule for its ensemble where one is given, lets it be used, and lets it go; the engine stays. */
export async function withReward<T>(
  context: RunContext,
  risk: Risk | undefined,
  use: (reward: RewardModel) => Promise<T>,
): Promise<T> {
  const engine = () => ({ ...context.engines.reward, dispose: async () => {} });
  const reward = await loadReward(pathIn(context, RUN_FILES.rewardModel), engine, risk === undefined ? {} : { risk });
  try {
    return await use(reward);
  } finally {
    await reward.dispose();
  }
}
