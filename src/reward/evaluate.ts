import type { PreferencePair } from '../feedback/index.ts';
import { own } from '../run/index.ts';
import {
  clusterShare,
  comparisonLoss,
  expectedCalibrationError,
  fitLogistic,
  type Interval,
  mean,
  pearson,
  type ReliabilityBin,
  reliabilityBins,
  sigmoid,
  studentQuantile,
  weightedMean,
} from '../stats/index.ts';
import { groupedBy } from './grouped.ts';
import { expectedLogOdds } from './people/worth.ts';
import type { RewardModel, Score } from './reward-model.ts';

/** A held-out comparison with the score difference r̂(first) − r̂(second) of a model that was not fitted on it. */
export interface ScoredPair {
  readonly pair: PreferencePair;
  readonly difference: number;
}

export interface Accuracy {
  readonly accuracy: number;
  readonly interval: Interval;
  /** Decided pairs scored; ties in the data cannot be right or wrong and are counted apart. */
  readonly n: number;
  /** Judgments that these pairs come from: the pairs of one ranking share the weight of one. */
  readonly judgments: number;
  /** What the interval takes as drawn whole: items, or topics. */
  readonly clusters: number;
}

/** Evaluation of a reward model on held-out comparisons, beside the shortcuts it must beat. Plain JSON. */
export interface RewardEvaluation {
  readonly pairs: number;
  readonly ties: number;
  readonly overall: Accuracy;
  readonly logLoss: number;
  readonly ece: number;
  /** Slope of a logistic fit of outcomes on score differences in log-odds: 1 is calibrated, below 1 overconfident. */
  readonly calibrationSlope: number;
  /** By the sandwich of clusters (Liang and Zeger 1986). */
  readonly calibrationSlopeInterval: Interval;
  readonly bins: readonly ReliabilityBin[];
  /** Intervals resample items within the stratum: where the strata are the clusters (topics), there is only one inside. */
  readonly byStratum: Readonly<Record<string, Readonly<Record<string, Accuracy>>>>;
  /** By the group of the rater whose judgment is predicted; null where groups were not recorded. */
  readonly byRaterGroup: Readonly<Record<string, Accuracy>> | null;
  /** By which reply is longer, the preferred one or the other. */
  readonly byLength: { readonly longerPreferred: Accuracy | null; readonly shorterPreferred: Accuracy | null };
  readonly baselines: {
    readonly lengthOnly: Accuracy;
    /** Prefers what stood first; null where the order was not recorded. */
    readonly positionOnly: Accuracy | null;
    readonly constant: number;
  };
  /** Model minus length-only on the same pairs. */
  readonly marginOverLength: { readonly value: number; readonly interval: Interval };
  readonly scoreLengthCorrelation: number;
}

type Cluster = readonly { readonly right: number; readonly length: number; readonly weight: number }[];

/** 1 right, 0 wrong, ½ when the score does not decide. */
export const credit = (difference: number, target: number): number =>
  difference === 0 ? 0.5 : Number(difference > 0 === target > 0.5);

/**
 * Accuracy with an interval over clusters (items, or topics), so that repeated judgments do not count as independent:
 * Wilson's where every cluster is one decided pair, `clusterShare` otherwise.
 */
export function accuracyOf(scored: readonly ScoredPair[], clusterOf: (p: PreferencePair) => string): Accuracy {
  const clusters = clustersOf(scored, clusterOf);
  const counts = clusters.map((rows) => ({
    right: rows.reduce((sum, row) => sum + row.weight * row.right, 0),
    counted: rows.reduce((sum, row) => sum + row.weight, 0),
  }));
  const singles = clusters.every(([row, ...more]) => more.length === 0 && row!.weight === 1 && row!.right !== 0.5);
  const { value, interval, clusters: drawn } = clusterShare(counts, { singles });
  return {
    accuracy: value,
    interval,
    n: scored.length,
    judgments: new Set(scored.map(({ pair }) => pair.judgmentId)).size,
    clusters: drawn,
  };
}

const lengthDifference = ({ first, second }: PreferencePair) => first.length - second.length;

const clustersOf = (scored: readonly ScoredPair[], clusterOf: (p: PreferencePair) => string): Cluster[] =>
  groupedBy(scored, ({ pair }) => clusterOf(pair)).map((rows) =>
    rows.map(({ pair, difference }) => ({
      right: credit(difference, pair.target),
      length: credit(lengthDifference(pair), pair.target),
      weight: pair.weight,
    })),
  );

export interface SlopeEstimate {
  readonly slope: number;
  readonly interval: Interval;
}

/** Slope of outcomes on differences in log-odds, with the interval that its clusters give it. */
export function calibrationSlope(
  scored: readonly ScoredPair[],
  clusterOf: (p: PreferencePair) => string,
): SlopeEstimate {
  const rows = scored.map(({ difference, pair: { target, weight } }) => ({
    features: Float64Array.of(difference),
    target,
    weight,
  }));
  // The prior is there for data that the sign of the difference predicts wholly, where no finite slope is best.
  const slope = fitLogistic(rows, 1, { ridge: 1e-6 })[0]!;
  let bend = 0;
  const scores = new Map<string, number>();
  for (const { difference: d, pair } of scored) {
    const { slope: score, curvature } = comparisonLoss(slope * d, pair.target, pair.weight);
    bend += curvature * d * d;
    scores.set(clusterOf(pair), (scores.get(clusterOf(pair)) ?? 0) + score * d);
  }
  const clusters = scores.size;
  const squares = [...scores.values()].reduce((sum, g) => sum + g * g, 0);
  // A single cluster says nothing of how others vary; its own error is the least that the slope can have.
  const error = Math.sqrt(clusters < 2 ? squares : (squares * clusters) / (clusters - 1)) / bend;
  const half = studentQuantile(0.975, Math.max(1, clusters - 1)) * error;
  return { slope, interval: { low: slope - half, high: slope + half, level: 0.95 } };
}

/** One text for pairs of the same two replies to the same prompt. */
export const pairKey = ({ prompt, first, second }: PreferencePair): string => `${prompt}\u0000${first}\u0000${second}`;

/**
 * The first score less the second, in units of score, as one person in general would put it: none where the model abstains from
 * either, and less where people differ about them.
 */
function scoreDifference(first: Score, second: Score, logOdds: number): number {
  if (first.abstained === true || second.abstained === true) return 0;
  const difference = first.mean - second.mean;
  const variance = (first.people?.deviation ?? 0) ** 2 + (second.people?.deviation ?? 0) ** 2;
  return variance === 0 ? difference : expectedLogOdds(logOdds * difference, logOdds ** 2 * variance) / logOdds;
}

/** Scores pairs with a model. */
export async function scorePairs(model: RewardModel, pairs: readonly PreferencePair[]): Promise<ScoredPair[]> {
  const scored: ScoredPair[] = [];
  const known = new Map<string, number>();
  for (const pair of pairs) {
    const key = pairKey(pair);
    let difference = known.get(key);
    if (difference === undefined) {
      const [first, second] = await model.score(pair.prompt, [pair.first, pair.second]);
      difference = scoreDifference(first!, second!, model.logOdds);
      known.set(key, difference);
    }
    scored.push({ pair, difference });
  }
  return scored;
}

export interface EvaluationOptions {
  /**
   * Log-odds of one unit of score: `logOdds` of the model that gave the scores. Accuracy does not depend on it, calibration
   * does.
   */
  readonly logOdds: number;
  readonly strata?: readonly string[];
  /** What is resampled for intervals: items, or something larger. */
  readonly clusterOf?: (pair: PreferencePair) => string;
  /** Group of the rater behind a pair, where it is known. */
  readonly groupOf?: (pair: PreferencePair) => string | undefined;
}

/** Evaluates score differences on comparisons the model was not fitted on. */
export function evaluateScores(all: readonly ScoredPair[], options: EvaluationOptions): RewardEvaluation {
  const itemOf = (pair: PreferencePair) => pair.itemId;
  const { logOdds, strata = [], clusterOf = itemOf, groupOf } = options;
  const scored = all
    .filter(({ pair }) => pair.target !== 0.5)
    .map(({ pair, difference }) => ({ pair, difference: difference * logOdds }));
  const accuracy = (rows: readonly ScoredPair[]) => accuracyOf(rows, clusterOf);
  const some = (rows: readonly ScoredPair[]) => (rows.length === 0 ? null : accuracy(rows));
  const split = (keyOf: (pair: PreferencePair) => string): Record<string, Accuracy> => {
    const keys = [...new Set(scored.map(({ pair }) => keyOf(pair)))].sort();
    const within = (key: string) => scored.filter(({ pair }) => keyOf(pair) === key);
    return Object.fromEntries(keys.map((key) => [key, accuracyOf(within(key), itemOf)]));
  };
  const byStratum = Object.fromEntries(
    strata.map((stratum) => [stratum, split((p) => own(p.strata, stratum) ?? 'none')]),
  );
  const probabilities = scored.map(({ difference }) => sigmoid(difference));
  const outcomes = scored.map(({ pair }) => pair.target);
  const weights = scored.map(({ pair }) => pair.weight);
  const bins = reliabilityBins(probabilities, outcomes, { weights });
  const slope = calibrationSlope(scored, clusterOf);
  const losses = scored.map(
    ({ difference, pair: { target, weight } }) => comparisonLoss(difference, target, weight).loss,
  );
  const by = (difference: (row: ScoredPair) => number) =>
    scored.map((row) => ({ pair: row.pair, difference: difference(row) }));
  const prefersLonger = ({ pair }: ScoredPair) => lengthDifference(pair) > 0 === pair.target > 0.5;
  const sized = scored.filter(({ pair }) => lengthDifference(pair) !== 0);
  const placed = scored.filter(({ pair }) => pair.firstShownFirst !== null);
  const margins = clustersOf(scored, clusterOf).flatMap((rows, cluster) =>
    rows.map(({ right, length, weight }) => ({ value: right - length, weight, cluster })),
  );
  const margin = weightedMean(
    margins.map(({ value }) => value),
    margins.map(({ weight }) => weight),
    { clusters: margins.map(({ cluster }) => cluster) },
  );
  return {
    pairs: all.length,
    ties: all.length - scored.length,
    overall: accuracy(scored),
    logLoss: mean(losses) / mean(weights),
    ece: expectedCalibrationError(bins),
    calibrationSlope: slope.slope,
    calibrationSlopeInterval: slope.interval,
    bins,
    byStratum,
    byRaterGroup: groupOf === undefined ? null : split((pair) => groupOf(pair) ?? 'not recorded'),
    byLength: {
      longerPreferred: some(sized.filter(prefersLonger)),
      shorterPreferred: some(sized.filter((row) => !prefersLonger(row))),
    },
    baselines: {
      lengthOnly: accuracy(by(({ pair }) => lengthDifference(pair))),
      positionOnly: some(placed.map(({ pair }) => ({ pair, difference: pair.firstShownFirst === true ? 1 : -1 }))),
      constant: 0.5,
    },
    marginOverLength: {
      value: 'value' in margin ? margin.value : 0,
      // One cluster shows nothing of others: any margin is left open.
      interval:
        'value' in margin && !('undefined' in margin.interval) ? margin.interval : { low: -1, high: 1, level: 0.95 },
    },
    scoreLengthCorrelation: pearson(
      scored.map(({ difference }) => difference),
      scored.map(({ pair }) => lengthDifference(pair)),
    ),
  };
}
