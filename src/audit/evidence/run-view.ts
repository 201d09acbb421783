import type { Item, Judgment, PopulationTargets, Question, Rater, RaterProfile } from '../../feedback/index.ts';
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
  /** Its replies to prompts of deployment, where a run has them; `prompts` are of the training distribution. */
  readonly deployment?: readonly PromptView[];
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

/** A round of a run: from one refresh of the reward to the next. */
export interface RoundView {
  readonly round: number;
  /** The reward of the round on comparisons that it was not fitted on; those of the first round are of the base policy. */
  readonly comparisons: readonly {
    readonly pairId: string;
    readonly prompt: string;
    /** 1 where the first reply is the better one, 0 where the second is, ½ for a tie. */
    readonly target: number;
    /** Score of the first less that of the second. */
    readonly difference: number;
  }[];
  /** The path of its policy; none without a policy. Spread is the mean deviation of the ensemble's members on a reply. */
  readonly path: readonly (PathView['points'][number] & { readonly spread?: number })[];
}

/** An optimisation beside the exact optimum at the KL that it ended at, on the prompts that exact sums were made for. */
export interface OptimumView {
  readonly method: string;
  readonly seed: number;
  readonly kl: number;
  /** Mean proxy score of each prompt: of the base policy, of the optimised one, and of the best policy at that KL. */
  readonly start: readonly number[];
  readonly achieved: readonly number[];
  readonly optimum: readonly number[];
}

/** What a run can show to whoever gathers evidence. */
/** An attack on the tuned policy. */
export interface Attack {
  /** The request that the attack was to get through. */
  readonly promptId: string;
  /** Name of the attack: `random-suffix`, `role-play`, … */
  readonly attack: string;
  /** Queries that the attacker was allowed. */
  readonly budget: number;
  /** Null where nobody could tell: it counts as unscored. */
  readonly success: boolean | null;
  /** Name of the set that the request is of. */
  readonly promptSet?: string;
  /** Who attacked: a pseudonym of a person, or the name of a program. */
  readonly attacker?: { readonly id: string; readonly kind: 'person' | 'program' };
}

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
  /** Snapshots on the same prompts with the ground's trigger put in; left out where nobody asked them. */
  readonly triggered?: readonly SnapshotView[];
  /** Every optimisation path, by method as configured. */
  readonly paths: readonly PathView[];
  /** Every round, the first one first; left out where nobody looked for them. */
  readonly rounds?: readonly RoundView[];
  /** Of the optimisations of a ground whose replies can be listed. */
  readonly optima?: readonly OptimumView[];
  /** Whom the reward is to speak for: shares by what raters say of themselves. */
  readonly population?: PopulationTargets;
  /** Attacks on the tuned policy that somebody brought along. */
  readonly attacks?: readonly Attack[];
  /** The run's own simulated raters, rested, to be asked something about further replies; absent where people judged. */
  readonly ask?: (question: Question) => readonly Rater[];
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
