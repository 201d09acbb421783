import type { Strategy } from './strategy.ts';

/** S13: an ensemble of rewards, optimised at what even its doubts allow. It cannot see an error that all members share. */
export const uncertainty: Strategy = {
  title: 'Maintaining uncertainty over the reward',
  section: '4.2.2',
  answers: ['R3', 'R4', 'J1', 'J2'],
  option: 'reward.risk',
  arm: 'five members on resampled pairs, and their mean less one deviation',
  apply: (setting) => ({ ...setting, members: 5, risk: { rule: 'pessimistic', k: 1 } }),
};
