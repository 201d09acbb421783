import type { Judgment } from './judgment.ts';
import { type FeedbackRecord, type RecordOf, recordKey } from './records.ts';

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
  readonly removed: ReadonlyMap<string, 'undone' | 'superseded' | 'withdrawn'>;
}

/**
 * The state after a history, given in order. A record that was undone has no effect of its own, so undoing a
 * replacement brings back what it replaced; a superseded one keeps the effect it had. Any past state is the fold of a
 * prefix. One pass from the end, since what removes a record always comes later.
 */
export function foldRecords(history: readonly FeedbackRecord[]): FeedbackState {
  const removed = new Map<string, 'undone' | 'superseded' | 'withdrawn'>();
  const withdrawn = new Set<string>();
  const finished = new Set<string>();
  const decided = new Set<string>();
  const judgments: Judgment[] = [];
  const drafts: RecordOf<'draft'>[] = [];
  const skips: RecordOf<'skip'>[] = [];
  const flags: RecordOf<'flag'>[] = [];
  const adjudications: RecordOf<'adjudication'>[] = [];
  for (let i = history.length - 1; i >= 0; i--) {
    const record = history[i]!;
    const { id, raterId, itemId } = recordKey(record);
    const fate = removed.get(id);
    if (fate === 'undone') continue;
    if (record.type === 'undo') {
      removed.set(record.undoes, 'undone');
      continue;
    }
    if (withdrawn.has(raterId)) {
      removed.set(id, 'withdrawn');
      continue;
    }
    const place = JSON.stringify([itemId, raterId]);
    switch (record.type) {
      case 'judgment': {
        const { supersedes } = record.judgment;
        if (supersedes !== undefined && !removed.has(supersedes)) removed.set(supersedes, 'superseded');
        if (fate === undefined) judgments.push(record.judgment);
        finished.add(place);
        break;
      }
      case 'draft':
        if (!finished.has(place)) drafts.push(record);
        finished.add(place);
        break;
      case 'skip':
        skips.push(record);
        finished.add(place);
        break;
      case 'flag':
        flags.push(record);
        break;
      case 'adjudication': {
        const question = JSON.stringify([record.itemId, record.questionId ?? null]);
        if (decided.has(question)) removed.set(id, 'superseded');
        else adjudications.push(record);
        decided.add(question);
        break;
      }
      case 'withdrawal':
        withdrawn.add(raterId);
        break;
      default:
        record satisfies never;
    }
  }
  for (const list of [judgments, drafts, skips, flags, adjudications]) list.reverse();
  return { judgments, drafts, skips, flags, adjudications, removed };
}

/** The judgments that stand of a history of judgments alone. */
export const currentJudgments = (history: readonly Judgment[]): readonly Judgment[] =>
  foldRecords(history.map((judgment) => ({ type: 'judgment', judgment }))).judgments;
