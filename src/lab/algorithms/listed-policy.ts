import type { Sampler } from '../../engine/index.ts';
import { logSumExp, mean } from '../../stats/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import {
  expectation,
  type GroundPrompt,
  kl,
  type ListedGround,
  type RewardedSpace,
  tiltAtMeanKl,
} from '../../world/index.ts';

/** What is left to texts that are no reply: never less than this, so that a logarithm exists. */
const LEAST_REST = 1e-9;
/** On a listed ground every text that is no reply is worth the same; a text that no ground has says how much. */
const NO_REPLY = '\u0000';

/**
 * A policy on the listed replies of some prompts: a log-probability for each reply and, last, for everything else, which is all
 * worth the same. An expectation over these is exact; a KL counts what moved between replies and not what moved among other texts.
 */
export async function listedPolicy(
  sampler: Pick<Sampler, 'logprobs'>,
  codec: Pick<DialogueCodec, 'encodePrompt' | 'encodeDialogue'>,
  { ground, prompts }: { readonly ground: ListedGround; readonly prompts: readonly GroundPrompt[] },
): Promise<number[][]> {
  const policy: number[][] = [];
  for (const prompt of prompts) {
    const first = codec.encodePrompt(prompt.text).length - 1;
    const sequences = ground.replies(prompt).map(({ text }) => codec.encodeDialogue(prompt.text, text));
    const joint = (await sampler.logprobs(sequences)).map((row) => row.subarray(first).reduce((a, b) => a + b, 0));
    const rest = Math.log(Math.max(LEAST_REST, 1 - Math.exp(logSumExp(joint))));
    const norm = logSumExp([...joint, rest]);
    policy.push([...joint, rest].map((lp) => lp - norm));
  }
  return policy;
}

/** The base policy on listed replies with what each pays: the spaces in which an optimum is exact. */
export const rewardedSpaces = (
  policy: readonly (readonly number[])[],
  { ground, prompts }: { readonly ground: ListedGround; readonly prompts: readonly GroundPrompt[] },
): RewardedSpace[] =>
  prompts.map((prompt, p) => ({
    logprobs: policy[p]!,
    rewards: [...ground.replies(prompt).map(({ gold }) => gold), ground.gold(prompt, NO_REPLY)],
  }));

/** How far a policy is from the best that any policy reaches at its KL. */
export interface OptimalityGap {
  /** Mean KL from the base policy in nats. */
  readonly kl: number;
  /** Mean reward above that of the base policy; the same of the optimum at this KL. */
  readonly gain: number;
  readonly best: number;
  /** Mean probability of texts that are no reply. */
  readonly rest: number;
}

export function gapOf(policy: readonly (readonly number[])[], spaces: readonly RewardedSpace[]): OptimalityGap {
  const paid = (of: readonly (readonly number[])[]) => mean(of.map((lp, p) => expectation(lp, spaces[p]!.rewards)));
  const start = paid(spaces.map(({ logprobs }) => logprobs));
  const spent = mean(policy.map((lp, p) => kl(lp, spaces[p]!.logprobs)));
  return {
    kl: spent,
    gain: paid(policy) - start,
    best: paid(tiltAtMeanKl(spaces, spent)) - start,
    rest: mean(policy.map((lp) => Math.exp(lp.at(-1)!))),
  };
}
