import { optimalityGap } from '../experiments/optimality-gap.ts';
import { armIn, type Strategy } from './strategy.ts';

/** S15: no gradient of a reward, but imitation of the best of what the base policy says. */
export const supervisedLearning: Strategy = {
  title: 'Alignment through supervised learning',
  section: '4.2.3',
  answers: ['P1', 'J1', 'J2', 'P6'],
  option: 'policy.algorithm',
  inExperiments: {
    'optimality-gap': armIn(
      optimalityGap,
      'the best quarter of as many replies of the base policy, imitated by likelihood',
      (setting) => ({ ...setting, filtered: true }),
    ),
  },
  fails: 'what the base policy hardly ever says cannot be filtered out of it',
};
