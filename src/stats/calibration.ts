/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** Sum of weights, that is the number of predictions where none was given. */
  readonly count: number;
  readonly meanPrediction: number;
  readonly meanOutcome: number;
}

/** Equal-width bins of predictions in [0, 1] against outcomes in [0, 1] (soft outcomes allowed). */
export function reliabilityBins(
  predictions: readonly number[],
  outcomes: readonly number[],
  { bins = 10, weights }: { readonly bins?: number; readonly weights?: readonly number[] } = {},
): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ count: 0, prediction: 0, outcome: 0 }));
  for (const [i, p] of predictions.entries()) {
    const bin = sums[Math.min(bins - 1, Math.floor(p * bins))]!;
    const weight = weights?.[i] ?? 1;
    bin.count += weight;
    bin.prediction += weight * p;
    bin.outcome += weight * outcomes[i]!;
  }
  return sums.map((bin, b) => ({
    low: b / bins,
    high: (b + 1) / bins,
    count: bin.count,
    meanPrediction: bin.count === 0 ? Number.NaN : bin.prediction / bin.count,
    meanOutcome: bin.count === 0 ? Number.NaN : bin.outcome / bin.count,
  }));
}

/** Expected calibration error: count-weighted gap between prediction and outcome over bins (Guo et al. 2017). */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return bins.reduce(
    (sum, bin) => (bin.count === 0 ? sum : sum + (bin.count / total) * Math.abs(bin.meanPrediction - bin.meanOutcome)),
    0,
  );
}
