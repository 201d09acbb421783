import { oversightGap } from '../experiments/oversight-gap.ts';
import { persuasion } from '../experiments/persuasion.ts';
import { armIn, type Strategy } from './strategy.ts';

/** How often a critic shows a flaw that is there, in a way that can be checked. */
const RECALL = 0.6;
/** Steps that it works out for whoever has no time for them, and writes down so that they can be checked. */
const STEPS = 2;

/** S6: a critic beside the reply. What it overlooks, raters go on overlooking. */
export const assistance: Strategy = {
  title: 'AI assistance for evaluators',
  section: '4.2.1',
  answers: ['H4', 'H6', 'H7'],
  option: null,
  inExperiments: {
    'oversight-gap': armIn(
      oversightGap,
      `a critic that works out ${STEPS} steps more than the checker has time for`,
      (setting) => ({
        ...setting,
        budget: setting.budget + STEPS,
      }),
    ),
    persuasion: armIn(
      persuasion,
      `a critic that shows ${100 * RECALL} of a hundred flaws in a way that can be checked, to whoever would not have looked`,
      (setting) => ({ ...setting, checks: setting.checks + (1 - setting.checks) * RECALL }),
    ),
  },
  fails: 'a critic with the blind spot of the raters, or that argues for what is wrong',
};
