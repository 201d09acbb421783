import { RATERS, representation } from '../experiments/representation.ts';
import { worstGroup } from '../experiments/worst-group.ts';
import { armIn, type Strategy } from './strategy.ts';

/** Raters of a group, so that it is heard at all. */
const LEAST = 2;

/** S2: seats by group. Groups have to be known, and where they want the opposite no seat makes one reward do for both. */
export const socialChoice: Strategy = {
  title: 'Sociology and social choice',
  section: '4.1',
  answers: ['H1', 'H2', 'R2'],
  option: null,
  inExperiments: {
    representation: armIn(
      representation,
      'raters asked by quota: as many of each group as it has in the population, and two of each at least',
      (setting) => ({
        ...setting,
        plain: Math.max(LEAST, Math.round(RATERS * setting.population)),
      }),
    ),
    'worst-group': armIn(worstGroup, 'as many seats for the smaller group as for the larger', (setting) => {
      const half = (setting.sizes[0] + setting.sizes[1]) / 2;
      return { ...setting, sizes: [half, half] as const };
    }),
  },
  fails: 'groups that nobody knows of; groups that want the opposite under one reward',
};
