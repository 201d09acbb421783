import { own } from '../../../run/index.ts';
import { sigmoid } from '../../../stats/index.ts';
import { logisticNoise } from '../choice.ts';
import { turned, utilitiesOf } from '../impression.ts';
import type { AnswerRule } from './answer.ts';

/** Utility at which a rating moves from the middle of its scale towards an end. */
const SPREAD = 2;

/**
 * Every reply on every criterion: utility with logistic noise of scale 1/β through a sigmoid, on the steps of the scale. A
 * criterion named like a part of utility is about that part, any other about the whole. A mistake mirrors all values.
 */
export const answerRating: AnswerRule<'rating'> = (impression, { criteria, scale }) => {
  const { replies, order, params, careless, flip, uniform } = impression;
  const steps = Math.floor((scale.max - scale.min) / scale.step + 1e-9);
  const utilities = utilitiesOf(impression);
  const level = (reply: number, criterion: string) => {
    if (careless) return uniform();
    const part = own(impression.appearance(replies[reply]!)?.parts, criterion);
    const worth = part === undefined ? utilities[reply]! : turned(impression, part);
    const share = sigmoid((worth + logisticNoise(params.rationality, uniform)) / SPREAD);
    return flip < params.mistake ? 1 - share : share;
  };
  const values = order.flatMap((reply) =>
    criteria.map(({ id }) => ({
      reply,
      criterion: id,
      value: scale.min + scale.step * Math.round(level(reply, id) * steps),
    })),
  );
  const { min, max, step } = scale;
  return { kind: 'rating', scale: { min, max, step }, values };
};
