import { type DawidSkeneResult, dawidSkene, type LabelTable } from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import { LEAST_SHARED, raterPairs, type SharedWork } from './rater-pairs.ts';
import { type ReplyTable, replyTable } from './replies.ts';
import { type TypicalRater, typicalRater } from './typical-rater.ts';
import { type UnitTable, unitTable } from './units.ts';
import { byRater, type LeaveOneOut, leaveOneOut, type RaterOrder, type Votes, votesOf } from './votes.ts';

/** Votes of a question with what several estimates and detectors share, each computed once. */
export interface VoteSet {
  readonly votes: Votes;
  readonly leaveOneOut: LeaveOneOut;
  readonly byRater: RaterOrder;
  readonly typical: TypicalRater;
  /** The votes as estimates of truth read them. */
  readonly labels: LabelTable;
  /** Dawid–Skene with one pseudo-count per cell, so that raters with few votes stay estimable. */
  readonly fit: DawidSkeneResult;
}

/** The columns with what is derived from them; derived parts are computed when first asked for. */
export interface QualityData {
  readonly columns: QualityColumns;
  /** Values of each question, by index of question. */
  readonly tables: readonly UnitTable[];
  /** Questions whose values are categories, most votes first. */
  readonly voteSets: readonly VoteSet[];
  /** All judgments by rater, in the order of submission. */
  readonly order: RaterOrder;
  readonly replies: ReplyTable;
  /** Pairs of raters who share at least `LEAST_SHARED` units. */
  readonly shared: SharedWork;
}

const once = <T>(make: () => T): (() => T) => {
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

function voteSet(columns: QualityColumns, votes: Votes): VoteSet {
  const others = once(() => leaveOneOut(votes));
  const order = once(() => byRater(columns, votes));
  const typical = once(() => typicalRater(votes, others()));
  const labels = once(() => labelsOf(columns, votes));
  const fitted = once(() => dawidSkene(labels(), labels(), { smoothing: 1, tolerance: 1e-7, iterations: 100 }));
  return {
    votes,
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

/** Joins columns with the parts that estimates and detectors read. */
export function qualityData(columns: QualityColumns): QualityData {
  const tables = once(() => columns.questions.map((_, question) => unitTable(columns, question)));
  const sets = once(() =>
    tables()
      .map(votesOf)
      .filter((votes) => votes !== null)
      .sort((a, b) => b.label.length - a.label.length)
      .map((votes) => voteSet(columns, votes)),
  );
  const order = once(() =>
    byRater(columns, { rater: columns.rater, row: Int32Array.from({ length: columns.n }, (_, row) => row) }),
  );
  const replies = once(() => replyTable(columns.items));
  const shared = once(() => raterPairs(data, LEAST_SHARED));
  const data: QualityData = {
    columns,
    get tables() {
      return tables();
    },
    get voteSets() {
      return sets();
    },
    get order() {
      return order();
    },
    get replies() {
      return replies();
    },
    get shared() {
      return shared();
    },
  };
  return data;
}
