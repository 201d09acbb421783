import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { ClassPrior, ClimbOptions, TruthResult } from './truth.ts';
import { climb, rowsOf, startPosteriors, truthAssumptions, truthResult } from './truth-fit.ts';
import { type UsedClasses, usedClasses } from './used-classes.ts';

export interface DawidSkeneOptions extends ClimbOptions {
  /** Added to every expected count of an error matrix (a Dirichlet prior of 1 + smoothing); 0 is the paper's estimator. */
  readonly smoothing?: number;
  /** Posteriors to start from, items × classes; the shares of the labels when left out. */
  readonly start?: readonly ArrayLike<number>[];
  /** Level of the intervals. */
  readonly level?: number;
  /** Shares of the classes: estimated from the labels (as in the paper) unless told otherwise. */
  readonly classPrior?: ClassPrior;
}

export interface DawidSkeneResult extends TruthResult {
  /**
   * Error matrices: rater → true class → given class. A row without any expected count is uniform; a class that nobody gave
   * has probability 0 in every other.
   */
  readonly confusion: Float64Array[][];
}

/** Below this a product of probabilities is taken again in logs; no posterior above 1e-28 is touched by the difference. */
const UNDERFLOW = 1e-280;

/** The tables of one fit. Error matrices are stored rater → given class → true class, so that a label reads one run. */
class Em {
  readonly posterior: Float64Array;
  readonly prior: Float64Array;
  readonly errors: Float64Array;
  readonly #counts: Float64Array;
  readonly #classCounts: Float64Array;
  /** Offset of a label's run in `errors`. */
  readonly #cell: Int32Array;
  readonly #table: LabelTable;
  readonly #smoothing: number;
  readonly #classPrior: ClassPrior;

  constructor(
    table: LabelTable,
    posterior: Float64Array,
    { smoothing, classPrior }: { smoothing: number; classPrior: ClassPrior },
  ) {
    const { raters, classes, n, items, start, rater, label } = table;
    this.#table = table;
    this.#smoothing = smoothing;
    this.#classPrior = classPrior;
    this.posterior = posterior;
    this.prior = new Float64Array(classes);
    this.errors = new Float64Array(raters * classes * classes);
    this.#counts = new Float64Array(raters * classes * classes);
    this.#classCounts = new Float64Array(classes);
    this.#cell = new Int32Array(n);
    for (let j = 0; j < n; j++) this.#cell[j] = (rater[j]! * classes + label[j]!) * classes;
    for (let i = 0; i < items; i++) {
      if (start[i] === start[i + 1]) continue;
      for (let k = 0; k < classes; k++) {
        const p = posterior[i * classes + k]!;
        this.#classCounts[k]! += p;
        for (let j = start[i]!; j < start[i + 1]!; j++) this.#counts[this.#cell[j]! + k]! += p;
      }
    }
  }

  /** Prior and error matrices from expected counts, which are cleared. Returns the log of the smoothing's prior. */
  maximise(): number {
    const { raters, classes } = this.#table;
    const [errors, counts, smoothing] = [this.errors, this.#counts, this.#smoothing];
    const total = this.#classCounts.reduce((sum, v) => sum + v, 0);
    const uniform = total === 0 || this.#classPrior === 'uniform';
    for (let k = 0; k < classes; k++) this.prior[k] = uniform ? 1 / classes : this.#classCounts[k]! / total;
    for (let r = 0; r < raters; r++) {
      const from = r * classes * classes;
      for (let k = 0; k < classes; k++) {
        let sum = classes * smoothing;
        for (let l = 0; l < classes; l++) sum += counts[from + l * classes + k]!;
        for (let l = 0; l < classes; l++) {
          const at = from + l * classes + k;
          errors[at] = sum === 0 ? 1 / classes : (counts[at]! + smoothing) / sum;
        }
      }
    }
    counts.fill(0);
    this.#classCounts.fill(0);
    if (smoothing === 0) return 0;
    let logPrior = 0;
    for (let c = 0; c < errors.length; c++) logPrior += Math.log(errors[c]!);
    return smoothing * logPrior;
  }

  /**
   * Posteriors, and the expected counts that follow from them, in one pass over the labels. Returns the log-likelihood.
   * Probabilities are multiplied, not their logs added, so that an item costs one logarithm and no exponential; two
   * classes go at a time because that halves the reads of `cell`.
   */
  expect(): number {
    const { items, classes, start } = this.#table;
    const [q, prior, errors, counts, cell] = [this.posterior, this.prior, this.errors, this.#counts, this.#cell];
    const classCounts = this.#classCounts;
    const paired = classes - (classes % 2);
    let logLikelihood = 0;
    for (let i = 0; i < items; i++) {
      const from = start[i]!;
      const to = start[i + 1]!;
      if (from === to) continue;
      const o = i * classes;
      let sum = 0;
      for (let k = 0; k < paired; k += 2) {
        let p = prior[k]!;
        let r = prior[k + 1]!;
        for (let j = from; j < to; j++) {
          const c = cell[j]! + k;
          p *= errors[c]!;
          r *= errors[c + 1]!;
        }
        q[o + k] = p;
        q[o + k + 1] = r;
        sum += p + r;
      }
      if (paired < classes) {
        let p = prior[paired]!;
        for (let j = from; j < to; j++) p *= errors[cell[j]! + paired]!;
        q[o + paired] = p;
        sum += p;
      }
      if (sum > UNDERFLOW) {
        logLikelihood += Math.log(sum);
        const scale = 1 / sum;
        for (let k = 0; k < classes; k++) q[o + k]! *= scale;
      } else {
        logLikelihood += this.#expectInLogs(i);
      }
      for (let k = 0; k < paired; k += 2) {
        const p = q[o + k]!;
        const r = q[o + k + 1]!;
        classCounts[k]! += p;
        classCounts[k + 1]! += r;
        for (let j = from; j < to; j++) {
          const c = cell[j]! + k;
          counts[c]! += p;
          counts[c + 1]! += r;
        }
      }
      if (paired < classes) {
        const p = q[o + paired]!;
        classCounts[paired]! += p;
        for (let j = from; j < to; j++) counts[cell[j]! + paired]! += p;
      }
    }
    return logLikelihood;
  }

  /** The posterior of an item whose product of probabilities is too small for a double. */
  #expectInLogs(item: number): number {
    const { classes, start } = this.#table;
    const o = item * classes;
    let top = -Infinity;
    for (let k = 0; k < classes; k++) {
      let log = Math.log(this.prior[k]!);
      for (let j = start[item]!; j < start[item + 1]!; j++) log += Math.log(this.errors[this.#cell[j]! + k]!);
      this.posterior[o + k] = log;
      top = Math.max(top, log);
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(this.posterior[o + k]! - top);
    const norm = top + Math.log(sum);
    for (let k = 0; k < classes; k++) this.posterior[o + k] = Math.exp(this.posterior[o + k]! - norm);
    return norm;
  }
}

/** Rows rater → true class → given class over all declared classes, from the stored order rater → given → true class. */
function confusionOf(
  errors: Float64Array,
  { raters, classes }: LabelSizes,
  { table, members }: Pick<UsedClasses, 'table' | 'members'>,
): Float64Array[][] {
  const width = table.classes;
  const flat = new Float64Array(raters * classes * classes);
  for (let r = 0; r < raters; r++) {
    const [from, to] = [r * width * width, r * classes * classes];
    if (width < classes) flat.fill(1 / classes, to, to + classes * classes);
    for (const [k, truths] of members.entries()) {
      for (const truth of truths) {
        const row = to + truth * classes;
        flat.fill(0, row, row + classes);
        for (const [l, answers] of members.entries())
          for (const answer of answers) flat[row + answer] = errors[from + l * width + k]! / answers.length;
      }
    }
  }
  const rows = rowsOf(flat, classes);
  return Array.from({ length: raters }, (_, r) => rows.slice(r * classes, (r + 1) * classes));
}

/**
 * Dawid and Skene (1979): maximum likelihood of true classes and rater error rates by EM, started from label shares
 * (Eq. 3.1). Labels may be missing, or repeated by a rater. **Assumes** (also in the result, `assumes`) that raters err
 * independently given the true class: correlated errors break it without any sign in the posteriors, and
 * `correlatedErrors` tests for them. Without smoothing small or unanimous data end in posteriors of 0 and 1.
 * Classes that nobody gave change nothing. Linear in the number of labels per iteration; throws a RangeError for an index outside `sizes`.
 */
export function dawidSkene(
  labels: Labels,
  sizes: LabelSizes,
  {
    smoothing = 0,
    iterations = 500,
    tolerance = 1e-10,
    start,
    level = 0.95,
    classPrior = 'estimated',
  }: DawidSkeneOptions = {},
): DawidSkeneResult {
  if (!(smoothing >= 0))
    throw new RangeError(`expected smoothing of 0 or more pseudo-counts per cell, got ${smoothing}`);
  const table = labelTable(labels, sizes);
  const reduced = usedClasses(table);
  const em = new Em(reduced.table, reduced.narrow(startPosteriors(table, start)), { smoothing, classPrior });
  const trace = climb(
    () => {
      const logPrior = em.maximise();
      const logLikelihood = em.expect();
      return { logLikelihood, objective: logLikelihood + logPrior };
    },
    { iterations, tolerance },
  );
  if (iterations === 0) em.maximise();
  const assumes = truthAssumptions(
    'independent-errors',
    'items-alike',
    'mostly-right',
    ...(classPrior === 'uniform' ? (['uniform-classes'] as const) : []),
  );
  const [flat, prior] = [reduced.widen(em.posterior), reduced.widen(em.prior)];
  const result = truthResult(table, { method: 'dawid-skene', flat, prior, assumes, ...trace }, level);
  return { ...result, confusion: confusionOf(em.errors, table, reduced) };
}
