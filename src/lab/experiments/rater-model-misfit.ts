import { type Rater, toPairs } from '../../feedback/index.ts';
import { comparisonLoss, createRng, dot, fitLogistic, mean, sigmoid } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { type BasePair, basePairs, slotDifference } from '../base-pairs.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { judged } from '../scene.ts';
import { ASKED, type Asked } from '../setting.ts';

/** Raters who choose by worth with noise, each with a rationality, and by what stands first. */
interface Teachers extends Asked {
  readonly rationalities: readonly number[];
  /** How many of them give standing first a utility of 1.5. */
  readonly placed: number;
}

const { positionWeight } = SIMULATED_RATERS['position-biased'];

const ratersOf = ({ rationalities, placed }: Teachers): Rater[] =>
  rationalities.map((rationality, i) => {
    const params = { ...SIMULATED_RATERS.noisy, rationality, positionWeight: i < placed ? positionWeight : 0 };
    return simulatedRater(HARBOUR, { id: `rater-${i + 1}`, params });
  });

let sample: readonly BasePair[] | undefined;
/** A fixed large sample of pairs of the base policy's replies. */
function population(): readonly BasePair[] {
  sample ??= basePairs(2000, createRng('lab/rater-model-misfit/pairs'));
  return sample;
}

/**
 * What a rater with a place costs the best Boltzmann model of them beside the best that knows of places, nats a judgment, where
 * replies are worth what a reward says that was fitted to all judgments of the draw.
 */
function costOf(rationality: number, weights: Float64Array): number {
  const rows = population().flatMap(({ slots, gold }) =>
    [1, -1].map((place) => ({
      features: Float64Array.of(dot(slots, weights), place),
      target: sigmoid(rationality * (gold + positionWeight * place)),
    })),
  );
  const lossOf = (size: number) => {
    const own = rows.map(({ features, target }) => ({ features: features.slice(0, size), target }));
    const best = fitLogistic(own, size, { ridge: 1e-6 });
    return mean(own.map(({ features, target }) => comparisonLoss(dot(features, best), target).loss));
  };
  return lossOf(1) - lossOf(2);
}

/** R1: raters whose choice depends on what stands first, beside raters who choose by worth. */
export const raterModelMisfit: Experiment<Teachers> = {
  world: 'harbour',
  planted:
    'of eight raters, how many give the reply that stands first 1.5 units of utility, a third of what truth is worth',
  doses: [1, 2, 4],
  documented: 4,
  lookAlike: 'raters who choose by worth, half of them with a rationality of .6 and half of 3',
  usual: { ...ASKED, pairs: 600, overlap: 3, rationalities: Array.from({ length: 8 }, () => 1.5), placed: 0 },
  plant: (setting, placed) => ({ ...setting, placed }),
  resemble: (setting) => ({ ...setting, rationalities: setting.rationalities.map((_, i) => (i % 2 === 0 ? 0.6 : 3)) }),
  async draw(setting, rng) {
    const { rationalities, placed } = setting;
    const evidence = await judged(setting, rng, ratersOf(setting));
    const votes = toPairs(evidence.items, evidence.judgments).pairs.map(({ prompt, first, second, target }) => {
      return { target, features: slotDifference(prompt, [first, second]) };
    });
    // Raters who are alike cost alike, and one without a place costs nothing.
    const weights = fitLogistic(votes, ALL_SLOTS.length, { ridge: 2 });
    const each = placed === 0 ? 0 : costOf(rationalities[0]!, weights);
    return { evidence, truth: (each * placed) / rationalities.length };
  },
};
