import { type Interval, wilson } from './intervals.ts';
import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { TruthResult } from './truth.ts';
import { meanPosterior, startPosteriors, truthAssumptions, truthResult } from './truth-fit.ts';

export interface MajorityOptions {
  /** Weight of each rater's votes; 1 when left out. */
  readonly weights?: ArrayLike<number>;
  /**
   * How an item with several top classes counts towards a rater's agreement: `split` credits each of them equally,
   * `first` takes the lowest class index, as crowd-kit does.
   */
  readonly ties?: 'split' | 'first';
  readonly level?: number;
}

export interface AgreementShare {
  /** Labels compared, credit for agreement, and their ratio with Wilson's interval; or why there is none. */
  readonly n: number;
  readonly estimate: { readonly value: number; readonly interval: Interval } | { readonly undefined: string };
}

export interface MajorityResult extends TruthResult {
  /** Share of a rater's labels that equal the winning class: an agreement, inflated by the rater's own vote. */
  readonly agreement: readonly AgreementShare[];
}

/** Weighted shares of the classes per item, flat. An item whose voters all have weight 0 keeps the plain shares. */
function weightedShares(table: LabelTable, weights: ArrayLike<number> | undefined): Float64Array {
  const flat = startPosteriors(table, undefined);
  if (weights === undefined) return flat;
  const { items, raters, classes, start, rater, label } = table;
  if (weights.length !== raters)
    throw new RangeError(`expected ${raters} weights, one per rater, got ${weights.length}`);
  for (let r = 0; r < raters; r++) {
    if (!(weights[r]! >= 0)) throw new RangeError(`expected a weight of 0 or more for rater ${r}, got ${weights[r]}`);
  }
  for (let i = 0; i < items; i++) {
    let total = 0;
    for (let j = start[i]!; j < start[i + 1]!; j++) total += weights[rater[j]!]!;
    if (total === 0) continue;
    flat.fill(0, i * classes, (i + 1) * classes);
    for (let j = start[i]!; j < start[i + 1]!; j++) flat[i * classes + label[j]!]! += weights[rater[j]!]! / total;
  }
  return flat;
}

/** Credit per rater for labels that equal a winning class. */
function creditOf(table: LabelTable, flat: Float64Array, ties: 'split' | 'first'): Float64Array {
  const { items, classes, start, rater, label } = table;
  const credit = new Float64Array(table.raters);
  for (let i = 0; i < items; i++) {
    let top = 0;
    for (let k = 0; k < classes; k++) top = Math.max(top, flat[i * classes + k]!);
    const winners: number[] = [];
    for (let k = 0; k < classes; k++) if (flat[i * classes + k]! >= top - 1e-9) winners.push(k);
    const counted = ties === 'first' ? winners.slice(0, 1) : winners;
    for (let j = start[i]!; j < start[i + 1]!; j++) {
      if (counted.includes(label[j]!)) credit[rater[j]!]! += 1 / counted.length;
    }
  }
  return credit;
}

const share = (credit: number, n: number, level: number): AgreementShare =>
  n === 0
    ? { n, estimate: { undefined: 'the rater gave no label that can be compared' } }
    : { n, estimate: { value: credit / n, interval: wilson(credit, n, level) } };

function vote(table: LabelTable, method: 'majority' | 'wawa', options: MajorityOptions): MajorityResult {
  const { weights, ties = 'split', level = 0.95 } = options;
  const flat = weightedShares(table, weights);
  const credit = creditOf(table, flat, ties);
  const agreement = Array.from(table.perRater, (n, r) => share(credit[r]!, n, level));
  const assumes = truthAssumptions('independent-errors', 'items-alike', 'mostly-right', 'shares-as-probabilities');
  const climbed = { logLikelihoods: [], objectives: [], converged: true };
  const prior = meanPosterior(table, flat);
  return { ...truthResult(table, { method, flat, prior, assumes, ...climbed }, level), agreement };
}

/**
 * Majority vote, optionally weighted: posteriors are the (weighted) shares of the labels. They are not probabilities in
 * any calibrated sense, which `assumes` says; like every method here it takes raters to err independently.
 */
export const majorityVote = (labels: Labels, sizes: LabelSizes, options: MajorityOptions = {}): MajorityResult =>
  vote(labelTable(labels, sizes), 'majority', options);

/** Worker agreement with aggregate (Wawa): a majority vote in which a vote weighs its rater's agreement with the plain one. */
export function wawa(
  labels: Labels,
  sizes: LabelSizes,
  { ties = 'split', level = 0.95 }: Omit<MajorityOptions, 'weights'> = {},
): MajorityResult & { readonly weights: Float64Array } {
  const table = labelTable(labels, sizes);
  const plain = creditOf(table, weightedShares(table, undefined), ties);
  const weights = plain.map((credit, r) => (table.perRater[r] === 0 ? 0 : credit / table.perRater[r]!));
  return { ...vote(table, 'wawa', { weights, ties, level }), weights };
}
