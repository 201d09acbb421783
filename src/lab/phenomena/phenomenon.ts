import type { Rng } from '../../stats/index.ts';
import type { GroundId } from '../../world/index.ts';

/** What is expected of a measure: on which side of a number it lies, or between which two. */
export type Expectation =
  | { readonly above: number }
  | { readonly below: number }
  | { readonly within: readonly [low: number, high: number] };

/** One number that a published phenomenon is read by. */
export interface PhenomenonMeasure {
  /** What is measured, with its unit. */
  readonly what: string;
  /** The phenomenon itself, or where it must not be seen. */
  readonly role: 'effect' | 'control';
  /** Written before the first run. */
  readonly expected: Expectation;
}

/**
 * A published phenomenon made again in small, where the truth is known. What is expected stands beside each measure and was written
 * before anything was run: what was found is told beside it, a null or the opposite included.
 */
export interface Phenomenon<M extends string = string> {
  readonly title: string;
  readonly citation: string;
  /** What was published, in our words. */
  readonly published: string;
  /** Where it is made again: a proving ground, or `tables` where numbers are drawn from a model of their own. */
  readonly world: GroundId | 'tables';
  /** What is done here; an analogy says so. */
  readonly method: string;
  readonly measures: Readonly<Record<M, PhenomenonMeasure>>;
  /** One run: the value of each measure, null where it has none. Everything random comes from `rng`. */
  run(rng: Rng): Promise<Readonly<Record<M, number | null>>>;
}

export const definePhenomenon = <M extends string>(phenomenon: Phenomenon<M>): Phenomenon<M> => phenomenon;
