import { backdoor } from '../experiments/backdoor.ts';
import { armIn, type Strategy } from './strategy.ts';

/** Raters of the experiment. */
const RATERS = 8;

/** S16: nobody counts for more than his share. A poisoner who stays below it is not held up. */
export const robustness: Strategy = {
  title: 'Robustness',
  section: '4.3',
  answers: ['P2', 'P3', 'H3'],
  option: null,
  inExperiments: {
    backdoor: armIn(backdoor, `at most an eighth of the pairs from one of ${RATERS} raters`, (setting) => ({
      ...setting,
      poison: Math.min(setting.poison, 100 / RATERS),
    })),
  },
  fails: 'a poisoner who stays below the cap: few pairs are enough',
};
