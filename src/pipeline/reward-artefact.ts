import type { Engine } from '../engine/index.ts';
import { loadReward, type RewardModel, type Risk } from '../reward/index.ts';
import { DataError } from '../run/index.ts';
import { type Place, pathIn, type RunContext } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** Loads the reward of a round, under another rule for its ensemble where one is given, lets it be used, and lets it go; the engine stays. */
export async function withReward<T>(
  context: Place & Pick<RunContext, 'engines'>,
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

/**
 * The reward of a round as its files have it, without any engine; undefined where it is a network. Only for rewards whose
 * files are known to follow from the judgments.
 */
export async function filedReward(place: Place, risk: Risk | undefined): Promise<RewardModel | undefined> {
  if (place.config.reward.family !== 'linear') return undefined;
  const noEngine = (): Engine => {
    throw new DataError('reward', `${RUN_FILES.rewardModel}: expected linear members, got a network; fit it again`);
  };
  return loadReward(pathIn(place, RUN_FILES.rewardModel), noEngine, risk === undefined ? {} : { risk });
}
