import { type Progress, UsageError } from '../run/index.ts';
import { type Interval, mean, meanInterval } from '../stats/index.ts';
import type { Split } from '../world/index.ts';
import { askedPolicy, type WhichPolicy } from './asked-policy.ts';
import { type EvaluatedPrompt, evaluateOn } from './evaluation.ts';
import { withReward } from './reward-artefact.ts';
import type { RunEngines } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { withSampler } from './snapshot.ts';
import { groundOf } from './sources/index.ts';
import { loadBase } from './stages/base.ts';
import { loadPrompts } from './stages/data.ts';

export interface EvalPolicyOptions extends WhichPolicy {
  /** Which prompts of the run, in its order; those of `evaluation` and `deploy` nothing was trained on. */
  readonly split: Split;
  /** How many of them, and replies to each; those of the run's audit when left out. */
  readonly prompts?: number;
  readonly samples?: number;
  /** The run's when left out: with all of these left out, the figures are those of the end of its path. */
  readonly seed?: number;
  readonly engines: RunEngines;
  readonly progress: Progress;
}

/** A mean over prompts with its 95 % interval. */
export interface PromptMean {
  readonly mean: number;
  readonly interval: Interval;
}

/** What a policy is worth beside the base model, on the same prompts. */
export interface PolicyEvaluated {
  readonly origin: string;
  readonly split: Split;
  readonly prompts: number;
  readonly samples: number;
  /** Nats a reply from the base model (k1, may be negative), and of entropy. */
  readonly kl: PromptMean;
  readonly entropy: PromptMean;
  readonly tokens: PromptMean;
  /** By the run's reward under its own rule, and by the true utility where the ground knows it; gains are paired by prompt. */
  readonly worth: readonly {
    readonly by: 'reward' | 'true utility';
    readonly base: PromptMean;
    readonly policy: PromptMean;
    readonly gain: PromptMean;
  }[];
}

const over = (values: readonly number[]): PromptMean => meanInterval(values);

const repliesMean = (
  rows: readonly EvaluatedPrompt[],
  value: (reply: EvaluatedPrompt['replies'][number]) => number,
): PromptMean => over(rows.map(({ replies }) => mean(replies.map(value))));

/** Samples a policy of a finished run and its base model on some of its prompts, and says what both are worth. */
export async function evaluateRunPolicy(folder: string, options: EvalPolicyOptions): Promise<PolicyEvaluated> {
  const { split, engines, progress } = options;
  const { place, weights, origin } = askedPolicy(folder, options);
  const { config } = place;
  const [samples, seed] = [options.samples ?? config.audit.samples, options.seed ?? config.seed];
  const all = (await loadPrompts(folder)).filter((prompt) => prompt.split === split);
  if (all.length === 0)
    throw new UsageError('split', `${folder}/${RUN_FILES.prompts}: no prompt of ${split}; name another split`);
  const prompts = all.slice(0, options.prompts ?? config.audit.prompts);
  const base = loadBase(place);
  const ground = groundOf(config);
  const tell = (done: number) => progress({ stage: 'eval', done, total: 2, unit: 'policies' });
  const [before, after] = await withReward({ ...place, engines }, undefined, (reward) =>
    withSampler(engines.policy, base, (reference) =>
      withSampler(engines.policy, weights, async (policy) => {
        const shared = { reference, codec: base.codec, ground };
        const score = (prompt: string, replies: readonly string[]) => reward.score(prompt, replies);
        const rowsOf = (sampler: typeof policy) =>
          evaluateOn(prompts, { ...shared, sampler, score }, { n: samples, maxTokens: base.limits.maxReply, seed });
        tell(0);
        const first = await rowsOf(reference);
        tell(1);
        const second = await rowsOf(policy);
        tell(2);
        return [first, second] as const;
      }),
    ),
  );
  const worthBy = (by: 'reward' | 'true utility', scores: (row: EvaluatedPrompt) => readonly number[]) => {
    const [start, end] = [before, after].map((rows) => rows.map((row) => mean(scores(row)))) as [number[], number[]];
    return { by, base: over(start), policy: over(end), gain: over(end.map((value, i) => value - start[i]!)) };
  };
  return {
    origin,
    split,
    prompts: prompts.length,
    samples,
    kl: repliesMean(after, ({ logprob, referenceLogprob }) => logprob - referenceLogprob),
    entropy: repliesMean(after, ({ logprob }) => -logprob),
    tokens: repliesMean(after, ({ tokens }) => tokens),
    worth: [
      worthBy('reward', ({ scored }) => scored.proxy),
      ...(ground === undefined ? [] : [worthBy('true utility', ({ scored }) => scored.gold!)]),
    ],
  };
}
