import type { Item, Judgment, RaterProfile } from '../../feedback/index.ts';
import type { Ground } from '../../world/index.ts';

export interface ReplyView {
  readonly text: string;
  /** log π(reply | prompt) under the snapshot that gave it, in nats. */
  readonly logprob: number;
  readonly proxy: number;
  readonly gold?: number;
}

export interface PromptView {
  readonly promptId: string;
  readonly prompt: string;
  readonly split: string;
  readonly replies: readonly ReplyView[];
}

export interface SnapshotView {
  readonly id: string;
  readonly role: 'base' | 'policy';
  readonly step: number;
  readonly prompts: readonly PromptView[];
}

export interface PathView {
  readonly method: string;
  /** Split of the prompts, as the run names it. */
  readonly split?: string;
  /** Scores per prompt, the same prompts in the same order at every point. */
  readonly points: readonly {
    readonly step: number;
    readonly kl: number;
    readonly proxy: readonly number[];
    readonly gold?: readonly number[];
  }[];
}

/** What a run can show to whoever gathers evidence. */
export interface RunView {
  readonly seed: number;
  readonly ground: Ground | undefined;
  readonly feedback: {
    readonly items: readonly Item[];
    readonly judgments: readonly Judgment[];
    readonly raters: readonly RaterProfile[];
  };
  /** Sampled replies on held-out prompts: the base policy first, the final policy last; empty without a policy. */
  readonly snapshots: readonly SnapshotView[];
  /** The base policy's replies on prompts of deployment, which nothing was trained on; absent where there are none. */
  readonly deployment?: readonly PromptView[];
  /** Every optimisation path, by method as configured. */
  readonly paths: readonly PathView[];
  /** The reward in the model's normalised units; absent where only files are at hand. */
  readonly score?: (
    prompt: string,
    replies: readonly string[],
  ) => Promise<readonly { readonly mean: number; readonly spread?: number }[]>;
}

/** The base policy's snapshot and the final policy's; undefined where no policy was trained. */
export function endsOf({ snapshots }: RunView): { base: SnapshotView; policy: SnapshotView } | undefined {
  const base = snapshots.find(({ role }) => role === 'base');
  const policy = snapshots.findLast(({ role }) => role === 'policy');
  return base === undefined || policy === undefined ? undefined : { base, policy };
}
