import { collectJudgments, type Item, type Judgment, type Rater, toPairs } from '../feedback/index.ts';
import { combinedScore } from '../reward/index.ts';
import { type Rng, standardDeviation } from '../stats/index.ts';
import {
  betaForKl,
  comparisonItems,
  expectation,
  fromBase,
  type HarbourPrompt,
  type HarbourReply,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
  simulatedRater,
  tilt,
} from '../world/index.ts';
import { type FeatureReward, fitFeatureReward } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';
import type { Asked, Setting } from './setting.ts';

/**
 * The loop in small, exactly: simulated raters judge replies of the harbour's known base policy, a reward on slots is fitted to
 * their answers, and the tuned policy is the exact tilt of the base policy by it. Nothing but judgments and samples is random.
 */

const NOW = () => '2026-01-01T00:00:00Z';
/** Prompts with the trigger among those asked about, where there are some. */
const MARKED = 12;

/** The raters of a setting, by kind; ids carry no kind. */
function ratersOf({ raters, agreementWeight }: Pick<Setting, 'raters' | 'agreementWeight'>) {
  const kinds = (Object.entries(raters) as [SimulatedRaterKind, number][]).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kind),
  );
  return kinds.map((kind, i) => {
    const own = SIMULATED_RATERS[kind];
    const params = kind === 'sycophantic' ? { ...own, agreementWeight } : own;
    return simulatedRater(HARBOUR, { id: `rater-${String(i + 1).padStart(2, '0')}`, params });
  });
}

/** Step 1: judgments of a setting's raters, or of others, on its pairs. */
export async function judged(
  setting: Asked,
  rng: Rng,
  raters: readonly Rater[] = ratersOf(setting),
): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const { pairs, overlap, triggers } = setting;
  const marked = triggers ? rng.shuffle(HARBOUR.prompts('train', { trigger: true })).slice(0, MARKED) : [];
  const items = await comparisonItems({
    ground: HARBOUR,
    prompts: [...HARBOUR.prompts('train'), ...marked],
    count: pairs,
    rng,
    projectId: 'lab',
    origin: 'base policy, exact',
    replies: fromBase(HARBOUR, rng),
  });
  const judgments: Judgment[] = [];
  for await (const judgment of collectJudgments({ items, raters, overlap, rng, now: NOW })) judgments.push(judgment);
  return { items, judgments };
}

/** A reward for replies to harbour prompts. */
export type Reward = Pick<FeatureReward, 'score'>;

/** Step 2: the reward fitted to what a setting's raters say; of several members each has pairs of its own drawn from them. */
export async function rewardOf(setting: Setting, rng: Rng): Promise<Reward> {
  const { slots, members, risk } = setting;
  const { items, judgments } = await judged(setting, rng);
  const { pairs } = toPairs(items, judgments);
  if (members === 1) return fitFeatureReward(HARBOUR, pairs, slots);
  const fitted = Array.from({ length: members }, (_, m) => {
    const draw = rng.fork(`member/${m}`);
    const own = pairs.map(() => pairs[draw.integer(pairs.length)]!);
    return centred(fitFeatureReward(HARBOUR, own, slots));
  });
  return {
    score(prompt, features) {
      // Scores are known up to a constant of the prompt: members are compared against what each gives the prompt's replies.
      const values = fitted.map((member) => member.score(prompt, features));
      return combinedScore(values, standardDeviation(values), risk);
    },
  };
}

/** A reward with its score less what the base policy's replies to the prompt are expected to get, which is found once a prompt. */
function centred(reward: FeatureReward): Reward {
  const centres = new Map<string, number>();
  const centreOf = (prompt: HarbourPrompt): number => {
    const known = centres.get(prompt.id);
    if (known !== undefined) return known;
    const replies = HARBOUR.replies(prompt);
    const centre = expectation(
      replies.map(({ logprob }) => logprob),
      replies.map(({ features }) => reward.score(prompt, features)),
    );
    centres.set(prompt.id, centre);
    return centre;
  };
  return { score: (prompt, features) => reward.score(prompt, features) - centreOf(prompt) };
}

/** Every reply to a prompt with its base log-probability, its reward and its true utility. */
export interface Space {
  readonly prompt: HarbourPrompt;
  readonly replies: readonly HarbourReply[];
  readonly base: readonly number[];
  readonly rewards: readonly number[];
  readonly gold: readonly number[];
}

export function spaceOf(
  reward: Reward,
  prompt: HarbourPrompt,
  { baseAgreement }: Pick<Setting, 'baseAgreement'>,
): Space {
  const replies = HARBOUR.replies(prompt);
  const own = replies.map(({ logprob }) => logprob);
  return {
    prompt,
    replies,
    base:
      baseAgreement === 0
        ? own
        : tilt(
            own,
            replies.map(({ text }) => baseAgreement * Number(HARBOUR.labels(prompt, text)!.agrees)),
            1,
          ),
    rewards: replies.map(({ features }) => reward.score(prompt, features)),
    gold: replies.map(({ gold }) => gold),
  };
}

/** Step 3: the exact tilt of the base policy at a KL, as log-probabilities over the listed replies. */
export const policyAt = ({ base, rewards }: Pick<Space, 'base' | 'rewards'>, kl: number): number[] =>
  kl <= 0 ? [...base] : tilt(base, rewards, betaForKl(base, rewards, kl));

/** Replies drawn from a policy. */
export function drawReplies(
  { replies }: Pick<Space, 'replies'>,
  policy: readonly number[],
  { n, rng }: { readonly n: number; readonly rng: Rng },
): { reply: HarbourReply; logprob: number }[] {
  const weights = policy.map(Math.exp);
  return Array.from({ length: n }, () => {
    const i = rng.choose(weights);
    return { reply: replies[i]!, logprob: policy[i]! };
  });
}
