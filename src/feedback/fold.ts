import type { Judgment } from './judgment.ts';
import { type FeedbackRecord, type RecordOf, recordKey } from './records.ts';

/** Why a record no longer stands: taken back, replaced by a later one, or its rater withdrew. */
export type Removal = 'undone' | 'superseded' | 'withdrawn';

/** What stands after a history: the only reading of it that later steps use. */
export interface FeedbackState {
  readonly judgments: readonly Judgment[];
  /** The latest draft per item and rater that no later submission or skip finished. */
  readonly drafts: readonly RecordOf<'draft'>[];
  readonly skips: readonly RecordOf<'skip'>[];
  readonly flags: readonly RecordOf<'flag'>[];
  /** The latest decision per item and question. */
  readonly adjudications: readonly RecordOf<'adjudication'>[];
  /** Records that no longer stand, with what took them out; they remain readable in the history. */
  readonly removed: ReadonlyMap<string, Removal>;
}

const idOf = (record: FeedbackRecord) => (record.type === 'judgment' ? record.judgment.id : record.id);

/** Judgment → the first of the line of judgments that replace one another; only for those that replace. */
function replacementLines(history: readonly FeedbackRecord[]): Map<string, string> {
  const lines = new Map<string, string>();
  for (const record of history) {
    if (record.type !== 'judgment') continue;
    const { id, supersedes } = record.judgment;
    if (supersedes !== undefined) lines.set(id, lines.get(supersedes) ?? supersedes);
  }
  return lines;
}

/**
 * What takes each record out, if anything does. Of a line of judgments that replace one another, the last that was neither
 * undone nor withdrawn stands: an undo at the end brings back what was replaced, an undo in the middle changes nothing,
 * and two replacements of one judgment do not both count.
 */
function removals(history: readonly FeedbackRecord[]): Map<string, Removal> {
  const removed = new Map<string, Removal>();
  const lines = replacementLines(history);
  const replaced = new Set(lines.values());
  const undone = new Set(history.flatMap((record) => (record.type === 'undo' ? [record.undoes] : [])));
  const drafted = history.some((record) => record.type === 'draft');
  const [later, withdrawn] = [new Set<string>(), new Set<string>()];
  const [lineTaken, placeTaken, decisionTaken] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const take = (id: string, taken: Set<string>, key: string) => {
    if (taken.has(key)) removed.set(id, 'superseded');
    taken.add(key);
  };
  // From the end, since what removes a record comes after it; an undo of what had not happened yet does nothing.
  for (let i = history.length - 1; i >= 0; i--) {
    const record = history[i]!;
    const id = idOf(record);
    if (undone.has(id)) later.add(id);
    if (removed.has(id) || record.type === 'erased' || record.type === 'erasure') continue;
    if (record.type === 'undo') {
      if (!later.has(record.undoes)) removed.set(record.undoes, 'undone');
      continue;
    }
    const { raterId, itemId } = recordKey(record);
    if (withdrawn.has(raterId)) {
      removed.set(id, 'withdrawn');
      continue;
    }
    switch (record.type) {
      case 'judgment': {
        const line = lines.get(id) ?? id;
        if (replaced.has(line)) take(id, lineTaken, line);
        if (drafted) placeTaken.add(JSON.stringify([itemId, raterId]));
        break;
      }
      case 'draft':
        take(id, placeTaken, JSON.stringify([itemId, raterId]));
        break;
      case 'skip':
        if (drafted) placeTaken.add(JSON.stringify([itemId, raterId]));
        break;
      case 'adjudication':
        take(id, decisionTaken, JSON.stringify([itemId, record.questionId ?? null]));
        break;
      case 'withdrawal':
        withdrawn.add(raterId);
        break;
      case 'flag':
        break;
      default:
        record satisfies never;
    }
  }
  for (const id of undone) if (!later.has(id)) removed.delete(id);
  return removed;
}

/**
 * The state after a history, given in order, with ids that occur once. Any past state is the fold of a prefix. Every
 * record stands, or is named in `removed`, or is an undo, a withdrawal or a trace of erasure, which are no content of
 * their own.
 */
export function foldRecords(history: readonly FeedbackRecord[]): FeedbackState {
  const removed = removals(history);
  const standing = removed.size === 0 ? history : history.filter((record) => !removed.has(idOf(record)));
  const of = <T extends FeedbackRecord['type']>(type: T) =>
    standing.filter((record): record is RecordOf<T> => record.type === type);
  return {
    judgments: of('judgment').map(({ judgment }) => judgment),
    drafts: of('draft'),
    skips: of('skip'),
    flags: of('flag'),
    adjudications: of('adjudication'),
    removed,
  };
}

/** The judgments that stand of a history of judgments alone. */
export const currentJudgments = (history: readonly Judgment[]): readonly Judgment[] =>
  foldRecords(history.map((judgment) => ({ type: 'judgment', judgment }))).judgments;
