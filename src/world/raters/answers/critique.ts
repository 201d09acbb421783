import { logisticNoise } from '../choice.ts';
import { turned } from '../impression.ts';
import type { AnswerRule } from './answer.ts';
import { fault, praise } from './words.ts';

/** How much a part of the utility must be, with noise, to be spoken of. */
const NOTABLE = 0.75;

/**
 * What the rater says about the reply shown first: each part of its utility, as it looks to them and with logistic noise of scale
 * 1/β, that is notably good or bad. A mistake turns praise into fault.
 */
export const answerCritique: AnswerRule<'critique'> = (impression) => {
  const { replies, order, params, careless, flip, uniform } = impression;
  const reply = order[0]!;
  const sign = flip < params.mistake ? -1 : 1;
  const parts = Object.entries(
    impression.appearance(replies[reply]!)?.parts ?? { whole: impression.worth(replies[reply]!) },
  );
  const said = parts.flatMap(([part, utility]) => {
    const worth = turned(impression, utility);
    const felt = careless ? 4 * uniform() - 2 : sign * (worth + logisticNoise(params.rationality, uniform));
    return felt > NOTABLE ? [`${praise(part)}.`] : felt < -NOTABLE ? [`${fault(part)}.`] : [];
  });
  return { kind: 'critique', reply, text: said.length === 0 ? 'Nothing to say.' : said.join(' ') };
};
