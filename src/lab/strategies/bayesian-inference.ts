import type { Strategy } from './strategy.ts';

/** S4: the tuned policy as a posterior: prior the base policy, evidence the reward, and a temperature that keeps it near. */
export const bayesianInference: Strategy = {
  title: 'Bayesian inference',
  section: '4.1',
  answers: ['P5', 'P6', 'P1'],
  option: 'policy.beta',
  arm: 'a quarter of the KL from the base policy',
  apply: (setting) => ({ ...setting, kl: setting.kl / 4 }),
};
