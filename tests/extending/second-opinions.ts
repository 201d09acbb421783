import type { Strategy } from '../../src/lab/index.ts';

/** A strategy: half as many pairs, each judged by twice as many raters, at the same number of judgments. */
export const secondOpinions: Strategy = {
  title: 'Second opinions',
  section: '4.1',
  answers: ['H4', 'R3'],
  option: 'feedback.overlap',
  arm: 'twice the raters on half the pairs',
  apply: (setting) => ({ ...setting, pairs: setting.pairs / 2, overlap: 2 * setting.overlap }),
};
