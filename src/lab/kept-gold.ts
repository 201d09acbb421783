import { createRng, type Interval, mean, meanInterval, quantile } from '../stats/index.ts';
import { bestOfNExact, expectation, type Ground, isListed, kl, tiltAtMeanKl } from '../world/index.ts';

/** Replies that can be chosen for a prompt: how likely each is before, what a reward says of it, and what it is worth. */
export interface ChoiceSpace {
  readonly prompt: string;
  /** Log-probabilities of the policy that is optimised, in nats; they sum to one. */
  readonly logprobs: readonly number[];
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
}

export interface BestOfPoint {
  readonly n: number;
  /** Mean KL from the policy before, in nats: exact for these replies, not the bound. */
  readonly kl: number;
  readonly proxy: number;
  readonly gold: number;
  /** Of the gold, over prompts. */
  readonly interval: Interval;
}

/** What the best of n by the reward is worth, exactly, over the replies of each space; ties are shared by chance. */
export function bestOfCurve(spaces: readonly ChoiceSpace[], ns: readonly number[]): BestOfPoint[] {
  return ns.map((n) => {
    const each = spaces.map(({ logprobs, proxy, gold }) => {
      const chosen = bestOfNExact(logprobs, proxy, n);
      return { kl: kl(chosen, logprobs), proxy: expectation(chosen, proxy), gold: expectation(chosen, gold) };
    });
    const golds = each.map((own) => own.gold);
    return {
      n,
      kl: mean(each.map((own) => own.kl)),
      proxy: mean(each.map((own) => own.proxy)),
      gold: mean(golds),
      interval: meanInterval(golds).interval,
    };
  });
}

export interface KeptGold {
  /** KL that optimisation may spend, mean over prompts, in nats. */
  readonly kl: number;
  /** Gold before, of the exact optimum of the reward, and of the exact optimum of gold itself, at that KL. */
  readonly before: number;
  readonly optimised: number;
  readonly possible: number;
  /** (optimised − before) / (possible − before): 1 keeps all that there is, 0 gains nothing, below 0 it harms. */
  readonly kept: number;
  readonly interval: Interval;
  readonly prompts: number;
}

/** Replicates of an interval. */
const REPLICATES = 2000;

/**
 * What a reward is for: the share of the gold that could be had at a KL which its exact optimum π ∝ π₀·e^{r/β} has, β being one for
 * all prompts. Percentile bootstrap over prompts, β held. Null where gold itself could gain nothing.
 */
export function keptGold(spaces: readonly ChoiceSpace[], target: number): KeptGold | null {
  const goldUnder = (rewards: (space: ChoiceSpace) => readonly number[]) => {
    const policies = tiltAtMeanKl(
      spaces.map((space) => ({ logprobs: space.logprobs, rewards: rewards(space) })),
      target,
    );
    return policies.map((policy, i) => expectation(policy, spaces[i]!.gold));
  };
  const before = spaces.map(({ logprobs, gold }) => expectation(logprobs, gold));
  const optimised = goldUnder(({ proxy }) => proxy);
  const possible = goldUnder(({ gold }) => gold);
  const gained = optimised.map((own, i) => own - before[i]!);
  const most = possible.map((own, i) => own - before[i]!);
  if (!(mean(most) > 1e-9)) return null;
  const rng = createRng('kept-gold');
  const drawn: number[] = [];
  for (let r = 0; r < REPLICATES; r++) {
    let [got, could] = [0, 0];
    for (const _ of spaces) {
      const i = rng.integer(spaces.length);
      got += gained[i]!;
      could += most[i]!;
    }
    if (could > 0) drawn.push(got / could);
  }
  return {
    kl: target,
    before: mean(before),
    optimised: mean(optimised),
    possible: mean(possible),
    kept: mean(gained) / mean(most),
    interval:
      spaces.length < 2
        ? { low: Number.NEGATIVE_INFINITY, high: 1, level: 0.95 }
        : { low: quantile(drawn, 0.025), high: quantile(drawn, 0.975), level: 0.95 },
    prompts: spaces.length,
  };
}

/** Scores of replies, as any scorer gives them. */
type ScoreReplies = (prompt: string, replies: readonly string[]) => Promise<readonly { readonly mean: number }[]>;

/** Every reply of a ground to prompts that nothing is trained on, with its true utility, under the ground's own base policy. */
export async function groundSpaces(ground: Ground, score: ScoreReplies): Promise<ChoiceSpace[] | null> {
  if (!isListed(ground)) return null;
  const spaces: ChoiceSpace[] = [];
  for (const prompt of ground.prompts('evaluation')) {
    const replies = ground.replies(prompt);
    const scores = await score(
      prompt.text,
      replies.map(({ text }) => text),
    );
    spaces.push({
      prompt: prompt.text,
      logprobs: replies.map(({ logprob }) => logprob),
      proxy: scores.map((own) => own.mean),
      gold: replies.map(({ gold }) => gold),
    });
  }
  return spaces;
}
