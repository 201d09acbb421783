import type { ProbeId } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import { carelessRaters } from './careless-raters.ts';
import { hiddenView } from './hidden-view.ts';
import { inflation } from './inflation.ts';
import { misgeneralisation } from './misgeneralisation.ts';
import { modeCollapse } from './mode-collapse.ts';
import { overOptimisation } from './over-optimisation.ts';
import { oversightGap } from './oversight-gap.ts';
import { panderingRaters } from './pandering-raters.ts';
import { persuasion } from './persuasion.ts';
import { poisoning } from './poisoning.ts';
import { representation } from './representation.ts';
import { rewardAgreement } from './reward-agreement.ts';
import { sycophancy } from './sycophancy.ts';

/** The experiment behind each probe; a probe without one does not compile. */
export const EXPERIMENTS: { readonly [P in ProbeId]: Experiment } = {
  representation,
  sycophancy,
  'pandering-raters': panderingRaters,
  'reward-agreement': rewardAgreement,
  poisoning,
  'careless-raters': carelessRaters,
  'hidden-view': hiddenView,
  inflation,
  'oversight-gap': oversightGap,
  persuasion,
  misgeneralisation,
  'over-optimisation': overOptimisation,
  'mode-collapse': modeCollapse,
};
