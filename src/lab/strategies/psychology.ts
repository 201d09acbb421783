import type { Setting } from '../setting.ts';
import type { Strategy } from './strategy.ts';

/** Items of known answer that a rater answers before being let to work. */
const QUALIFICATION = 10;

/**
 * Whoever does not look is not let to work, and who tires is sent to rest: their places are taken by others. Qualifying costs
 * judgments, those of the turned down included, which are taken from the pairs.
 */
function qualified(setting: Setting): Setting {
  const { careless = 0, fatigued = 0, noisy = 0, ...others } = setting.raters;
  const people = Object.values(setting.raters).reduce((sum, count) => sum + count, 0);
  const spent = Math.ceil((QUALIFICATION * (people + careless)) / setting.overlap);
  return {
    ...setting,
    raters: { ...others, noisy: noisy + careless + fatigued },
    pairs: Math.max(1, setting.pairs - spent),
  };
}

/** S1: training, qualification and breaks. It cannot see an error that those share who wrote the known answers. */
export const psychology: Strategy = {
  title: 'Psychology and human-computer interaction',
  section: '4.1',
  answers: ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8', 'H9', 'H10', 'R1'],
  option: 'feedback.distribution',
  arm: `${QUALIFICATION} items of known answer before work, at the cost of pairs: who guesses is replaced, who tires rests`,
  apply: qualified,
  fails: 'what raters share, and what they want rather than overlook',
};
