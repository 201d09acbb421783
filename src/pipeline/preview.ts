import { observe } from '../reward/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { collected, isHeldOut } from './collected.ts';
import type { PipelineConfig } from './config.ts';
import { leftOutStratum, pairsToScore } from './reward-evaluation.ts';
import { projectAsSource, usableFeedback } from './sources/index.ts';
import type { LeftOut, OpenedProject, Source } from './sources/source.ts';
import { summarizeSource } from './stages/data.ts';

/** What a run would use of a project's judgments, told before it begins. */
export interface RunPreview {
  /** Why a run cannot begin, in one line; null where it can. */
  readonly problem: string | null;
  /** By kind of answer: judgments that may be used, and how many of them a reward is fitted to or examined on. */
  readonly kinds: Readonly<
    Record<string, { readonly usable: number; readonly fitted: number; readonly heldOut: number }>
  >;
  /** Usable judgments that tell a reward nothing, by reason. */
  readonly unscored: Readonly<Record<string, number>>;
  readonly raters: {
    /** Those whose judgments may be used, and how many of them consented. */
    readonly usable: number;
    readonly consented: number;
    readonly withdrawn: LeftOut;
    readonly withoutConsent: LeftOut;
    readonly erased?: LeftOut;
  };
  readonly items: {
    readonly total: number;
    /** With a known answer, whatever they are for. */
    readonly known: number;
    /** Items by the policy or import that their replies come from. */
    readonly origins: Readonly<Record<string, number>>;
  };
  /** Different prompts: none on both sides. */
  readonly prompts: { readonly train: number; readonly heldOut: number };
  /** Whether a policy can be trained, and if not, why. */
  readonly policy: { readonly possible: boolean; readonly reason: string };
}

/** The source, or in one line why there is none. */
function opened(config: PipelineConfig, project: OpenedProject): Source | string {
  if (config.data.layout !== 'project') return 'the recipe takes its data from elsewhere; choose one for projects';
  try {
    return projectAsSource(config, config.data, project);
  } catch (error) {
    if (error instanceof DataError || error instanceof UsageError) return error.message;
    throw error;
  }
}

function policyOf({ base, policy }: PipelineConfig, prompts: RunPreview['prompts'], texts: number) {
  const reason =
    base === undefined || policy === undefined
      ? 'the recipe trains none'
      : prompts.train === 0 || prompts.heldOut === 0
        ? 'there are no prompts on both sides'
        : texts === 0 && base.from === undefined
          ? 'there are no texts to train a base model on'
          : '';
  return { possible: reason === '', reason };
}

/**
 * What a run of a configuration would use of a project as it stands. Every number comes from the functions by which the run
 * itself chooses and counts, so that the two cannot differ.
 */
export function previewRun(config: PipelineConfig, project: OpenedProject): RunPreview {
  const source = opened(config, project);
  const judged = typeof source === 'string' ? { items: project.items, ...usableFeedback(project) } : source.judged!;
  const { items, judgments, raters, leftOut } = judged;
  const { observations, unscored } = observe(items, judgments, config.reward);
  const counts = collected(items, judgments, raters);
  const reaching = (kind: string, held: boolean) =>
    new Set(
      observations.filter((o) => o.kind === kind && isHeldOut(o.strata) === held).map(({ judgmentId }) => judgmentId),
    ).size;
  const kinds = Object.entries(counts.judgments).map(
    ([kind, usable]) => [kind, { usable, fitted: reaching(kind, false), heldOut: reaching(kind, true) }] as const,
  );
  const data = typeof source === 'string' ? undefined : summarizeSource(config, source);
  const prompts = { train: data?.prompts.train ?? 0, heldOut: data?.prompts.evaluation ?? 0 };
  const undecided =
    leftOutStratum(config) === undefined && pairsToScore(config, items, judgments).every((pair) => pair.target === 0.5)
      ? 'no decided comparison or ranking is held out, so that the reward could not be evaluated; collect more'
      : null;
  return {
    problem: typeof source === 'string' ? source : undecided,
    kinds: Object.fromEntries(kinds),
    unscored,
    raters: {
      usable: new Set(judgments.map(({ raterId }) => raterId)).size,
      consented: raters.filter(({ consent }) => consent !== undefined).length,
      ...leftOut,
    },
    items: {
      total: items.length,
      known: items.filter(({ gold }) => gold !== undefined).length,
      origins: counts.origins,
    },
    prompts,
    policy: policyOf(config, prompts, data?.texts ?? 0),
  };
}
