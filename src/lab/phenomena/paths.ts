import { mean } from '../../stats/index.ts';
import { expectation } from '../../world/index.ts';
import { HARBOUR } from '../harbour.ts';
import { policyAt, type Reward, type Space, spaceOf } from '../scene.ts';
import { USUAL } from '../setting.ts';

/** Every other prompt trained on; to a reward on slots those of one belief are alike. */
const PROMPTS = HARBOUR.prompts('train').filter((_, i) => i % 2 === 0);

/** The exact spaces of a reward on prompts of the harbour. */
export const spacesOf = (reward: Reward, prompts = PROMPTS): Space[] =>
  prompts.map((prompt) => spaceOf(reward, prompt, USUAL));

/** Mean over prompts of something under the exact tilt of the base policy at a KL, nats a reply. */
export const underTilt = (spaces: readonly Space[], kl: number, values: (space: Space) => readonly number[]): number =>
  mean(spaces.map((space) => expectation(policyAt(space, kl), values(space))));

export const goldAt = (spaces: readonly Space[], kl: number): number => underTilt(spaces, kl, ({ gold }) => gold);

/** KL of the points of a path. */
export const KLS: readonly number[] = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/** How far true utility has fallen at the end of a path from its highest point. */
export const dropOf = (gold: readonly number[]): number => Math.max(...gold) - gold.at(-1)!;
