import type { ProbeId } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import { backdoor } from './backdoor.ts';
import { carelessRaters } from './careless-raters.ts';
import { collectionShift } from './collection-shift.ts';
import { evaluationIndependence } from './evaluation-independence.ts';
import { exploitability } from './exploitability.ts';
import { goalMisgeneralisation } from './goal-misgeneralisation.ts';
import { hiddenView } from './hidden-view.ts';
import { inducedShift } from './induced-shift.ts';
import { inflation } from './inflation.ts';
import { inheritedBias } from './inherited-bias.ts';
import { marginalValue } from './marginal-value.ts';
import { metricValidity } from './metric-validity.ts';
import { misgeneralisation } from './misgeneralisation.ts';
import { modeCollapse } from './mode-collapse.ts';
import { optimalityGap } from './optimality-gap.ts';
import { optionKeeping } from './option-keeping.ts';
import { overOptimisation } from './over-optimisation.ts';
import { oversightGap } from './oversight-gap.ts';
import { panderingRaters } from './pandering-raters.ts';
import { persuasion } from './persuasion.ts';
import { poisoning } from './poisoning.ts';
import { raterModelMisfit } from './rater-model-misfit.ts';
import { refreshCadence } from './refresh-cadence.ts';
import { representation } from './representation.ts';
import { rewardAgreement } from './reward-agreement.ts';
import { rewardInheritance } from './reward-inheritance.ts';
import { selfConsistency } from './self-consistency.ts';
import { sharedCue } from './shared-cue.ts';
import { spuriousShift } from './spurious-shift.ts';
import { sycophancy } from './sycophancy.ts';
import { typeReversal } from './type-reversal.ts';
import { worstGroup } from './worst-group.ts';

/** The experiment behind each probe; a probe without one does not compile. */
export const EXPERIMENTS: { readonly [P in ProbeId]: Experiment } = {
  representation,
  sycophancy,
  'pandering-raters': panderingRaters,
  'reward-agreement': rewardAgreement,
  poisoning,
  backdoor,
  'careless-raters': carelessRaters,
  'self-consistency': selfConsistency,
  'shared-cue': sharedCue,
  'hidden-view': hiddenView,
  inflation,
  'oversight-gap': oversightGap,
  persuasion,
  'collection-shift': collectionShift,
  'marginal-value': marginalValue,
  'type-reversal': typeReversal,
  'rater-model-misfit': raterModelMisfit,
  'worst-group': worstGroup,
  misgeneralisation,
  'spurious-shift': spuriousShift,
  'over-optimisation': overOptimisation,
  'metric-validity': metricValidity,
  'evaluation-independence': evaluationIndependence,
  'optimality-gap': optimalityGap,
  exploitability,
  'goal-misgeneralisation': goalMisgeneralisation,
  'option-keeping': optionKeeping,
  'inherited-bias': inheritedBias,
  'reward-inheritance': rewardInheritance,
  'mode-collapse': modeCollapse,
  'induced-shift': inducedShift,
  'refresh-cadence': refreshCadence,
};
