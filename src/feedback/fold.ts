import type { Judgment } from './judgment.ts';
import { type FeedbackRecord, type RecordOf, recordKey } from './records.ts';

/** Why a record no longer stands: taken back, replaced by a later one, its rater withdrew, or its item was put away. */
export type Removal = 'undone' | 'superseded' | 'withdrawn' | 'archived';

/** What stands after a history: the only reading of it that later steps use. */
export interface FeedbackState {
  readonly judgments: readonly Judgment[];
  /** The latest draft per item and rater that no later submission or skip finished. */
  readonly drafts: readonly RecordOf<'draft'>[];
  readonly skips: readonly RecordOf<'skip'>[];
  readonly flags: readonly RecordOf<'flag'>[];
  /** What raters complained of. */
  readonly concerns: readonly RecordOf<'concern'>[];
  /** The latest decision per item and question. */
  readonly adjudications: readonly RecordOf<'adjudication'>[];
  /** What puts items away, and the items: nothing else on them stands. */
  readonly archives: readonly RecordOf<'archive'>[];
  readonly archived: ReadonlySet<string>;
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
    // Of the project, not of what somebody gave: no withdrawal takes it out.
    if (record.type === 'archive' || record.type === 'concern') continue;
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

/** Takes out what was given on items that were put away. */
function removeArchived(
  standing: readonly FeedbackRecord[],
  archived: ReadonlySet<string>,
  removed: Map<string, Removal>,
): readonly FeedbackRecord[] {
  if (archived.size === 0) return standing;
  return standing.filter((record) => {
    const { id, itemId } = recordKey(record);
    const isGiven =
      itemId !== null && record.type !== 'archive' && record.type !== 'erased' && record.type !== 'erasure';
    if (!isGiven || !archived.has(itemId)) return true;
    removed.set(id, 'archived');
    return false;
  });
}

/**
 * The state after a history, given in order, with ids that occur once. Any past state is the fold of a prefix. Every
 * record stands, or is named in `removed`, or is an undo, a withdrawal or a trace of erasure, which are no content of
 * their own. With `archived: 'kept'` what was given on items that were put away stands all the same: a rater gave it.
 */
export function foldRecords(
  history: readonly FeedbackRecord[],
  { archived: how = 'removed' }: { readonly archived?: 'removed' | 'kept' } = {},
): FeedbackState {
  const removed = removals(history);
  const left = removed.size === 0 ? history : history.filter((record) => !removed.has(idOf(record)));
  const archives = left.filter((record): record is RecordOf<'archive'> => record.type === 'archive');
  const archived = new Set(archives.map(({ itemId }) => itemId));
  const standing = how === 'kept' ? left : removeArchived(left, archived, removed);
  const of = <T extends FeedbackRecord['type']>(type: T) =>
    standing.filter((record): record is RecordOf<T> => record.type === type);
  return {
    judgments: of('judgment').map(({ judgment }) => judgment),
    drafts: of('draft'),
    skips: of('skip'),
    flags: of('flag'),
    concerns: of('concern'),
    adjudications: of('adjudication'),
    archives,
    archived,
    removed,
  };
}

/** The judgments that stand of a history of judgments alone. */
export const currentJudgments = (history: readonly Judgment[]): readonly Judgment[] =>
  foldRecords(history.map((judgment) => ({ type: 'judgment', judgment }))).judgments;
