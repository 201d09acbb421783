import { choiceProbabilities, lead, placeOf } from '../choice.ts';
import { utilitiesOf } from '../impression.ts';
import type { AnswerRule } from './answer.ts';

/** Leads from which one reply is clearly, and much, better. */
const CLEARLY = 1;
const MUCH = 2.5;

/** The best of k by Boltzmann choice; a tie where the best two are close; a mistake names another reply. */
export const answerComparison: AnswerRule<'comparison'> = (impression, { ties, strength }) => {
  const { order, params, careless, guess, flip, uniform } = impression;
  const k = order.length;
  if (careless) return { kind: 'comparison', outcome: order[Math.floor(guess * k)]! };
  const utilities = utilitiesOf(impression);
  const shown = order.map((reply) => utilities[reply]!);
  if (ties && lead(shown) < params.tieBelow) return { kind: 'comparison', outcome: 'tie' };
  let place = placeOf(choiceProbabilities(shown, params.rationality), guess);
  if (flip < params.mistake) place = (place + 1 + (k === 2 ? 0 : Math.floor(uniform() * (k - 1)))) % k;
  if (!strength) return { kind: 'comparison', outcome: order[place]! };
  const ahead = lead(shown);
  return { kind: 'comparison', outcome: order[place]!, strength: ahead < CLEARLY ? 1 : ahead < MUCH ? 2 : 3 };
};
