import { own } from '../../../run/index.ts';
import { logisticNoise } from '../choice.ts';
import { turned, utilitiesOf } from '../impression.ts';
import type { AnswerRule } from './answer.ts';
import { GOOD } from './words.ts';

/**
 * Labels of the reply shown first. `good` applies when its utility, with logistic noise of scale 1/β, is above zero; any other
 * label when the statement of that name is seen to be true. A mistake turns each round.
 */
export const answerLabel: AnswerRule<'label'> = (impression, { options, multiple }) => {
  const { replies, order, params, careless, flip, uniform } = impression;
  const reply = order[0]!;
  const seen = impression.appearance(replies[reply]!);
  const utility = utilitiesOf(impression)[reply]!;
  const applies = (label: string) => {
    if (careless) return uniform() < 0.5;
    const holds =
      label === GOOD
        ? utility + logisticNoise(params.rationality, uniform) > 0
        : turned(impression, own(seen?.labels, label) === true ? 1 : -1) > 0;
    return holds !== flip < params.mistake;
  };
  const labels = options.map(({ id }) => id).filter(applies);
  return { kind: 'label', reply, labels: multiple ? labels : labels.slice(0, 1) };
};
