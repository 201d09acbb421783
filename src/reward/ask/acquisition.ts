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
