import type { PreferencePair } from '../feedback/index.ts';
import {
  bootstrap,
  createRng,
  expectedCalibrationError,
  type Interval,
  mean,
  pearson,
  type ReliabilityBin,
  reliabilityBins,
  sigmoid,
  softplus,
} from '../stats/index.ts';
import type { RewardModel } from './reward-model.ts';
import { own } from '../run/index.ts';

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
}

/** Evaluation of a reward model on held-out comparisons, beside the shortcuts it must beat. Plain JSON. */
export interface RewardEvaluation {
  readonly pairs: number;
  readonly ties: number;
  readonly overall: Accuracy;
  readonly logLoss: number;
  readonly ece: number;
  /** Slope of a logistic fit of outcomes on score differences: 1 is calibrated, below 1 overconfident. */
  readonly calibrationSlope: number;
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
  readonly seed: number;
}

type Cluster = readonly { readonly right: number; readonly length: number }[];

/** 1 right, 0 wrong, ½ when the score does not decide. */
const credit = (difference: number, target: number): number =>
  difference === 0 ? 0.5 : Number(difference > 0 === target > 0.5);

const REPLICATES = 500;

/** Accuracy with a bootstrap interval over clusters (items, or topics), so that repeated judgments do not count as independent. */
function accuracyOf(
  scored: readonly ScoredPair[],
  clusterOf: (p: PreferencePair) => string,
  uniform: () => number,
): Accuracy {
  const clusters = clustersOf(scored, clusterOf);
  const share = (sample: readonly Cluster[]) => mean(sample.flat().map((row) => row.right));
  return {
    accuracy: share(clusters),
    interval: bootstrap(clusters, share, { uniform, replicates: REPLICATES }),
    n: scored.length,
  };
}

const lengthDifference = ({ first, second }: PreferencePair) => first.length - second.length;

function clustersOf(scored: readonly ScoredPair[], clusterOf: (p: PreferencePair) => string): Cluster[] {
  const clusters = new Map<string, { right: number; length: number }[]>();
  for (const { pair, difference } of scored) {
    const key = clusterOf(pair);
    if (!clusters.has(key)) clusters.set(key, []);
    clusters
      .get(key)!
      .push({ right: credit(difference, pair.target), length: credit(lengthDifference(pair), pair.target) });
  }
  return [...clusters.values()];
}

/** Slope of outcomes on differences by one-dimensional Newton steps. */
function slopeOf(scored: readonly ScoredPair[]): number {
  let slope = 1;
  for (let i = 0; i < 50; i++) {
    let [g, h] = [1e-6 * -slope, 1e-6];
    for (const { difference: d, pair } of scored) {
      const p = sigmoid(slope * d);
      g += (pair.target - p) * d;
      h += p * (1 - p) * d * d;
    }
    const step = Math.max(-1, Math.min(1, g / h));
    slope += step;
    if (Math.abs(step) < 1e-9) break;
  }
  return slope;
}

/** Scores pairs with a model. */
export async function scorePairs(model: RewardModel, pairs: readonly PreferencePair[]): Promise<ScoredPair[]> {
  const scored: ScoredPair[] = [];
  const known = new Map<string, number>();
  for (const pair of pairs) {
    const key = `${pair.prompt}\u0000${pair.first}\u0000${pair.second}`;
    let difference = known.get(key);
    if (difference === undefined) {
      const [first, second] = await model.score(pair.prompt, [pair.first, pair.second]);
      difference = first!.mean - second!.mean;
      known.set(key, difference);
    }
    scored.push({ pair, difference });
  }
  return scored;
}

/**
 * Evaluates score differences on comparisons the model was not fitted on. `logOdds` is the log-odds of one unit of score:
 * the scale a normaliser divided by; accuracy does not depend on it, calibration does.
 */
export function evaluateScores(
  all: readonly ScoredPair[],
  options: {
    seed: number;
    logOdds?: number;
    strata?: readonly string[];
    /** What is resampled for intervals: items, or something larger. */
    clusterOf?: (pair: PreferencePair) => string;
    /** Group of the rater behind a pair, where it is known. */
    groupOf?: (pair: PreferencePair) => string | undefined;
  },
): RewardEvaluation {
  const itemOf = (pair: PreferencePair) => pair.itemId;
  const { seed, logOdds = 1, strata = [], clusterOf = itemOf, groupOf } = options;
  const scored = all
    .filter(({ pair }) => pair.target !== 0.5)
    .map(({ pair, difference }) => ({ pair, difference: difference * logOdds }));
  const { uniform } = createRng(seed).fork('reward-evaluation');
  const accuracy = (rows: readonly ScoredPair[]) => accuracyOf(rows, clusterOf, uniform);
  const some = (rows: readonly ScoredPair[]) => (rows.length === 0 ? null : accuracy(rows));
  const split = (keyOf: (pair: PreferencePair) => string): Record<string, Accuracy> => {
    const keys = [...new Set(scored.map(({ pair }) => keyOf(pair)))].sort();
    const within = (key: string) => scored.filter(({ pair }) => keyOf(pair) === key);
    return Object.fromEntries(keys.map((key) => [key, accuracyOf(within(key), itemOf, uniform)]));
  };
  const byStratum = Object.fromEntries(
    strata.map((stratum) => [stratum, split((p) => own(p.strata, stratum) ?? 'none')]),
  );
  const probabilities = scored.map(({ difference }) => sigmoid(difference));
  const outcomes = scored.map(({ pair }) => pair.target);
  const bins = reliabilityBins(probabilities, outcomes);
  const by = (difference: (row: ScoredPair) => number) =>
    scored.map((row) => ({ pair: row.pair, difference: difference(row) }));
  const prefersLonger = ({ pair }: ScoredPair) => lengthDifference(pair) > 0 === pair.target > 0.5;
  const sized = scored.filter(({ pair }) => lengthDifference(pair) !== 0);
  const placed = scored.filter(({ pair }) => pair.firstShownFirst !== null);
  const clusters = clustersOf(scored, clusterOf);
  const margin = (sample: readonly Cluster[]) => mean(sample.flat().map((row) => row.right - row.length));
  return {
    pairs: all.length,
    ties: all.length - scored.length,
    overall: accuracy(scored),
    logLoss: mean(scored.map(({ difference, pair }) => softplus(pair.target > 0.5 ? -difference : difference))),
    ece: expectedCalibrationError(bins),
    calibrationSlope: slopeOf(scored),
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
      value: margin(clusters),
      interval: bootstrap(clusters, margin, { uniform, replicates: REPLICATES }),
    },
    scoreLengthCorrelation: pearson(
      scored.map(({ difference }) => difference),
      scored.map(({ pair }) => lengthDifference(pair)),
    ),
    seed,
  };
}

/** Scores every pair exactly once, by a model fitted on the other groups (whole topics, whole items). */
export async function crossValidate(
  pairs: readonly PreferencePair[],
  groupOf: (pair: PreferencePair) => string,
  fitModel: (training: readonly PreferencePair[], group: string) => Promise<RewardModel> | RewardModel,
): Promise<ScoredPair[]> {
  const scored: ScoredPair[] = [];
  for (const group of new Set(pairs.map(groupOf))) {
    const model = await fitModel(
      pairs.filter((pair) => groupOf(pair) !== group),
      group,
    );
    scored.push(
      ...(await scorePairs(
        model,
        pairs.filter((pair) => groupOf(pair) === group),
      )),
    );
    await model.dispose();
  }
  return scored;
}
