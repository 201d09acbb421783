import { refreshCadence } from '../experiments/refresh-cadence.ts';
import { armIn, type Strategy } from './strategy.ts';

/** Deviation of the members’ gains, in units of score, beyond which people are asked. */
const DOUBT = 0.15;

/** S3: a policy that defers: where the members of its reward are of several minds about what was gained, it stops and asks. */
export const assistanceGames: Strategy = {
  title: 'Assistance games',
  section: '4.1',
  answers: ['R1', 'H9', 'J2'],
  option: null,
  inExperiments: {
    'refresh-cadence': armIn(
      refreshCadence,
      `stops and asks people again once the members’ gains since the last time differ by more than ${DOUBT}, at the price of their answers`,
      (setting) => ({ ...setting, asks: DOUBT }),
    ),
  },
  fails: 'an error that all members share: nothing is asked; more is asked of people',
};
