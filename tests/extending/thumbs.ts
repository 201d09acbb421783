import type { Likelihood } from '../../src/reward/index.ts';
import { sigmoid, softplus } from '../../src/stats/index.ts';

const BIAS = 'thumb';

/** A likelihood: a thumb up is given when the reward, with logistic noise, is above the raters' common threshold. */
export const thumbs: Likelihood<'label'> = {
  kind: 'label',
  title: 'a thumb up as a threshold on the reward (logit)',
  citation: 'Jeon, Milli and Dragan 2020, §3',
  shiftInvariant: false,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'label') return `kind-${answer.kind}`;
    const { id: itemId, prompt, strata = {} } = item;
    const candidates = [{ prompt, reply: item.replies[answer.reply]!.text }];
    const source = { judgmentId: judgment.id, itemId, raterId: judgment.raterId, strata };
    return [{ kind: 'label', answer: { ...answer, reply: 0 }, candidates, shown: [0], weight: 1, ...source }];
  },
  nuisances: () => [{ name: BIAS, start: 0, precision: 1 }],
  term(rewards, { answer, weight }, nuisances) {
    const utility = rewards[answer.reply]! + (nuisances.get(BIAS) ?? 0);
    const up = Number(answer.labels.includes('good'));
    const slope = weight * (sigmoid(utility) - up);
    const dRewards = new Float64Array(rewards.length);
    dRewards[answer.reply] = slope;
    return {
      loss: weight * (up * softplus(-utility) + (1 - up) * softplus(utility)),
      dRewards,
      dNuisances: nuisances.has(BIAS) ? [[BIAS, slope]] : [],
    };
  },
};
