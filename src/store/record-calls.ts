import { sql } from 'kysely';
import { foldRecords } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import { mapRows, parseEntry, recordRows } from './read.ts';
import { unknownItem, unknownRater } from './refusals.ts';
import type { FeedbackStore, HistoryEntry, HistoryRange, Receipt } from './store.ts';
import type { StoreContext } from './store-context.ts';
import { checkRecord, projectOf } from './values.ts';

type RecordCalls = Pick<
  FeedbackStore,
  'reserve' | 'release' | 'submit' | 'submitAll' | 'withdraw' | 'history' | 'state'
>;

/** Feedback: handing items out, taking records in, and reading the history. */
export function recordCalls({ connection, perform, recentItems, unknownProject }: StoreContext): RecordCalls {
  const { db } = connection;

  async function* history(projectId: string, range: HistoryRange = {}): AsyncGenerator<HistoryEntry> {
    const { rows } = await sql<{ project: number; seq: number; rater: number | null; item: number | null }>`
      SELECT s.project, s.seq,
        (SELECT r.rater FROM raters r WHERE r.project = s.project AND r.id = ${range.rater ?? null}) AS rater,
        (SELECT i.item FROM items i WHERE i.project = s.project AND i.id = ${range.item ?? null}) AS item
      FROM projects p JOIN project_state s ON s.project = p.project
      WHERE p.id = ${projectId} AND p.status = 'ready'`.execute(db);
    const [found] = rows;
    if (found === undefined) throw unknownProject(projectId);
    if (range.rater !== undefined && found.rater === null) throw unknownRater(projectId, range.rater);
    if (range.item !== undefined && found.item === null) throw unknownItem(projectId, range.item);
    const narrowed = {
      after: range.after ?? 0,
      until: Math.min(range.until ?? found.seq, found.seq),
      rater: found.rater ?? undefined,
      item: found.item ?? undefined,
    };
    yield* mapRows(recordRows(db, found.project, narrowed), parseEntry);
  }

  const submitAll: RecordCalls['submitAll'] = async (values, options = {}) => {
    const requests = values.map((value) => ({ ...checkRecord(value), ...options }));
    const [projectId, other] = new Set(requests.map(({ record }) => projectOf(record)));
    if (projectId === undefined) return [];
    if (other !== undefined)
      throw new UsageError('record', `expected records of one project, got some of ${projectId} and ${other}`);
    return perform<readonly Receipt[]>(projectId, { type: 'submit', requests });
  };
  const submit: RecordCalls['submit'] = async (value, options = {}) => {
    const request = { ...checkRecord(value), ...options };
    const [receipt] = await perform<readonly Receipt[]>(projectOf(request.record), {
      type: 'submit',
      requests: [request],
    });
    return receipt!;
  };

  return {
    async reserve(projectId, raterId, options) {
      const got = await perform<Awaited<ReturnType<FeedbackStore['reserve']>>>(projectId, {
        type: 'reserve',
        raterId,
        ...options,
      });
      if ('item' in got) recentItems.keep(projectId, got.item);
      return got;
    },
    release: (projectId, raterId, itemId) => perform(projectId, { type: 'release', raterId, itemId }),
    submit,
    submitAll,
    withdraw: (projectId, raterId, { at, reason }) =>
      submit({
        type: 'withdrawal',
        id: `withdrawal/${raterId}/${at}`,
        projectId,
        raterId,
        at,
        ...(reason !== undefined && { reason }),
      }),
    history,
    async state(projectId, { at } = {}) {
      const records = [];
      for await (const { record } of history(projectId, at === undefined ? {} : { until: at })) records.push(record);
      return foldRecords(records);
    },
  };
}
