import { mutualInformation, predictiveEntropy } from './acquisition.ts';
import { farthestFirst, spreadDisagreement } from './diversity.ts';
import { highest } from './greedy.ts';
import { selectInformation, selectVarianceReduction } from './optimal-design.ts';
import type { QuestionCandidate, SelectionRule } from './rule.ts';

/** Asks the highest scores of a measure that looks at each candidate alone. */
const alone =
  (score: (candidate: QuestionCandidate) => number): SelectionRule['select'] =>
  ({ candidates }, count, rng) => {
    const scores = candidates.map(score);
    return { order: highest(scores, count, rng), scores };
  };

export const SELECTION_RULE_IDS = [
  'random',
  'uncertainty',
  'disagreement',
  'spread-disagreement',
  'information',
  'variance-reduction',
  'diversity',
] as const;
export type SelectionRuleId = (typeof SELECTION_RULE_IDS)[number];

/** Every rule of what to ask next; each is compared with `random` by `goodhart lab selection`. */
export const SELECTION_RULES: { readonly [Id in SelectionRuleId]: SelectionRule } = {
  random: {
    title: 'at random',
    source: 'the baseline',
    needs: [],
    select: alone(() => 0),
  },
  uncertainty: {
    title: 'entropy of the predicted preference',
    source: 'Lewis and Gale 1994',
    needs: ['predictions'],
    select: alone(({ predictions }) => predictiveEntropy(predictions)),
  },
  disagreement: {
    title: 'disagreement of the ensemble (BALD)',
    source: 'Houlsby et al. 2011',
    needs: ['predictions'],
    select: alone(({ predictions }) => mutualInformation(predictions)),
  },
  'spread-disagreement': {
    title: 'disagreement of the ensemble, spread over features',
    source: 'Houlsby et al. 2011 with Sener and Savarese 2018',
    needs: ['predictions', 'features'],
    select: spreadDisagreement,
  },
  information: {
    title: 'expected information of Bradley–Terry (D-optimal)',
    source: 'MacKay 1992; Chaloner and Verdinelli 1995',
    needs: ['features', 'posterior'],
    select: selectInformation,
  },
  'variance-reduction': {
    title: 'expected fall of the variance of reward differences (I-optimal)',
    source: 'Cohn, Ghahramani and Jordan 1996',
    needs: ['features', 'posterior'],
    select: selectVarianceReduction,
  },
  diversity: {
    title: 'farthest from what was asked (k-centre)',
    source: 'Sener and Savarese 2018',
    needs: ['features'],
    select: farthestFirst,
  },
};
