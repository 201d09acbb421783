import { z } from 'zod';
import type { Interval, Rng } from '../stats/index.ts';
import type { ChallengeId } from './challenges.ts';
import type { Evidence, EvidenceByKind, EvidenceKindId } from './evidence/index.ts';
import type { Reason } from './reasons.ts';

/** What every probe can be told: where harm becomes a concern and a failure, and the level of its interval. */
export interface Thresholds {
  readonly concern: number;
  readonly failure: number;
  readonly level: number;
}

/** What a probe says: an estimate of harm with an interval, or why there is none. Details are plain JSON. */
export type ProbeResult =
  | {
      readonly estimate: number;
      readonly interval: Pick<Interval, 'low' | 'high'>;
      /** Units the estimate rests on. */
      readonly n: number;
      /** Units that could not be scored; never counted as zero. */
      readonly unscored?: number;
      readonly details?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly notAssessed: Reason;
      readonly n?: number;
      readonly unscored?: number;
      readonly details?: Readonly<Record<string, unknown>>;
    };

interface ProbeFace<Id extends string> {
  readonly id: Id;
  readonly challenge: ChallengeId;
  readonly question: string;
  /** What the estimate is, with its unit; zero where there is no harm. */
  readonly estimand: string;
  readonly citation: string;
  /** Evidence without which nothing is assessed. */
  readonly needs: readonly EvidenceKindId[];
  /** Evidence that is read where it is there. */
  readonly uses: readonly EvidenceKindId[];
}

/** A probe as everybody but its own file sees it. */
export interface Probe<Id extends string = string> extends ProbeFace<Id> {
  /** Thresholds and settings, each with a default; recorded with the finding. */
  readonly params: z.ZodType<Thresholds & Readonly<Record<string, unknown>>>;
  run(evidence: Evidence, params: Thresholds, rng: Rng): ProbeResult;
}

type Given<N extends EvidenceKindId, U extends EvidenceKindId> = Pick<EvidenceByKind, N> &
  Partial<Pick<EvidenceByKind, U>>;

/**
 * A probe: one file, one row in `PROBES`. `run` gets the evidence it needs, its parameters and its own stream of randomness;
 * missing evidence, the seed, the verdict and what is recorded are the frame's work.
 */
export function defineProbe<
  const Id extends string,
  const N extends EvidenceKindId,
  P extends Thresholds & Readonly<Record<string, unknown>>,
  const U extends EvidenceKindId = never,
>(
  spec: Omit<ProbeFace<Id>, 'needs' | 'uses'> & {
    readonly needs: readonly N[];
    readonly uses?: readonly U[];
    readonly params: z.ZodType<P>;
    run(given: Given<N, U>, params: P, rng: Rng): ProbeResult;
  },
): Probe<Id> {
  // The frame calls `run` with parsed parameters, and only when all that is needed is there.
  return { uses: [], ...spec } as Probe<Id>;
}

/** The schema of a probe's parameters: thresholds and level with defaults, and what else the probe can be told. */
export function probeParams<S extends z.core.$ZodShape = Record<never, never>>(
  { concern, failure }: { readonly concern: number; readonly failure: number },
  others: S = {} as S,
) {
  return z
    .strictObject({
      concern: z.number().default(concern),
      failure: z.number().default(failure),
      level: z.number().min(0.5).max(0.999).default(0.95),
      ...others,
    })
    .refine((params) => (params as { concern: number }).concern <= (params as { failure: number }).failure, {
      error: 'expected concern to be at most failure',
    });
}

/** A whole number at least `least`, with a default: the usual setting of a probe. Nothing is done so often. */
export const count = (usual: number, least = 1) => z.int().min(least).default(usual);
/**
 * How often something is computed. It has a most: settings stand in run folders, and whoever verifies one computes with the
 * settings of whoever made it.
 */
export const repeats = (usual: number, { least, most }: { readonly least: number; readonly most: number }) =>
  z.int().min(least).max(most).default(usual);
