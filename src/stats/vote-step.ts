import type { LabelTable } from './label-table.ts';

/**
 * The expectation step of every model in which all wrong classes are equally likely: a label multiplies the odds of its
 * own class by a factor, whose log is `weight` (one entry per label of the table), and leaves the other classes alone.
 * Fills `flat` (items × classes) with posteriors and returns the sum over items of log Σₖ priorₖ exp(Σ weights of
 * labels k). One addition per label, whatever the number of classes.
 */
export function voteStep(
  { items, classes, start, label }: LabelTable,
  { weight, prior }: { weight: Float64Array; prior: Float64Array },
  flat: Float64Array,
): number {
  const logPrior = prior.map(Math.log);
  let total = 0;
  for (let i = 0; i < items; i++) {
    const o = i * classes;
    const from = start[i]!;
    const to = start[i + 1]!;
    if (from === to) continue;
    for (let k = 0; k < classes; k++) flat[o + k] = logPrior[k]!;
    for (let j = from; j < to; j++) flat[o + label[j]!]! += weight[j]!;
    let top = -Infinity;
    for (let k = 0; k < classes; k++) if (flat[o + k]! > top) top = flat[o + k]!;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const p = Math.exp(flat[o + k]! - top);
      flat[o + k] = p;
      sum += p;
    }
    for (let k = 0; k < classes; k++) flat[o + k]! /= sum;
    total += top + Math.log(sum);
  }
  return total;
}
