import type { ProbeId } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import { carelessRaters } from './careless-raters.ts';
import { collectionShift } from './collection-shift.ts';
import { marginalValue } from './marginal-value.ts';
import { misgeneralisation } from './misgeneralisation.ts';
import { modeCollapse } from './mode-collapse.ts';
import { overOptimisation } from './over-optimisation.ts';
import { panderingRaters } from './pandering-raters.ts';
import { poisoning } from './poisoning.ts';
import { rewardAgreement } from './reward-agreement.ts';
import { sycophancy } from './sycophancy.ts';
import { typeReversal } from './type-reversal.ts';

/** The experiment behind each probe; a probe without one does not compile. */
export const EXPERIMENTS: { readonly [P in ProbeId]: Experiment } = {
  sycophancy,
  'pandering-raters': panderingRaters,
  'reward-agreement': rewardAgreement,
  poisoning,
  'careless-raters': carelessRaters,
  'collection-shift': collectionShift,
  'marginal-value': marginalValue,
  'type-reversal': typeReversal,
  misgeneralisation,
  'over-optimisation': overOptimisation,
  'mode-collapse': modeCollapse,
};
