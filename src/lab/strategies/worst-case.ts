import { exploitability } from '../experiments/exploitability.ts';
import { armIn, type Strategy } from './strategy.ts';

/** Replies that a search draws to every input. */
const SEARCHED = 16;

/** S5: a search over the inputs that can be listed, whose worst are taken out of the tuned policy’s hands. */
export const worstCase: Strategy = {
  title: 'Worst-case behaviour',
  section: '4.1',
  answers: ['P2', 'P3', 'P4'],
  option: null,
  inExperiments: {
    exploitability: armIn(
      exploitability,
      `${SEARCHED} replies to every input that can be listed, whose true worth is known; the three worst inputs go to the base policy`,
      (setting) => ({ ...setting, searched: SEARCHED }),
    ),
  },
  fails: 'inputs that nobody listed, and harm that the measure of worth cannot see',
};
