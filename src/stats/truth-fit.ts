import { type Interval, wilson } from './intervals.ts';
import type { LabelTable } from './label-table.ts';
import type {
  ClimbOptions,
  RaterAccuracy,
  TruthAssumption,
  TruthAssumptionId,
  TruthMethod,
  TruthResult,
} from './truth.ts';
import { type LabelGroups, labelGroups, truthNotes } from './truth-notes.ts';

const ASSUMPTIONS: Record<TruthAssumptionId, string> = {
  'independent-errors':
    'given the true class, raters err independently of one another; a cue that misleads several of them makes the ' +
    'posteriors confidently wrong (correlatedErrors tests for it)',
  'items-alike': 'given the true class, every item is equally hard',
  'wrong-classes-alike': 'a wrong label falls on every wrong class equally often',
  'guessing-ignores-item': 'a rater who does not know guesses with fixed shares, whatever the item',
  'uniform-classes': 'every class is equally common',
  'mostly-right':
    'labels are right more often than wrong: the search starts at the shares of the labels, and the likelihood ' +
    'itself cannot tell a set of classes from the same set renamed',
  'shares-as-probabilities': 'shares of labels stand for probabilities, though nothing calibrates them',
};

export const truthAssumptions = (...ids: TruthAssumptionId[]): readonly TruthAssumption[] =>
  ids.map((id) => ({ id, means: ASSUMPTIONS[id] }));

export interface Climb {
  readonly logLikelihoods: number[];
  readonly objectives: number[];
  readonly converged: boolean;
}

/**
 * Repeats a step of EM until its objective stands still, or until the iterations are used up. Throws a RangeError where the
 * objective is not finite: a start that rules a given label out has no likelihood to climb.
 */
export function climb(
  step: () => { readonly objective: number; readonly logLikelihood: number },
  { iterations, tolerance }: Required<ClimbOptions>,
): Climb {
  const logLikelihoods: number[] = [];
  const objectives: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const before = objectives.at(-1);
    const { objective, logLikelihood } = step();
    if (!Number.isFinite(objective)) {
      throw new RangeError(
        `expected a finite likelihood, got ${objective} in iteration ${iteration + 1}: give a start and priors that leave every label possible`,
      );
    }
    objectives.push(objective);
    logLikelihoods.push(logLikelihood);
    // `<=`: labels without any doubt reach an objective of exactly 0 and stay there.
    if (before !== undefined && objective - before <= tolerance * Math.abs(objective)) {
      return { logLikelihoods, objectives, converged: true };
    }
  }
  return { logLikelihoods, objectives, converged: false };
}

/** Flat posteriors of shape items × classes: the shares of the labels (Dawid and Skene 1979, Eq. 3.1), or a given start. */
export function startPosteriors(table: LabelTable, start: readonly ArrayLike<number>[] | undefined): Float64Array {
  const { items, classes } = table;
  const flat = new Float64Array(items * classes);
  if (start !== undefined) {
    if (start.length !== items || start.some((row) => row.length !== classes)) {
      throw new RangeError(
        `expected start posteriors of ${items} items × ${classes} classes, got ${start.length} rows`,
      );
    }
    for (let i = 0; i < items; i++) flat.set(start[i]!, i * classes);
    return flat;
  }
  for (let i = 0; i < items; i++) {
    const [from, to] = [table.start[i]!, table.start[i + 1]!];
    for (let j = from; j < to; j++) flat[i * classes + table.label[j]!]! += 1;
    for (let c = i * classes; c < (i + 1) * classes; c++) flat[c] = from === to ? 1 / classes : flat[c]! / (to - from);
  }
  return flat;
}

/** Mean posterior over the items that have labels; uniform when there are none. */
export function meanPosterior({ items, classes, start }: LabelTable, flat: Float64Array): Float64Array {
  const prior = new Float64Array(classes);
  let labelled = 0;
  for (let i = 0; i < items; i++) {
    if (start[i] === start[i + 1]) continue;
    labelled += 1;
    for (let k = 0; k < classes; k++) prior[k]! += flat[i * classes + k]!;
  }
  for (let k = 0; k < classes; k++) prior[k] = labelled === 0 ? 1 / classes : prior[k]! / labelled;
  return prior;
}

/** Flat array as rows of a given width, sharing its memory. */
export const rowsOf = (flat: Float64Array, width: number): Float64Array[] =>
  Array.from({ length: width === 0 ? 0 : flat.length / width }, (_, i) => flat.subarray(i * width, (i + 1) * width));

/**
 * Interval of a proportion of which each case is only known with probability: sums of the probabilities w and of
 * w(1 − w). Louis (1982): the information about it is that of n known cases less the share
 * λ = Σ w(1 − w) / (n p (1 − p)) that is missing; Wilson's interval is taken at n(1 − λ). Null when nothing is left.
 */
export function uncertainProportion(
  { n, sum, spread }: { n: number; sum: number; spread: number },
  level: number,
): { value: number; interval: Interval; effectiveN: number } | null {
  const value = Math.min(1, sum / n);
  const full = n * value * (1 - value);
  // Towards p = 0 or 1 both λ's parts vanish and their ratio is noise: the cases then count as known.
  const effectiveN = full < 1e-9 * n ? n : n * (1 - spread / full);
  if (effectiveN < 1e-3) return null;
  return { value, interval: wilson(value * effectiveN, effectiveN, level), effectiveN };
}

/**
 * Accuracy per rater from flat posteriors. The intervals hold what others say about an item for known, and treat a
 * rater's own uncertainty by `uncertainProportion`; with few raters the bootstrap is wider and right.
 */
function accuracies(
  table: LabelTable,
  flat: Float64Array,
  { groups, level }: { groups: LabelGroups; level: number },
): Pick<TruthResult, 'accuracy' | 'raterAccuracy'> {
  const { raters, classes, start, rater, label, perRater } = table;
  const sum = new Float64Array(raters);
  const spread = new Float64Array(raters);
  for (let i = 0; i < table.items; i++) {
    for (let j = start[i]!; j < start[i + 1]!; j++) {
      const w = flat[i * classes + label[j]!]!;
      sum[rater[j]!]! += w;
      spread[rater[j]!]! += w * (1 - w);
    }
  }
  const { overlap, group, groupRaters } = groups;
  const raterAccuracy = Array.from(perRater, (n, r): RaterAccuracy => {
    if (n === 0) return { n, undefined: 'the rater gave no label' };
    if (overlap[r] === 0) return { n, undefined: 'no item of this rater has a label by another rater' };
    if (groupRaters[group[r]!]! < 3) {
      return { n, undefined: 'only two raters share items here: where they differ, nothing says which of them errs' };
    }
    const found = uncertainProportion({ n, sum: sum[r]!, spread: spread[r]! }, level);
    return found === null
      ? { n, undefined: 'the other labels leave the truth of this rater’s items open' }
      : { n, ...found };
  });
  const accuracy = Array.from(perRater, (n, r) => ({ value: n === 0 ? Number.NaN : Math.min(1, sum[r]! / n), n }));
  return { accuracy, raterAccuracy };
}

/** The part of a result that every method shares, from its flat posteriors. */
export function truthResult(
  table: LabelTable,
  fit: Climb & {
    readonly method: TruthMethod;
    readonly flat: Float64Array;
    readonly prior: Float64Array;
    readonly assumes: readonly TruthAssumption[];
  },
  level: number,
): TruthResult {
  const { method, flat, prior, assumes, logLikelihoods, objectives, converged } = fit;
  for (let i = 0; i < table.items; i++) {
    if (table.start[i] === table.start[i + 1]) flat.set(prior, i * table.classes);
  }
  const groups = labelGroups(table);
  const notes = truthNotes(table, groups, { converged, iterations: objectives.length });
  return {
    method,
    posteriors: rowsOf(flat, table.classes),
    prior,
    ...accuracies(table, flat, { groups, level }),
    logLikelihoods,
    objectives,
    converged,
    assumes,
    notes,
  };
}
