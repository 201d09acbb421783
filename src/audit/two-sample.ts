import { dot, fitLogistic, type LogisticRow, mean, normalQuantile, type Rng } from '../stats/index.ts';

/** A unit of one of two samples: names of the features that it has, and its weight. */
export interface SampleUnit {
  readonly features: readonly string[];
  readonly weight: number;
  readonly second: boolean;
}

/** How often the units are dealt into halves. */
const DEALS = 4;
/** Most features that are told apart: the most frequent ones. */
const MOST_FEATURES = 200;
/** Precision of the prior on each weight of the classifier. */
const RIDGE = 1;

/** The most frequent features, each with its column. */
function columnsOf(units: readonly SampleUnit[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { features } of units) for (const name of features) times.set(name, (times.get(name) ?? 0) + 1);
  const frequent = [...times].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_FEATURES);
  return new Map(frequent.map(([name], column) => [name, column]));
}

/** P(a unit of the second sample has the higher score) + ½ P(the same), by weight. */
export function weightedAuc(units: readonly { score: number; weight: number; second: boolean }[]): number {
  const sorted = [...units].sort((a, b) => a.score - b.score);
  let [below, wins, first, second] = [0, 0, 0, 0];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    let [tiedFirst, tiedSecond] = [0, 0];
    for (; j < sorted.length && sorted[j]!.score === sorted[i]!.score; j++) {
      if (sorted[j]!.second) tiedSecond += sorted[j]!.weight;
      else tiedFirst += sorted[j]!.weight;
    }
    wins += tiedSecond * (below + tiedFirst / 2);
    below += tiedFirst;
    first += tiedFirst;
    second += tiedSecond;
    i = j;
  }
  return wins / (first * second);
}

/** Units of weight one that weigh as much (Kish 1965). */
const effective = (units: readonly SampleUnit[]): number => {
  const sum = units.reduce((total, { weight }) => total + weight, 0);
  return sum ** 2 / units.reduce((total, { weight }) => total + weight ** 2, 0);
};

/**
 * Interval of an AUC from samples of some sizes: the values θ that lie no further from it than z standard errors at θ, by Hanley
 * and McNeil's variance for exponential scores (Newcombe 2006, method 5). It holds at one half and at one, too.
 */
export function aucInterval(auc: number, sizes: readonly [number, number], level: number) {
  const z = normalQuantile(0.5 + level / 2);
  const [m, n] = sizes;
  const middle = (m + n) / 2 - 1;
  const outside = (theta: number) => {
    const variance = (theta * (1 - theta) * (1 + middle * ((1 - theta) / (2 - theta) + theta / (1 + theta)))) / (m * n);
    return (theta - auc) ** 2 > z * z * variance;
  };
  const bound = (far: number) => {
    let [inside, beyond] = [auc, far];
    if (!outside(far)) return far;
    for (let i = 0; i < 60; i++) {
      const half = (inside + beyond) / 2;
      if (outside(half)) beyond = half;
      else inside = half;
    }
    return beyond;
  };
  return { low: bound(0), high: bound(1) };
}

interface Row {
  readonly unit: SampleUnit;
  readonly row: LogisticRow;
}

/** The units of a sample as rows of a regression; the weights of either sample sum to half of all units. */
function rowsOf(side: readonly SampleUnit[], columns: ReadonlyMap<string, number>, half: number): Row[] {
  const total = side.reduce((sum, { weight }) => sum + weight, 0);
  return side.map((unit) => {
    const features = new Float64Array(columns.size + 1);
    features[columns.size] = 1;
    for (const name of unit.features) {
      const column = columns.get(name);
      if (column !== undefined) features[column] = 1;
    }
    return { unit, row: { features, target: Number(unit.second), weight: (unit.weight / total) * half } };
  });
}

/** The AUC on some rows of a classifier fitted to others. */
function aucOn(test: readonly Row[], train: readonly Row[], size: number): number {
  const weights = fitLogistic(
    train.map(({ row }) => row),
    size,
    { ridge: RIDGE },
  );
  return weightedAuc(test.map(({ unit, row }) => ({ ...unit, score: dot(row.features, weights) })));
}

/**
 * How well a classifier tells two samples apart: the AUC of a logistic regression on the presence of features, fitted to one half
 * of the units and asked about the other, and the other way round, mean over some dealings; less one half. What it learned and what
 * it is asked about are of one sample, so that halves depend on each other: the interval is that of one half alone, which no mean of
 * them exceeds. Undefined where a sample has fewer than four units.
 */
export function twoSampleAuc(
  units: readonly SampleUnit[],
  { rng, level }: { readonly rng: Rng; readonly level: number },
): { readonly excess: number; readonly low: number; readonly high: number } | undefined {
  const samples = [false, true].map((second) => units.filter((unit) => unit.second === second));
  if (samples.some(({ length }) => length < 4)) return undefined;
  const columns = columnsOf(units);
  const sides = samples.map((sample) => rowsOf(sample, columns, units.length / 2));
  const aucs = Array.from({ length: DEALS }, () => {
    const dealt = sides.map((side) => rng.shuffle(side));
    const half = (k: number) => dealt.flatMap((side) => side.filter((_, i) => i % 2 === k));
    const [one, other] = [half(0), half(1)];
    return (aucOn(one, other, columns.size + 1) + aucOn(other, one, columns.size + 1)) / 2;
  });
  const auc = mean(aucs);
  const { low, high } = aucInterval(auc, [effective(samples[0]!) / 2, effective(samples[1]!) / 2], level);
  return { excess: auc - 0.5, low: low - 0.5, high: high - 0.5 };
}
