import { sql } from 'kysely';
import { foldRecords, type Item, type Project, type RaterProfile } from '../feedback/index.ts';
import { canonicalJson, UsageError } from '../run/index.ts';
import { accountsOn } from './accounts-on.ts';
import { createBatches } from './batches.ts';
import { checkStore } from './check.ts';
import type { Connection, Trx } from './connection.ts';
import { foldEntries, openIn, standingOf } from './derive.ts';
import { insertProject, loadProjects } from './load.ts';
import { type Operation, type OperationResult, type RunBatch, runBatch } from './operations.ts';
import { prepared } from './prepared.ts';
import { queriesOf } from './queries.ts';
import {
  digestProject,
  itemRows,
  mapRows,
  parseEntry,
  parseItem,
  parseProfile,
  profileRows,
  recordRows,
} from './read.ts';
import { rebuildProject } from './rebuild.ts';
import { unknownItem, unknownRater } from './reserve.ts';
import { PRESENTED, type Totals } from './schema.ts';
import { openSession, type Session } from './session.ts';
import type { FeedbackStore, HistoryRange, ProjectProgress, RaterView, StoreSnapshot } from './store.ts';
import type { Receipt } from './submit.ts';
import { batched, checkItem, checkProfile, checkProject, checkRecord, projectParser } from './values.ts';

/** Operations that share a commit at most. */
const BATCH = 64;

const unknownProject = (place: string, id: string) =>
  new UsageError('project', `${place}: expected a project of the store, got ${id}; goodhart store list shows them`);

const isReceipt = (result: OperationResult): result is Receipt => typeof result === 'object' && 'seq' in result;

/** The store over a database: what both have in common, which is all but opening it. */
export function createStore(
  connection: Connection,
  run: RunBatch = (operations, where) => runBatch(connection, operations, where),
): FeedbackStore {
  const { db, place } = connection;
  const parseFor = projectParser();

  // PostgreSQL looks at the tables by itself, but only every minute: until then a young project would be read whole for
  // every item, so the planner is told as it grows.
  const refreshing = new Set<Promise<void>>();
  const refresh = () => {
    const done: Promise<void> = connection
      .analyze()
      .catch(() => {})
      .finally(() => refreshing.delete(done));
    refreshing.add(done);
  };
  const grown = (seq: number) => seq >= 128 && seq <= 65_536 && Number.isInteger(Math.log2(seq));

  const queues = new Map<string, (operation: Operation) => Promise<OperationResult>>();
  const perform = <T extends OperationResult>(projectId: string, operation: Operation): Promise<T> => {
    const queue =
      queues.get(projectId) ??
      createBatches<Operation, OperationResult>(
        async (batch) => {
          const outcomes = await run(batch, { projectId, parse: parseFor(projectId) });
          if (outcomes === undefined) throw unknownProject(place, projectId);
          if (outcomes.some((outcome) => 'value' in outcome && isReceipt(outcome.value) && grown(outcome.value.seq)))
            refresh();
          return outcomes;
        },
        { most: BATCH },
      );
    queues.set(projectId, queue);
    return queue(operation) as Promise<T>;
  };

  /** Changes a project under its lock. */
  const change = <T>(projectId: string, effect: (session: Session, trx: Trx) => Promise<T>): Promise<T> =>
    connection.writeProject(projectId, async (trx, { locked, last }) => {
      const session = await openSession(trx, locked, parseFor(projectId));
      if (session === undefined) throw unknownProject(place, projectId);
      const result = await effect(session, trx);
      last(session.lastWrites());
      return result;
    });

  const find = async (projectId: string) => {
    const row = await db
      .selectFrom('projects as p')
      .innerJoin('project_state as s', 's.project', 'p.project')
      .selectAll('s')
      .select('p.body')
      .where('p.id', '=', projectId)
      .where('p.status', '=', 'ready')
      .executeTakeFirst();
    if (row === undefined) throw unknownProject(place, projectId);
    return row;
  };
  async function* history(projectId: string, range: HistoryRange = {}) {
    const { rows } = await sql<{ project: number; seq: number; rater: number | null; item: number | null }>`
      SELECT s.project, s.seq,
        (SELECT r.rater FROM raters r WHERE r.project = s.project AND r.id = ${range.rater ?? null}) AS rater,
        (SELECT i.item FROM items i WHERE i.project = s.project AND i.id = ${range.item ?? null}) AS item
      FROM projects p JOIN project_state s ON s.project = p.project
      WHERE p.id = ${projectId} AND p.status = 'ready'`.execute(db);
    const [found] = rows;
    if (found === undefined) throw unknownProject(place, projectId);
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

  const bodyOf = async (table: 'items' | 'raters', projectId: string, id: string) => {
    const { rows } = await sql<{ body: string | null }>`
      SELECT t.body FROM projects p JOIN ${sql.table(table)} t ON t.project = p.project
      WHERE p.id = ${projectId} AND p.status = 'ready' AND t.id = ${id}`.execute(db);
    if (rows.length === 0) await find(projectId);
    return rows[0]?.body ?? undefined;
  };

  // A row for each reservation, one without for none.
  const viewQuery = prepared(['project', 'rater'], (places) =>
    db
      .selectFrom('projects as p')
      .innerJoin('project_state as s', 's.project', 'p.project')
      .leftJoin('raters as r', (join) => join.onRef('r.project', '=', 'p.project').on('r.id', '=', places.rater))
      .leftJoin('rater_state as t', (join) =>
        join.onRef('t.project', '=', 'r.project').onRef('t.rater', '=', 'r.rater'),
      )
      .leftJoin('seats as h', (join) =>
        join.onRef('h.project', '=', 'r.project').onRef('h.rater', '=', 'r.rater').on('h.expires', 'is not', null),
      )
      .leftJoin('items as i', (join) => join.onRef('i.project', '=', 'h.project').onRef('i.item', '=', 'h.item'))
      .select(['p.body', 's.totals', 'r.body as profile', 't.rater', 't.qualified'])
      .select(Object.values(PRESENTED).map((column) => `t.${column}` as const))
      .select(['i.id as itemId', 'h.purpose', 'h.expires'])
      .where('p.id', '=', places.project)
      .where('p.status', '=', 'ready'),
  );
  const raterView = async (projectId: string, raterId: string): Promise<RaterView | undefined> => {
    const { rows } = await db.executeQuery(viewQuery({ project: projectId, rater: raterId }));
    const [row] = rows;
    if (row === undefined) return undefined;
    const held = rows.flatMap(({ itemId, purpose, expires }) =>
      itemId === null ? [] : [{ id: itemId, purpose: purpose!, expires: expires! }],
    );
    return {
      project: parseFor(projectId)(row.body),
      openItems: openIn(JSON.parse(row.totals) as Totals),
      profile: row.profile === null ? undefined : parseProfile({ body: row.profile }),
      standing: row.rater === null ? undefined : standingOf(row as Parameters<typeof standingOf>[0], held),
    };
  };

  const store: FeedbackStore = {
    kind: connection.kind,
    place,
    accounts: accountsOn(connection),

    async putProject(value) {
      const { project, body } = checkProject(value);
      await connection.writeProject(project.id, async (trx, { locked }) => {
        const row = await locked;
        if (row === undefined) {
          await insertProject(trx, { id: project.id, body, status: 'ready' });
          return;
        }
        if (row.status !== 'ready') {
          throw new UsageError(
            'project',
            `project ${project.id}: expected a free id, got one that is being loaded; wait for that`,
          );
        }
        if (row.body === body) return;
        await trx.updateTable('projects').set({ body }).where('project', '=', row.project).execute();
        const before = parseFor(project.id)(row.body);
        const rules = ({ distribution, questions }: Project) => canonicalJson({ distribution, questions });
        if (rules(before) === rules(project)) return;
        await rebuildProject(trx, { number: row.project, project }, { fresh: false });
      });
    },
    async getProject(projectId) {
      const row = await db
        .selectFrom('projects')
        .select('body')
        .where('id', '=', projectId)
        .where('status', '=', 'ready')
        .executeTakeFirst();
      return row === undefined ? undefined : parseFor(projectId)(row.body);
    },
    async listProjects() {
      const rows = await db
        .selectFrom('projects as p')
        .innerJoin('project_state as s', 's.project', 'p.project')
        .select(['p.id', 'p.body', 's.items', 's.seq'])
        .where('p.status', '=', 'ready')
        .orderBy('p.id')
        .execute();
      return rows.map(({ id, body, items, seq }) => {
        const { name, createdAt } = parseFor(id)(body);
        return { id, name, createdAt, items, records: seq };
      });
    },

    async addItems(projectId, items) {
      const counts = { added: 0, known: 0 };
      for await (const batch of batched<Item>(items, 500)) {
        const checked = batch.map((value) => checkItem(projectId, value));
        const { added, known } = await change(projectId, async (session) => {
          const here = { added: 0, known: 0 };
          await session.loadItems(checked.map(({ item }) => item.id));
          for (const { item, body } of checked) {
            const there = session.item(item.id);
            if (there === undefined) {
              session.addItem(item, body);
              here.added += 1;
            } else if (there.row.body === body) here.known += 1;
            else {
              throw new UsageError(
                'item-changed',
                `item ${item.id}: expected what project ${projectId} holds under this id, got a changed item; give it a new id`,
              );
            }
          }
          return here;
        });
        counts.added += added;
        counts.known += known;
      }
      if (counts.added > 0) refresh();
      return counts;
    },
    async getItem(projectId, itemId) {
      const body = await bodyOf('items', projectId, itemId);
      return body === undefined ? undefined : parseItem({ body });
    },
    async *items(projectId) {
      yield* mapRows(itemRows(db, (await find(projectId)).project), parseItem);
    },

    async putRaters(projectId, raters) {
      const counts = { added: 0, changed: 0 };
      for await (const batch of batched<RaterProfile>(raters, 500)) {
        const checked = batch.map(checkProfile);
        const { added, changed } = await change(projectId, async (session) => {
          const here = { added: 0, changed: 0 };
          await session.loadRaters(checked.map(({ profile }) => profile.id));
          for (const { profile, body } of checked) {
            const there = session.rater(profile.id);
            if (there === undefined) {
              session.addRater(profile, body);
              here.added += 1;
            } else if (there.row.body !== body) {
              session.changeRater(there, profile, body);
              here.changed += 1;
            }
          }
          return here;
        });
        counts.added += added;
        counts.changed += changed;
      }
      return counts;
    },
    async getRater(projectId, raterId) {
      const body = await bodyOf('raters', projectId, raterId);
      return body === undefined ? undefined : parseProfile({ body });
    },
    async *raters(projectId) {
      yield* mapRows(profileRows(db, (await find(projectId)).project), parseProfile);
    },

    async setPriorities(projectId, scores) {
      let set = 0;
      for await (const batch of batched(scores, 500)) {
        await change(projectId, async (session) => {
          await session.loadItems(batch.map(([itemId]) => itemId));
          for (const [itemId, score] of batch) {
            if (!Number.isFinite(score)) {
              throw new UsageError(
                'priority',
                `item ${itemId}: expected a finite score, got ${score}; leave the item out`,
              );
            }
            const entry = session.item(itemId);
            if (entry === undefined) throw unknownItem(projectId, itemId);
            session.prioritise(entry, score);
          }
        });
        set += batch.length;
      }
      return set;
    },

    reserve: (projectId, raterId, options) => perform(projectId, { type: 'reserve', raterId, ...options }),
    release: (projectId, raterId, itemId) => perform(projectId, { type: 'release', raterId, itemId }),
    async submit(value, options = {}) {
      const { record, body } = checkRecord(value);
      const projectId = record.type === 'judgment' ? record.judgment.projectId : record.projectId;
      return perform(projectId, { type: 'submit', request: { record, body, ...options } });
    },
    withdraw: (projectId, raterId, { at, reason }) =>
      store.submit({
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

    async itemState(projectId, itemId) {
      const { project } = await find(projectId);
      const queries = queriesOf(db, project);
      const [row] = await queries.itemsById([itemId]);
      if (row === undefined) throw unknownItem(projectId, itemId);
      const entries = await queries.recordsOfItems([row.item]);
      const raters = [...new Set(entries.map(({ rater }) => rater))];
      return foldEntries([...entries, ...(raters.length === 0 ? [] : await queries.personalRecords(raters))]);
    },

    async progress(projectId) {
      const { body, seq, items, raters, totals: text } = await find(projectId);
      const totals = JSON.parse(text) as Totals;
      return {
        id: projectId,
        name: parseFor(projectId)(body).name,
        items: { total: items, byRole: totals.roles, open: openIn(totals) },
        judgments: { wanted: totals.wanted, done: totals.done, reserved: totals.reserved },
        skips: totals.skips,
        flags: totals.flags,
        raters: { known: raters, active: totals.active },
        records: seq,
        quotas: totals.groups,
      } satisfies ProjectProgress;
    },
    async raterStanding(projectId, raterId) {
      const view = await raterView(projectId, raterId);
      if (view === undefined) throw unknownProject(place, projectId);
      if (view.standing === undefined) throw unknownRater(projectId, raterId);
      return view.standing;
    },
    raterView,

    async digest(projectId) {
      const { project, body } = await find(projectId);
      return connection.snapshot((trx) => digestProject(trx, { number: project, body }));
    },
    rebuild: (projectId) =>
      connection.writeProject(projectId, async (trx, { locked }) => {
        const row = await locked;
        if (row === undefined || row.status !== 'ready') throw unknownProject(place, projectId);
        const project = parseFor(projectId)(row.body);
        return rebuildProject(trx, { number: row.project, project }, { fresh: false });
      }),
    async check(projectId) {
      if (projectId !== undefined) await find(projectId);
      return checkStore(connection, { parse: (id, body) => parseFor(id)(body), only: projectId });
    },

    async load(source, options) {
      const [loaded] = await loadProjects(connection, [{ source, ...(options !== undefined && { options }) }]);
      return loaded!;
    },
    loadAll: (sources) => loadProjects(connection, sources),
    snapshot: (effect) =>
      connection.snapshot(async (trx) => {
        const rows = await trx
          .selectFrom('projects as p')
          .innerJoin('project_state as s', 's.project', 'p.project')
          .selectAll('s')
          .select(['p.id', 'p.body'])
          .where('p.status', '=', 'ready')
          .orderBy('p.id')
          .execute();
        return effect(snapshotOf(trx, rows, parseFor));
      }),
    async close() {
      await Promise.all(refreshing);
      await connection.close();
    },
  };
  return store;
}

function snapshotOf(
  trx: Trx,
  rows: readonly {
    readonly project: number;
    readonly id: string;
    readonly body: string;
    readonly seq: number;
    readonly items: number;
  }[],
  parseFor: (id: string) => (body: string) => Project,
): StoreSnapshot {
  return {
    projects: rows.map(({ id }) => id),
    async read(projectId) {
      const row = rows.find(({ id }) => id === projectId);
      if (row === undefined) throw new UsageError('project', `expected a project of the store, got ${projectId}`);
      const { project: number, body, seq } = row;
      const { profiles } = await trx
        .selectFrom('raters')
        .select(({ fn }) => fn.count<number>('body').as('profiles'))
        .where('project', '=', number)
        .executeTakeFirstOrThrow();
      return {
        project: parseFor(projectId)(body),
        items: mapRows(itemRows(trx, number), parseItem),
        raters: mapRows(profileRows(trx, number), parseProfile),
        records: mapRows(recordRows(trx, number, { until: seq }), parseEntry),
        priorities: prioritiesOf(trx, number),
        digest: await digestProject(trx, { number, body }),
        counts: { items: row.items, raters: profiles, records: seq },
      };
    },
  };
}

async function* prioritiesOf(trx: Trx, number: number): AsyncGenerator<readonly [string, number]> {
  for await (const { id, priority } of itemRows(trx, number)) if (priority !== 0) yield [id, priority];
}
