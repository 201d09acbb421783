import type { Evidence } from '../audit/index.ts';
import type { Rng } from '../stats/index.ts';
import type { GroundId } from '../world/index.ts';

/** What an arm gives: evidence as a run would write it, and the true value of the probe's estimand where it can be computed. */
export interface Draw {
  readonly evidence: Evidence;
  readonly truth?: number;
}

/**
 * A controlled experiment: where a probe's failure is planted in known doses, in a world whose truth is known. Planting, its
 * look-alike and every strategy are changes of a setting, plain data that says what is varied.
 */
export interface Experiment<S extends object = object> {
  /** Where it takes place: a proving ground, or `tables` where rows are drawn from a model of their own. */
  readonly world: GroundId | 'tables';
  /** What is planted, and what a dose counts. */
  readonly planted: string;
  /** Doses shown on the curve, weakest first. */
  readonly doses: readonly number[];
  /** The dose at which the probe is promised to find it. */
  readonly documented: number;
  /** What the look-alike arm holds. */
  readonly lookAlike: string;
  /** The setting in which nothing is wrong. */
  readonly usual: S;
  /** The setting with the failure at a dose. */
  plant(setting: S, dose: number): S;
  /** The setting of the look-alike. */
  resemble(setting: S): S;
  /** Runs a setting. Everything random comes from `rng`. */
  draw(setting: S, rng: Rng): Promise<Draw>;
}
