import { logisticNoise } from '../choice.ts';
import type { AnswerRule } from './answer.ts';
import { piecesSeen } from './pieces.ts';

/** Below it a step is wrong, above its opposite right. */
const NEUTRAL = 0.5;

/** Lines of a text that are not empty, by their characters. */
const linesOf = (text: string) =>
  [...text.matchAll(/[^\n]+/g)].filter(([line]) => line.trim() !== '').map((m) => [m.index, m.index + m[0].length]);

/**
 * Steps of the reply shown first, each by what the pieces that begin in it add to its utility, with logistic noise of scale 1/β.
 * Under `first-error` judging ends at the first wrong step. A mistake calls right wrong and wrong right.
 */
export const answerSteps: AnswerRule<'steps'> = (impression, { mode }) => {
  const { replies, order, params, careless, flip, uniform } = impression;
  const reply = order[0]!;
  const pieces = piecesSeen(impression, replies[reply]!);
  const sign = flip < params.mistake ? -1 : 1;
  const labels: (-1 | 0 | 1 | null)[] = linesOf(replies[reply]!).map(([start, end]) => {
    const worth = pieces
      .filter((piece) => start! <= piece.start && piece.start < end!)
      .reduce((sum, { utility }) => sum + utility, 0);
    const felt = careless ? 2 * uniform() - 1 : sign * (worth + logisticNoise(params.rationality, uniform));
    return felt < -NEUTRAL ? -1 : felt > NEUTRAL ? 1 : 0;
  });
  const wrong = mode === 'first-error' ? labels.indexOf(-1) : -1;
  return { kind: 'steps', reply, mode, labels: labels.map((label, k) => (wrong >= 0 && k > wrong ? null : label)) };
};
