import type { ClassPrior } from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import { LEAST_SHARED, raterPairs, type SharedWork } from './rater-pairs.ts';
import { type ReplyTable, replyTable } from './replies.ts';
import { type UnitTable, unitTable } from './units.ts';
import { once, type VoteSet, voteSet } from './vote-set.ts';
import { byRater, type RaterOrder, votesOf } from './votes.ts';

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

/** Joins columns with the parts that estimates and detectors read. */
export function qualityData(
  columns: QualityColumns,
  { classPrior = 'estimated' }: { readonly classPrior?: ClassPrior } = {},
): QualityData {
  const tables = once(() => columns.questions.map((_, question) => unitTable(columns, question)));
  const sets = once(() =>
    tables()
      .map(votesOf)
      .filter((votes) => votes !== null)
      .sort((a, b) => b.label.length - a.label.length)
      .map((votes) => voteSet(columns, votes, classPrior)),
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
