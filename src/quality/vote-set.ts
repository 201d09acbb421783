import { type ClassPrior, type DawidSkeneResult, dawidSkene, type LabelTable } from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import { type TypicalRater, typicalRater } from './typical-rater.ts';
import { byRater, type LeaveOneOut, leaveOneOut, type RaterOrder, type Votes } from './votes.ts';

/** Votes of a question with what several estimates and detectors share, each computed once. */
export interface VoteSet {
  readonly votes: Votes;
  readonly leaveOneOut: LeaveOneOut;
  readonly byRater: RaterOrder;
  readonly typical: TypicalRater;
  /** The votes as estimates of truth read them. */
  readonly labels: LabelTable;
  /** What estimates of truth take the shares of the classes from. */
  readonly classPrior: ClassPrior;
  /** Dawid–Skene with one pseudo-count per cell, so that raters with few votes stay estimable. */
  readonly fit: DawidSkeneResult;
}

/** How estimates of truth are fitted here: a pseudo-count keeps raters with few votes estimable. */
export const FIT = { smoothing: 1, tolerance: 1e-7, iterations: 100 };

/** A value computed when first asked for. */
export const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** Votes are sorted by unit already, so the table takes their columns as they are. */
function labelsOf(columns: QualityColumns, { units, classes, label, rater, starts }: Votes): LabelTable {
  const perRater = new Int32Array(columns.raterIds.length);
  for (let i = 0; i < rater.length; i++) perRater[rater[i]!]! += 1;
  const start = new Int32Array(starts);
  return { items: units, raters: perRater.length, classes, n: label.length, start, rater, label, perRater };
}

/** Votes with what is derived from them; derived parts are computed when first asked for. */
export function voteSet(columns: QualityColumns, votes: Votes, classPrior: ClassPrior): VoteSet {
  const others = once(() => leaveOneOut(votes));
  const order = once(() => byRater(columns, votes));
  const typical = once(() => typicalRater(votes, others()));
  const labels = once(() => labelsOf(columns, votes));
  const fitted = once(() => dawidSkene(labels(), labels(), { ...FIT, classPrior }));
  return {
    votes,
    classPrior,
    get leaveOneOut() {
      return others();
    },
    get byRater() {
      return order();
    },
    get typical() {
      return typical();
    },
    get labels() {
      return labels();
    },
    get fit() {
      return fitted();
    },
  };
}
