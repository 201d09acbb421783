import { overOptimisation } from '../experiments/over-optimisation.ts';
import { armIn, type Strategy } from './strategy.ts';

/** Replies to a prompt that are looked at. */
const LOOKS = 10;

/** S11: somebody who knows the truth overrules the reward on the replies that matter most. The others stay the reward’s. */
export const directOversight: Strategy = {
  title: 'Direct human oversight',
  section: '4.2.2',
  answers: ['R3', 'R4'],
  option: null,
  inExperiments: {
    'over-optimisation': armIn(
      overOptimisation,
      `the ${LOOKS} likeliest replies of the policy to be to each prompt are looked at by somebody who knows the truth; those below the base policy get the least score`,
      (setting) => ({ ...setting, overridden: LOOKS }),
    ),
  },
  fails: 'a budget: of some thousand replies to a prompt few are looked at, and the next likeliest are as bad',
};
