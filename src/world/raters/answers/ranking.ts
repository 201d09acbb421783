import { rankedPlaces } from '../choice.ts';
import { utilitiesOf } from '../impression.ts';
import type { AnswerRule } from './answer.ts';

/** All replies from best to worst by Plackett–Luce; a mistake turns the ranking round; neighbours that are close tie. */
export const answerRanking: AnswerRule<'ranking'> = (impression, { ties }) => {
  const { order, params, careless, flip, uniform } = impression;
  const utilities = careless ? order.map(() => 0) : utilitiesOf(impression);
  const shown = order.map((reply) => utilities[reply]!);
  const places = rankedPlaces(shown, careless ? 1 : params.rationality, uniform);
  if (!careless && flip < params.mistake) places.reverse();
  const groups: number[][] = [];
  for (const [rank, place] of places.entries()) {
    const near = rank > 0 && Math.abs(shown[place]! - shown[places[rank - 1]!]!) < params.tieBelow;
    if (near && ties && !careless) groups.at(-1)!.push(order[place]!);
    else groups.push([order[place]!]);
  }
  return { kind: 'ranking', groups };
};
