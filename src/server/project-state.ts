import {
  answersAgreement,
  displayAnswer,
  type FeedbackRecord,
  type FeedbackReport,
  type FeedbackState,
  feedbackReport,
  foldRecords,
  type Item,
  purposeOf,
  type RaterProfile,
  recordKey,
} from '../feedback/index.ts';
import type { FeedbackStore } from '../store/index.ts';

/** What the lead's pages read of a project at one length of its history. */
export interface ProjectState {
  readonly seq: number;
  readonly items: readonly Item[];
  readonly raters: readonly RaterProfile[];
  readonly records: readonly FeedbackRecord[];
  readonly state: FeedbackState;
  /** Made when first asked for. */
  report(): FeedbackReport;
  readonly rows: readonly ItemRow[];
}

export interface ItemRow {
  readonly id: string;
  readonly prompt: string;
  readonly judgments: number;
  readonly flagged: boolean;
  readonly agreement: number | null;
  readonly adjudicated: boolean;
}

const REPORT_SEED = 1;

function rowsOf(items: readonly Item[], { judgments, flags, adjudications }: FeedbackState): ItemRow[] {
  const given = new Map<string, (typeof judgments)[number][]>();
  for (const judgment of judgments) {
    if (purposeOf(judgment) !== 'work') continue;
    const of = given.get(judgment.itemId);
    if (of === undefined) given.set(judgment.itemId, [judgment]);
    else of.push(judgment);
  }
  const flagged = new Set(flags.map(({ itemId }) => itemId));
  const decided = new Set(adjudications.map(({ itemId }) => itemId));
  return items.map(({ id, prompt }) => {
    const own = given.get(id) ?? [];
    return {
      id,
      prompt,
      judgments: new Set(own.map(({ raterId }) => raterId)).size,
      flagged: flagged.has(id),
      agreement: own.length < 2 ? null : answersAgreement(own.map(({ answer }) => answer)),
      adjudicated: decided.has(id),
    };
  });
}

/** Reads projects whole and keeps the last reading of each: while nothing was added, a page costs nothing. */
export function projectStates(store: FeedbackStore): (projectId: string) => Promise<ProjectState> {
  const kept = new Map<string, Promise<ProjectState>>();
  const read = async (projectId: string, seq: number): Promise<ProjectState> => {
    const [items, raters, records]: [Item[], RaterProfile[], FeedbackRecord[]] = [[], [], []];
    for await (const item of store.items(projectId)) items.push(item);
    for await (const rater of store.raters(projectId)) raters.push(rater);
    for await (const { record } of store.history(projectId, { until: seq })) records.push(record);
    const state = foldRecords(records);
    let report: FeedbackReport | undefined;
    return {
      seq,
      items,
      raters,
      records,
      state,
      rows: rowsOf(items, state),
      report() {
        report ??= feedbackReport(items, state.judgments, { seed: REPORT_SEED, raters, records });
        return report;
      },
    };
  };
  return async (projectId) => {
    const { records, items } = await store.progress(projectId);
    const before = await kept.get(projectId);
    if (before !== undefined && before.seq === records && before.items.length === items.total) return before;
    const reading = read(projectId, records);
    kept.set(projectId, reading);
    return reading;
  };
}

/**
 * A record in one line, replies by the letters of the item’s own order: what several raters and a lead said of one item can
 * then be compared, whatever each was shown first.
 */
export function recordText(record: FeedbackRecord): string {
  switch (record.type) {
    case 'judgment':
      return displayAnswer(record.judgment.answer);
    case 'adjudication':
      return `decided: ${displayAnswer(record.answer)} (${record.reason})`;
    case 'skip':
      return `skipped: ${record.reason}${record.note === undefined ? '' : `, ${record.note}`}`;
    case 'flag':
      return `flagged: ${record.reason}`;
    case 'undo':
      return `took back ${record.undoes}`;
    case 'draft':
      return 'draft';
    case 'withdrawal':
      return 'withdrew everything so far';
    default:
      return record satisfies never;
  }
}

/** The record with whether it stands. */
export const shownRecord = (seq: number, record: FeedbackRecord, { removed }: FeedbackState) => ({
  seq,
  record,
  standing: !removed.has(recordKey(record).id),
  text: recordText(record),
});
