import type { z } from 'zod';

/** A policy at one step, as far as it may be known without the truth: there is no gold here, and there must not be. */
export interface MonitorPoint {
  readonly step: number;
  /** KL from the base policy, in nats a reply. */
  readonly kl: number;
  /** Mean score of fresh samples, per prompt. */
  readonly proxy: readonly number[];
  /** Mean disagreement of the reward's ensemble on the same samples. */
  readonly spread: number;
  /** Mean score per prompt by a reward that others judged for, and that nothing is optimised against; the same prompts. */
  readonly independent?: readonly number[];
}

/**
 * Whether to go on; where not, why, and the step whose policy is to be kept, the last one when left out; or to go on from weights that
 * are drawn back towards the base policy until their KL is at most so many nats.
 */
export type Decision = 'go' | { readonly stop: string; readonly backTo?: number } | { readonly within: number };

/** A rule that stops an optimisation before the reward is overdone. Pure: the same points, the same decision. */
export interface Monitor<S extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly title: string;
  readonly citation: string;
  /** A strict object in which every key has a default. */
  readonly config: S;
  /** What it cannot do without, beside KL and proxy: an ensemble for `spread`, a second reward for `independent`. */
  readonly needs: readonly ('spread' | 'independent')[];
  /** The signal of the lab that it reads, and where it stops: rates of it follow from runs that were watched. Left out where none is like it. */
  readonly watches?: {
    readonly signal: 'kl' | 'spread' | 'independent';
    threshold(config: z.output<S>): number;
  };
  /** Decides after each evaluation. Points are all so far, the base policy first. */
  decide(points: readonly MonitorPoint[], config: z.output<S>): Decision;
}

export const defineMonitor = <S extends z.ZodObject>(monitor: Monitor<S>): Monitor<S> => monitor;

/** The last point before the newest that a rule still allows; the base policy always is. */
export const lastBefore = (points: readonly MonitorPoint[], allowed: (point: MonitorPoint) => boolean): number =>
  points.slice(0, -1).findLast(allowed)?.step ?? points[0]!.step;
