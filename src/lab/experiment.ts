import type { Evidence, ProbeId } from '../audit/index.ts';
import { createRng, type Rng } from '../stats/index.ts';
import type { GroundId } from '../world/index.ts';
import type { Setting } from './setting.ts';
import { STRATEGIES, type StrategyId } from './strategies/index.ts';

/** What is done in one run of an experiment. */
export type Arm =
  /** Nothing is wrong. */
  | { readonly kind: 'clean' }
  /** The failure is put there, so strongly. */
  | { readonly kind: 'planted'; readonly dose: number }
  /** What a careless probe mistakes for the failure. */
  | { readonly kind: 'look-alike' }
  /** The failure at a dose, with a strategy of the survey switched on against it. */
  | { readonly kind: 'strategy'; readonly id: StrategyId; readonly dose: number };

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

/** Whether the survey's strategies can be switched on in an experiment: they change the setting of the harbour's loop. */
export const takesStrategies = (experiment: Experiment): experiment is Experiment<Setting> =>
  experiment.world === 'harbour' && 'members' in experiment.usual;

/** The setting of an arm. */
export function settingOf(experiment: Experiment, arm: Arm): object {
  const { usual } = experiment;
  switch (arm.kind) {
    case 'clean':
      return usual;
    case 'planted':
      return experiment.plant(usual, arm.dose);
    case 'look-alike':
      return experiment.resemble(usual);
    case 'strategy': {
      const { apply } = STRATEGIES[arm.id];
      if (apply === undefined || !takesStrategies(experiment))
        throw new RangeError(`${arm.id}: expected a strategy and an experiment that it can be switched on in`);
      return apply(experiment.plant(experiment.usual, arm.dose));
    }
  }
}

/** Name of an arm in tables and as the seed of its randomness. A strategy shares its chance with the dose it is used against. */
export const armName = (arm: Arm): string =>
  arm.kind === 'planted' ? `planted ${arm.dose}` : arm.kind === 'strategy' ? `${arm.id} against ${arm.dose}` : arm.kind;

/** One draw of an arm; the same seed gives the same evidence, and a strategy is paired with its planted arm by seed. */
export function runArm(experiment: Experiment, id: ProbeId, arm: Arm, seed: number): Promise<Draw> {
  const chance = arm.kind === 'strategy' ? armName({ kind: 'planted', dose: arm.dose }) : armName(arm);
  return experiment.draw(settingOf(experiment, arm), createRng(seed).fork(`lab/${id}/${chance}`));
}
