import { deceptiveInflation } from './deceptive-inflation.ts';
import { diversity } from './diversity.ts';
import { goalMisgeneralisation } from './goal-misgeneralisation.ts';
import { hiddenContext } from './hidden-context.ts';
import { inducedShift } from './induced-shift.ts';
import { iteratedOverOptimisation } from './iterated-over-optimisation.ts';
import { length } from './length.ts';
import { offSwitch } from './off-switch.ts';
import { optionKeeping } from './option-keeping.ts';
import { overOptimisationCurves } from './over-optimisation-curves.ts';
import type { Phenomenon } from './phenomenon.ts';
import { poisoningThreshold } from './poisoning-threshold.ts';
import { rewardEnsembles } from './reward-ensembles.ts';
import { sycophancyThreshold } from './sycophancy-threshold.ts';
import { uSophistry } from './u-sophistry.ts';

/** Published phenomena made again: a new one is a file beside this and a row here; the command, its measuring and the page follow. */
export const PHENOMENA = {
  'over-optimisation-curves': overOptimisationCurves,
  'reward-ensembles': rewardEnsembles,
  'iterated-over-optimisation': iteratedOverOptimisation,
  'induced-shift': inducedShift,
  length,
  'sycophancy-threshold': sycophancyThreshold,
  'poisoning-threshold': poisoningThreshold,
  'deceptive-inflation': deceptiveInflation,
  'u-sophistry': uSophistry,
  'hidden-context': hiddenContext,
  diversity,
  'goal-misgeneralisation': goalMisgeneralisation,
  'option-keeping': optionKeeping,
  'off-switch': offSwitch,
} as const satisfies Readonly<Record<string, unknown>>;
export type PhenomenonId = keyof typeof PHENOMENA;
export const PHENOMENON_IDS = Object.keys(PHENOMENA) as PhenomenonId[];

/** A phenomenon by its name, without the names of its measures. */
export const phenomenonOf = (id: PhenomenonId): Phenomenon => PHENOMENA[id];
