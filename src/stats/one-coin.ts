import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { ClassPrior, ClimbOptions, TruthResult } from './truth.ts';
import { climb, meanPosterior, startPosteriors, truthAssumptions, truthResult } from './truth-fit.ts';
import { usedClasses } from './used-classes.ts';
import { voteStep } from './vote-step.ts';

export interface OneCoinOptions extends ClimbOptions {
  /** Pseudo-counts of right and of wrong labels added per rater (a Beta prior of 1 + smoothing on both sides). */
  readonly smoothing?: number;
  readonly start?: readonly ArrayLike<number>[];
  readonly level?: number;
  /** Shares of the classes: estimated from the labels unless told otherwise. */
  readonly classPrior?: ClassPrior;
}

export interface OneCoinResult extends TruthResult {
  /** Estimated probability of a right label per rater; ½ for a rater without labels. */
  readonly skill: Float64Array;
}

/** A skill of exactly 0 or 1 would let one label outvote all others for ever: the likelihood stops this short of it. */
const EDGE = 1e-10;
const inside = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p));

/** Posteriors given skills and prior. Fills `flat`; returns the log-likelihood. */
function expect(
  table: LabelTable,
  skill: Float64Array,
  fit: { prior: Float64Array; weight: Float64Array; flat: Float64Array },
) {
  const { raters, classes, rater, perRater } = table;
  const perLabel = new Float64Array(raters);
  let base = 0;
  for (let r = 0; r < raters; r++) {
    const p = inside(skill[r]!);
    const wrong = Math.log1p(-p) - Math.log(Math.max(1, classes - 1));
    perLabel[r] = Math.log(p) - wrong;
    base += perRater[r]! * wrong;
  }
  for (let j = 0; j < rater.length; j++) fit.weight[j] = perLabel[rater[j]!]!;
  return base + voteStep(table, fit, fit.flat);
}

/**
 * One-coin Dawid–Skene by EM: rater r is right with probability pᵣ whatever the class, and a wrong label falls on each
 * other class with (1 − pᵣ) / (K − 1), of K classes that somebody gave: one that was only declared changes nothing. One parameter per rater instead of K(K − 1), so it stands few labels per rater
 * better. Starts at the label shares. **Assumes** independent errors, as `dawidSkene` does, and that wrong classes are
 * alike. Skills are held 1e-10 away from 0 and 1. Throws a RangeError for an index outside `sizes`.
 */
export function oneCoin(
  labels: Labels,
  sizes: LabelSizes,
  {
    smoothing = 0,
    iterations = 500,
    tolerance = 1e-10,
    start,
    level = 0.95,
    classPrior = 'estimated',
  }: OneCoinOptions = {},
): OneCoinResult {
  if (!(smoothing >= 0)) throw new RangeError(`expected smoothing of 0 or more pseudo-counts, got ${smoothing}`);
  const declared = labelTable(labels, sizes);
  const { table, narrow, widen } = usedClasses(declared);
  const { raters, items, classes, rater, label, perRater } = table;
  const flat = narrow(startPosteriors(declared, start));
  const fit = { flat, weight: new Float64Array(table.n), prior: new Float64Array(classes) };
  const skill = new Float64Array(raters);
  const maximise = (): number => {
    if (classPrior === 'uniform') fit.prior.fill(1 / classes);
    else fit.prior.set(meanPosterior(table, flat));
    skill.fill(smoothing);
    for (let i = 0; i < items; i++) {
      for (let j = table.start[i]!; j < table.start[i + 1]!; j++) skill[rater[j]!]! += flat[i * classes + label[j]!]!;
    }
    let logPrior = 0;
    for (let r = 0; r < raters; r++) {
      const n = perRater[r]! + 2 * smoothing;
      skill[r] = n === 0 ? 0.5 : Math.min(1, skill[r]! / n);
      if (smoothing > 0) logPrior += smoothing * (Math.log(inside(skill[r]!)) + Math.log1p(-inside(skill[r]!)));
    }
    return logPrior;
  };
  const trace = climb(
    () => {
      const logPrior = maximise();
      const logLikelihood = expect(table, skill, fit);
      return { logLikelihood, objective: logLikelihood + logPrior };
    },
    { iterations, tolerance },
  );
  if (iterations === 0) maximise();
  const assumes = truthAssumptions(
    'independent-errors',
    'items-alike',
    'wrong-classes-alike',
    'mostly-right',
    ...(classPrior === 'uniform' ? (['uniform-classes'] as const) : []),
  );
  const found = { method: 'one-coin' as const, flat: widen(flat), prior: widen(fit.prior), assumes, ...trace };
  const result = truthResult(declared, found, level);
  return { ...result, skill };
}
