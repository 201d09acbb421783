import { overOptimisation } from '../experiments/over-optimisation.ts';
import { armIn, type Strategy } from './strategy.ts';

/** S17: the probe itself as a stopping rule, on prompts that are kept for it. It stops after the fall that it sees. */
export const auditing: Strategy = {
  title: 'Risk assessment and auditing',
  section: '4.3',
  answers: ['H6', 'H7', 'H9', 'H10', 'R1', 'R2', 'R4', 'P3', 'P4'],
  option: 'audit.samples',
  inExperiments: {
    'over-optimisation': armIn(
      overOptimisation,
      'true utility measured with noise on the other half of the prompts at each point of the path, which ends where this probe first speaks',
      (setting) => ({ ...setting, audited: true }),
    ),
  },
  fails: 'what is not probed; it sees a fall when there was one',
};
