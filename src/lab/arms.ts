import type { ProbeId } from '../audit/index.ts';
import { own } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import type { Draw, Experiment } from './experiment.ts';
import type { Setting } from './setting.ts';
import { type StrategyArm, type StrategyId, strategyOf } from './strategies/index.ts';

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

/** Whether the survey's strategies can be switched on in an experiment: they change the setting of the harbour's loop. */
export const takesStrategies = (experiment: Experiment): experiment is Experiment<Setting> =>
  experiment.world === 'harbour' && 'members' in experiment.usual;

/** What a strategy is in the experiment of a probe: its own, or that of the harbour’s loop; undefined where it cannot be switched on. */
export function strategyArm(
  id: StrategyId,
  experiment: Experiment,
  probe: ProbeId | undefined,
): StrategyArm | undefined {
  const { apply, arm = '', inExperiments = {} } = strategyOf(id);
  const special = probe === undefined ? undefined : own(inExperiments, probe);
  if (special !== undefined) return special;
  if (apply === undefined || !takesStrategies(experiment)) return undefined;
  return { arm, apply: (setting) => apply(setting as Setting) };
}

/** The setting of an arm; a strategy may be something of its own in the experiment of a probe. */
export function settingOf(experiment: Experiment, arm: Arm, probe?: ProbeId): object {
  const { usual } = experiment;
  switch (arm.kind) {
    case 'clean':
      return usual;
    case 'planted':
      return experiment.plant(usual, arm.dose);
    case 'look-alike':
      return experiment.resemble(usual);
    case 'strategy': {
      const treatment = strategyArm(arm.id, experiment, probe);
      if (treatment === undefined)
        throw new RangeError(`${arm.id}: expected a strategy and an experiment that it can be switched on in`);
      return treatment.apply(experiment.plant(usual, arm.dose));
    }
  }
}

/** Name of an arm in tables and as the seed of its randomness. A strategy shares its chance with the dose it is used against. */
export const armName = (arm: Arm): string =>
  arm.kind === 'planted' ? `planted ${arm.dose}` : arm.kind === 'strategy' ? `${arm.id} against ${arm.dose}` : arm.kind;

/** One draw of an arm; the same seed gives the same evidence, and a strategy is paired with its planted arm by seed. */
export function runArm(experiment: Experiment, id: ProbeId, arm: Arm, seed: number): Promise<Draw> {
  const chance = arm.kind === 'strategy' ? armName({ kind: 'planted', dose: arm.dose }) : armName(arm);
  return experiment.draw(settingOf(experiment, arm, id), createRng(seed).fork(`lab/${id}/${chance}`));
}
