import type { RunView } from '../audit/index.ts';
import type { Item, Judgment, RaterProfile } from '../feedback/index.ts';
import { HARBOUR } from './harbour.ts';
import type { Reward } from './scene.ts';

/** What a run would show of its feedback and its reward, for evidence that is gathered from these. */
export const feedbackView = (
  feedback: {
    readonly items: readonly Item[];
    readonly judgments: readonly Judgment[];
    readonly raters?: readonly RaterProfile[];
  },
  reward?: Reward,
): RunView => ({
  seed: 1,
  ground: HARBOUR,
  feedback: { raters: [], ...feedback },
  snapshots: [],
  paths: [],
  ...(reward !== undefined && { score: scoreOf(reward) }),
});

const scoreOf =
  (reward: Reward): NonNullable<RunView['score']> =>
  async (text, replies) => {
    const prompt = HARBOUR.promptOf(text)!;
    return replies.map((reply) => ({ mean: reward.score(prompt, HARBOUR.parse(prompt, reply)!) }));
  };
