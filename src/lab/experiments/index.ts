import type { ProbeId } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import { carelessRaters } from './careless-raters.ts';
import { evaluationIndependence } from './evaluation-independence.ts';
import { metricValidity } from './metric-validity.ts';
import { misgeneralisation } from './misgeneralisation.ts';
import { modeCollapse } from './mode-collapse.ts';
import { overOptimisation } from './over-optimisation.ts';
import { panderingRaters } from './pandering-raters.ts';
import { poisoning } from './poisoning.ts';
import { raterModelMisfit } from './rater-model-misfit.ts';
import { rewardAgreement } from './reward-agreement.ts';
import { spuriousShift } from './spurious-shift.ts';
import { sycophancy } from './sycophancy.ts';
import { worstGroup } from './worst-group.ts';

/** The experiment behind each probe; a probe without one does not compile. */
export const EXPERIMENTS: { readonly [P in ProbeId]: Experiment } = {
  sycophancy,
  'pandering-raters': panderingRaters,
  'reward-agreement': rewardAgreement,
  poisoning,
  'careless-raters': carelessRaters,
  'rater-model-misfit': raterModelMisfit,
  'worst-group': worstGroup,
  misgeneralisation,
  'spurious-shift': spuriousShift,
  'over-optimisation': overOptimisation,
  'metric-validity': metricValidity,
  'evaluation-independence': evaluationIndependence,
  'mode-collapse': modeCollapse,
};
