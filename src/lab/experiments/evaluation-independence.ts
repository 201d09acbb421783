import type { EvidenceRow } from '../../audit/index.ts';
import { toPairs } from '../../feedback/index.ts';
import { createRng, dot, fitLogistic, mean, sigmoid } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { type BasePair, basePairs, slotDifference } from '../base-pairs.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { judged } from '../scene.ts';
import { ASKED, type Asked } from '../setting.ts';

/** Two panels of raters of the same size; each teaches a reward, and each judges what both rewards are held against. */
interface Panels extends Asked {
  /** Raters of each panel. */
  readonly size: number;
  /** Utility of a hundred characters to the first panel. */
  readonly lengthWeight: number;
  /** Rationality of the second. */
  readonly rationality: number;
}

const SIZE = ALL_SLOTS.length;
const FOLDS = 2;

const paramsOf = ({ lengthWeight, rationality }: Panels) =>
  [
    { ...SIMULATED_RATERS.noisy, lengthWeight },
    { ...SIMULATED_RATERS.noisy, rationality },
  ] as const;

let pairs: readonly BasePair[] | undefined;
/** A fixed large sample of pairs of the base policy's replies. */
function population(): readonly BasePair[] {
  pairs ??= basePairs(10_000, createRng('lab/evaluation-independence/pairs'));
  return pairs;
}

/** What a reward gets right of a panel's choices on the fixed sample, exactly. */
function accuracyOf(weights: Float64Array, params: ReturnType<typeof paramsOf>[number]): number {
  return mean(
    population().map(({ slots, gold, length }) => {
      const first = sigmoid(params.rationality * (gold + params.lengthWeight * length));
      const score = dot(slots, weights);
      return score === 0 ? 0.5 : score > 0 ? first : 1 - first;
    }),
  );
}

/** R5: a reward that is taught and examined by the same people, beside one examined by others. */
export const evaluationIndependence: Experiment<Panels> = {
  world: 'harbour',
  planted: 'utility of a hundred characters to the panel that teaches; another panel has none of it',
  doses: [2, 4, 8],
  documented: 8,
  lookAlike: 'the other panel wants the same and is noisier (a rationality of .5 and not 1.5)',
  usual: {
    ...ASKED,
    pairs: 900,
    overlap: 4,
    size: 4,
    lengthWeight: 0,
    rationality: SIMULATED_RATERS.noisy.rationality,
  },
  plant: (setting, lengthWeight) => ({ ...setting, lengthWeight }),
  resemble: (setting) => ({ ...setting, rationality: 0.5 }),
  async draw(setting, rng) {
    const params = paramsOf(setting);
    const raters = params.flatMap((own, panel) =>
      Array.from({ length: setting.size }, (_, i) => simulatedRater(HARBOUR, { id: `${panel}-${i + 1}`, params: own })),
    );
    const { items, judgments } = await judged(setting, rng, raters);
    const fold = new Map(items.map(({ id }, i) => [id, i % FOLDS]));
    const votes = toPairs(items, judgments).pairs.map(({ itemId, raterId, prompt, first, second, target }) => ({
      ...{ itemId, raterId, target, fold: fold.get(itemId)!, panel: Number(raterId[0]) },
      features: slotDifference(prompt, [first, second]),
    }));
    const rewards = Array.from({ length: FOLDS }, (_, f) =>
      params.map((_, panel) => {
        const training = votes.filter((vote) => vote.fold !== f && vote.panel === panel);
        return fitLogistic(training, SIZE, { ridge: 1 });
      }),
    );
    const rows = votes.flatMap(({ itemId, raterId, target, features, fold: f, panel }) =>
      [true, false].map((seen): EvidenceRow<'rater-credits'> => {
        const score = dot(features, rewards[f]![seen ? panel : 1 - panel]!);
        return { itemId, raterId, seen, credit: score === 0 ? 0.5 : Number(score > 0 === target > 0.5) };
      }),
    );
    const lost = rewards.flatMap((both) =>
      params.map((own, panel) => accuracyOf(both[panel]!, own) - accuracyOf(both[1 - panel]!, own)),
    );
    return { evidence: { 'rater-credits': rows }, truth: mean(lost) };
  },
};
