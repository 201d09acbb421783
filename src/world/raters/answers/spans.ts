import { logisticNoise } from '../choice.ts';
import type { AnswerRule } from './answer.ts';
import { piecesSeen } from './pieces.ts';
import { BAD, GOOD } from './words.ts';

/** How much a piece must add, or take, to be marked. */
const NOTABLE = 0.75;

/**
 * Marks on the pieces of the reply shown first: `good` where a piece adds notably to its utility, with logistic noise of scale 1/β,
 * `bad` where it takes away; other marks are not known. A mistake swaps the two.
 */
export const answerSpans: AnswerRule<'spans'> = (impression, { labels }) => {
  const { replies, order, params, careless, flip, uniform } = impression;
  const reply = order[0]!;
  const asked = (id: string) => labels.some((label) => label.id === id);
  const sign = flip < params.mistake ? -1 : 1;
  const spans = piecesSeen(impression, replies[reply]!).flatMap(({ start, end, utility }) => {
    const felt = careless ? 4 * uniform() - 2 : sign * (utility + logisticNoise(params.rationality, uniform));
    const label = felt > NOTABLE ? GOOD : felt < -NOTABLE ? BAD : undefined;
    return label === undefined || !asked(label) || start === end ? [] : [{ start, end, label }];
  });
  return { kind: 'spans', reply, spans };
};
