import { inheritedBias } from '../experiments/inherited-bias.ts';
import { armIn, type Strategy } from './strategy.ts';

/** How many of the texts that show the attribute a filter takes out before pretraining. */
const RECALL = 0.8;

/** S14: filtered pretraining. It takes out what the filter sees, and takes it from a base that had none too much as well. */
export const pretraining: Strategy = {
  title: 'Alignment during pretraining',
  section: '4.2.3',
  answers: ['P5', 'P2'],
  option: null,
  inExperiments: {
    'inherited-bias': armIn(
      inheritedBias,
      `a filter that takes out ${100 * RECALL} of a hundred flattering texts before pretraining`,
      (setting) => ({ ...setting, baseFlattery: setting.baseFlattery + Math.log(1 - RECALL) }),
    ),
  },
  fails: 'what the filter does not see; a mild leaning is turned into one the other way',
};
