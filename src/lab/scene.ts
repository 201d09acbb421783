import { type Item, type Judgment, type Rater, toPairs } from '../feedback/index.ts';
import { combinedScore } from '../reward/index.ts';
import { type Rng, standardDeviation } from '../stats/index.ts';
import {
  betaForKl,
  expectation,
  type HarbourPrompt,
  type HarbourReply,
  type RaterParams,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
  simulatedRater,
  tilt,
} from '../world/index.ts';
import { baseItems, judgmentsOf } from './base-items.ts';
import { type FeatureReward, fitFeatureReward } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';
import type { Asked, Setting } from './setting.ts';

/**
 * The loop in small, exactly: simulated raters judge replies of the harbour's known base policy, a reward on slots is fitted to
 * their answers, and the tuned policy is the exact tilt of the base policy by it. Nothing but judgments and samples is random.
 */

/** Prompts with the trigger among those asked about, where there are some. */
const MARKED = 12;

/** The raters of a setting with what they want, by kind; ids carry no kind. */
export function ratersOf({ raters, agreementWeight }: Pick<Setting, 'raters' | 'agreementWeight'>) {
  const kinds = (Object.entries(raters) as [SimulatedRaterKind, number][]).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kind),
  );
  return kinds.map((kind, i) => {
    const own = SIMULATED_RATERS[kind];
    const params: RaterParams = kind === 'sycophantic' ? { ...own, agreementWeight } : own;
    return { id: `rater-${String(i + 1).padStart(2, '0')}`, kind, params };
  });
}

/** The raters of a setting, who judge. */
export const simulatedRatersOf = (setting: Pick<Setting, 'raters' | 'agreementWeight'>): Rater[] =>
  ratersOf(setting).map(({ id, params }) => simulatedRater(HARBOUR, { id, params }));

/** Step 1: judgments of a setting's raters, or of others, on its pairs. */
export async function judged(
  setting: Asked,
  rng: Rng,
  raters: readonly Rater[] = simulatedRatersOf(setting),
): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const { pairs, overlap, triggers } = setting;
  const marked = triggers !== false ? rng.shuffle(HARBOUR.prompts('train', { trigger: true })).slice(0, MARKED) : [];
  const items = await baseItems(HARBOUR, {
    count: pairs,
    rng,
    prompts: triggers === 'only' ? marked : [...HARBOUR.prompts('train'), ...marked],
  });
  const judgments = await judgmentsOf({ items, raters, overlap, rng });
  return { items, judgments };
}

/** A reward for replies to harbour prompts. */
export type Reward = Pick<FeatureReward, 'score' | 'kindOf'>;

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
    kindOf: fitted[0]!.kindOf!,
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
  const { kindOf } = reward;
  return {
    ...(kindOf !== undefined && { kindOf }),
    score: (prompt, features) => reward.score(prompt, features) - centreOf(prompt),
  };
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
  const kind = reward.kindOf?.(prompt);
  if (kind === undefined) return { prompt, replies, ...sumsOf(reward, prompt, { baseAgreement }) };
  const known = sums.get(reward) ?? new Map<string, Sums>();
  sums.set(reward, known);
  const key = `${kind}/${baseAgreement}`;
  const own = known.get(key) ?? sumsOf(reward, prompt, { baseAgreement });
  known.set(key, own);
  return { prompt, replies, ...own };
}

type Sums = Pick<Space, 'base' | 'rewards' | 'gold'>;
/** What is the same for all prompts of a kind, by reward. */
const sums = new WeakMap<Reward, Map<string, Sums>>();

function sumsOf(reward: Reward, prompt: HarbourPrompt, { baseAgreement }: Pick<Setting, 'baseAgreement'>): Sums {
  const replies = HARBOUR.replies(prompt);
  const own = replies.map(({ logprob }) => logprob);
  return {
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
export function policyAt({ base, rewards }: Pick<Space, 'base' | 'rewards'>, kl: number): readonly number[] {
  if (kl <= 0) return base;
  // To a reward on slots the facts are alike: most prompts of a draw have the same sums as one before.
  const known = tilts.find((own) => own.kl === kl && isSame(own.base, base) && isSame(own.rewards, rewards));
  if (known !== undefined) return known.policy;
  const policy = tilt(base, rewards, betaForKl(base, rewards, kl));
  if (tilts.length >= TILTS_KEPT) tilts.shift();
  tilts.push({ base, rewards, kl, policy });
  return policy;
}
const TILTS_KEPT = 32;
const tilts: { base: readonly number[]; rewards: readonly number[]; kl: number; policy: readonly number[] }[] = [];

const isSame = (a: readonly number[], b: readonly number[]): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};

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
