import { mean } from '../../stats/index.ts';

/** What an ensemble's predictions of one preference say about the worth of asking. All in nats. */

const plogp = (p: number) => (p === 0 ? 0 : -p * Math.log(p));
/** Entropy of a yes-or-no outcome. */
export const binaryEntropy = (p: number): number => plogp(p) + plogp(1 - p);

/** Entropy of the mean prediction: all uncertainty, that of raters about close calls included. */
export const predictiveEntropy = (predictions: readonly number[]): number => binaryEntropy(mean(predictions));

/**
 * Mutual information of the outcome and the member (BALD; Houlsby et al. 2011): the uncertainty that more data can remove,
 * entropy of the mean less mean of the entropies.
 */
export const mutualInformation = (predictions: readonly number[]): number =>
  Math.max(0, predictiveEntropy(predictions) - mean(predictions.map(binaryEntropy)));

/** Standard deviation of the members: `population` divides by n, `sample` by n − 1 (as B-Pref does). */
export function predictionSpread(predictions: readonly number[], kind: 'population' | 'sample'): number {
  const m = mean(predictions);
  const squares = predictions.reduce((sum, p) => sum + (p - m) ** 2, 0);
  return Math.sqrt(squares / (predictions.length - (kind === 'sample' ? 1 : 0)));
}

/**
 * Expected share of the members' weight that is left after the answer, Σ P(answer)² (Sadigh et al. 2017 ask where it is
 * least). For two outcomes it orders candidates as the entropy of the mean does, so it is no rule of its own here.
 */
export function expectedVolumeLeft(predictions: readonly number[]): number {
  const m = mean(predictions);
  return m ** 2 + (1 - m) ** 2;
}
