/** One label: rater, item and class as indices from 0. */
export interface Label {
  readonly rater: number;
  readonly item: number;
  readonly label: number;
}

export interface DawidSkeneOptions {
  /** Added to every expected count of an error matrix; 0 is the paper's estimator. */
  readonly smoothing?: number;
  readonly iterations?: number;
  /** Stops when the log-likelihood rises by less. */
  readonly tolerance?: number;
}

export interface DawidSkeneResult {
  /** Posterior class probabilities per item. */
  readonly posteriors: Float64Array[];
  readonly prior: Float64Array;
  /** Error matrices: rater → true class → given class. */
  readonly confusion: Float64Array[][];
  readonly logLikelihoods: number[];
  /** Expected share of a rater's labels that equal the true class, and the number of labels. */
  readonly accuracy: { readonly value: number; readonly n: number }[];
}

/**
 * Dawid and Skene (1979): maximum likelihood of true classes and rater error rates by EM, started from label shares
 * (Eq. 3.1). Assumes that raters err independently given the true class; correlated errors break it.
 */
export function dawidSkene(
  labels: readonly Label[],
  sizes: { items: number; raters: number; classes: number },
  { smoothing = 0, iterations = 500, tolerance = 1e-10 }: DawidSkeneOptions = {},
): DawidSkeneResult {
  const { items, raters, classes } = sizes;
  const posteriors = Array.from({ length: items }, () => new Float64Array(classes));
  for (const { item, label } of labels) posteriors[item]![label]! += 1;
  for (const row of posteriors) normalise(row);
  const prior = new Float64Array(classes);
  const confusion = Array.from({ length: raters }, () =>
    Array.from({ length: classes }, () => new Float64Array(classes)),
  );
  const logLikelihoods: number[] = [];
  const logRows = Array.from({ length: items }, () => new Float64Array(classes));
  for (let iteration = 0; iteration < iterations; iteration++) {
    prior.fill(0);
    for (const row of posteriors) for (let k = 0; k < classes; k++) prior[k]! += row[k]! / items;
    for (const matrix of confusion) for (const row of matrix) row.fill(smoothing);
    for (const { rater, item, label } of labels) {
      for (let k = 0; k < classes; k++) confusion[rater]![k]![label]! += posteriors[item]![k]!;
    }
    for (const matrix of confusion) for (const row of matrix) normalise(row);
    for (const row of logRows) for (let k = 0; k < classes; k++) row[k] = Math.log(prior[k]!);
    for (const { rater, item, label } of labels) {
      const matrix = confusion[rater]!;
      for (let k = 0; k < classes; k++) logRows[item]![k]! += Math.log(matrix[k]![label]!);
    }
    let total = 0;
    for (const [i, row] of logRows.entries()) {
      const top = row.reduce((m, v) => Math.max(m, v), -Infinity);
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += Math.exp(row[k]! - top);
      const norm = top + Math.log(sum);
      total += norm;
      for (let k = 0; k < classes; k++) posteriors[i]![k] = Math.exp(row[k]! - norm);
    }
    const before = logLikelihoods.at(-1);
    logLikelihoods.push(total);
    if (before !== undefined && total - before < tolerance * Math.abs(total)) break;
  }
  const hits = new Float64Array(raters);
  const counts = new Float64Array(raters);
  for (const { rater, item, label } of labels) {
    hits[rater]! += posteriors[item]![label]!;
    counts[rater]! += 1;
  }
  const accuracy = Array.from(counts, (n, rater) => ({ value: n === 0 ? Number.NaN : hits[rater]! / n, n }));
  return { posteriors, prior, confusion, logLikelihoods, accuracy };
}

function normalise(row: Float64Array): void {
  const sum = row.reduce((a, b) => a + b, 0);
  for (let i = 0; i < row.length; i++) row[i] = sum === 0 ? 1 / row.length : row[i]! / sum;
}
