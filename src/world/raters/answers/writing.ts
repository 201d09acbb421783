import { createRng } from '../../../stats/index.ts';
import { choiceProbabilities, placeOf } from '../choice.ts';
import type { Impression } from '../impression.ts';
import type { AnswerRule } from './answer.ts';

/** Texts that come to mind before one is written down. */
const THOUGHTS = 8;

/** The text a rater would write: of what comes to mind (draws of the base policy), the one they choose. */
function written(impression: Impression, others: readonly string[]): string {
  const { ground, prompt, params, careless, guess, uniform } = impression;
  if (ground.sampleBase === undefined) throw new RangeError(`${ground.id}: nothing to write from without sampleBase`);
  const rng = createRng(Math.floor(uniform() * 2 ** 32));
  const thoughts = Array.from({ length: THOUGHTS }, () => ground.sampleBase!(prompt, rng).text);
  if (careless) return thoughts[0]!;
  const texts = [...others, ...thoughts];
  return texts[placeOf(choiceProbabilities(texts.map(impression.worth), params.rationality), guess)]!;
}

/** The ideal reply, as far as one comes to mind. */
export const answerDemonstration: AnswerRule<'demonstration'> = (impression) => ({
  kind: 'demonstration',
  text: written(impression, []),
});

/** The reply shown first as it should have been: itself, or a better one that comes to mind. */
export const answerCorrection: AnswerRule<'correction'> = (impression) => {
  const reply = impression.order[0]!;
  return { kind: 'correction', reply, text: written(impression, [impression.replies[reply]!]) };
};
