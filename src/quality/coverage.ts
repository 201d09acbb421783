import { type FeedbackRecord, foldRecords, purposeSchema } from '../feedback/index.ts';
import { addTo } from '../run/index.ts';
import { BOTH_BAD, CANT_JUDGE, NO_COMPARISON, PURPOSES, type QualityColumns, WORK } from './columns.ts';

export interface CoverageReport {
  /** Items for work by the number of work judgments they have. */
  readonly itemsByJudgments: readonly { readonly judgments: number; readonly items: number }[];
  /** Items under the number wanted, where one is. */
  readonly wanted: { readonly judgments: number; readonly itemsBelow: number } | null;
  readonly judgmentsByPurpose: Readonly<Record<string, number>>;
  readonly judgmentsByKind: Readonly<Record<string, number>>;
  /** Judgments without a preference between replies, by reason. */
  readonly unscored: Readonly<Record<string, number>>;
  /** Judgments replaced by a later one, and later judgments of the same rater on the same unit. */
  readonly superseded: number;
  readonly repeatedByRater: number;
  /** From the history of records, where it was given. */
  readonly history: {
    readonly skips: Readonly<Record<string, number>>;
    readonly flaggedItems: number;
    readonly flags: number;
    readonly undone: number;
    readonly withdrawn: number;
    readonly openDrafts: number;
    readonly adjudications: number;
  } | null;
}

/** What was asked, what came back, and what of it says nothing, each with its reason. */
export function coverageReport(
  columns: QualityColumns,
  {
    records,
    wanted,
    repeatedByRater,
  }: { records?: readonly FeedbackRecord[]; wanted?: number; repeatedByRater: number },
): CoverageReport {
  const perItem = new Int32Array(columns.items.length);
  const byPurpose: Record<string, number> = {};
  const byKind: Record<string, number> = {};
  const unscored: Record<string, number> = {};
  for (let row = 0; row < columns.n; row++) {
    const purpose = PURPOSES[columns.purpose[row]!]!;
    const { kind } = columns.questions[columns.question[row]!]!;
    addTo(byPurpose, purpose);
    addTo(byKind, kind);
    if (columns.purpose[row] !== WORK) {
      addTo(unscored, `purpose-${purpose}`);
      continue;
    }
    perItem[columns.item[row]!]! += 1;
    const choice = columns.choice[row]!;
    if (choice === CANT_JUDGE) addTo(unscored, 'cant-judge');
    else if (choice === BOTH_BAD) addTo(unscored, 'both-bad');
    else if (choice === NO_COMPARISON && kind !== 'ranking') addTo(unscored, `kind-${kind}`);
  }
  if (columns.unknownItems > 0) unscored['unknown-item'] = columns.unknownItems;
  const counts = new Map<number, number>();
  let below = 0;
  for (const [i, item] of columns.items.entries()) {
    if ((item.role ?? 'work') !== 'work') continue;
    counts.set(perItem[i]!, (counts.get(perItem[i]!) ?? 0) + 1);
    if (wanted !== undefined && perItem[i]! < wanted) below += 1;
  }
  return {
    itemsByJudgments: [...counts].sort(([a], [b]) => a - b).map(([judgments, items]) => ({ judgments, items })),
    wanted: wanted === undefined ? null : { judgments: wanted, itemsBelow: below },
    judgmentsByPurpose: Object.fromEntries(
      purposeSchema.options.flatMap((p) => (byPurpose[p] === undefined ? [] : [[p, byPurpose[p]]])),
    ),
    judgmentsByKind: byKind,
    unscored,
    superseded: columns.superseded,
    repeatedByRater,
    history: records === undefined ? null : historyCounts(records),
  };
}

function historyCounts(records: readonly FeedbackRecord[]): CoverageReport['history'] {
  const state = foldRecords(records);
  const skips: Record<string, number> = {};
  for (const { reason } of state.skips) addTo(skips, reason);
  const fates = [...state.removed.values()];
  return {
    skips,
    flags: state.flags.length,
    flaggedItems: new Set(state.flags.map((flag) => flag.itemId)).size,
    undone: fates.filter((fate) => fate === 'undone').length,
    withdrawn: fates.filter((fate) => fate === 'withdrawn').length,
    openDrafts: state.drafts.length,
    adjudications: state.adjudications.length,
  };
}
