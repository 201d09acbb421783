import { loadReward, type RewardModel } from '../reward/index.ts';
import type { PolicySettings } from './policy-config.ts';
import { pathIn, type RunContext } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** Loads the reward of a round under a rule for its ensemble, lets it be used, and lets it go; the engine stays. */
export async function withReward<T>(
  context: RunContext,
  _risk: PolicySettings['risk'],
  use: (reward: RewardModel) => Promise<T>,
): Promise<T> {
  const engine = () => ({ ...context.engines.reward, dispose: async () => {} });
  const reward = await loadReward(pathIn(context, RUN_FILES.rewardModel), engine);
  try {
    return await use(reward);
  } finally {
    await reward.dispose();
  }
}
