import type { Selectable } from 'kysely';
import type { Item, Project } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import { createBatches } from './batches.ts';
import type { Connection, Trx } from './connection.ts';
import type { Operation, OperationResult, RunBatch } from './operations.ts';
import { createRecent } from './recent.ts';
import type { Tables } from './schema.ts';
import { type Session, sessionOf } from './session.ts';
import type { Receipt } from './store.ts';
import { projectParser } from './values.ts';

/** Characters of items that are kept at hand. */
const RECENT_ITEMS = 16 * 2 ** 20;
/** Operations that share a commit at most. */
const BATCH = 64;

export type StoredProject = Selectable<Tables['project_state']> & { readonly body: string };

/** What the calls of a store have in common: its connection, and the ways of changing and finding a project. */
export interface StoreContext {
  readonly connection: Connection;
  readonly parseFor: (projectId: string) => (body: string) => Project;
  /** Items that were lately handed out. */
  readonly recentItems: RecentItems;
  /** What a rater does: it shares a commit with what comes in at the same time. */
  perform<T extends OperationResult>(projectId: string, operation: Operation): Promise<T>;
  /** Changes a project under its lock, in a transaction of its own. */
  change<T>(projectId: string, effect: (session: Session, trx: Trx) => Promise<T>): Promise<T>;
  /** A project with its state; throws where there is none. */
  find(projectId: string): Promise<StoredProject>;
  unknownProject(projectId: string): UsageError;
  /** Tells the planner of the database, beside other work, that a table has grown. */
  refreshPlanner(): void;
  /** Waits for what was begun beside other work. */
  settled(): Promise<void>;
}

/** Items at hand: one never changes, and whoever answers one was given it a moment ago. */
export interface RecentItems {
  get(projectId: string, itemId: string): Item | undefined;
  keep(projectId: string, item: Item): void;
}

function createRecentItems(): RecentItems {
  const recent = createRecent<Item>(RECENT_ITEMS);
  const keyOf = (projectId: string, itemId: string) => JSON.stringify([projectId, itemId]);
  return {
    get: (projectId, itemId) => recent.get(keyOf(projectId, itemId)),
    keep(projectId, item) {
      const size = item.replies.reduce((sum, { text }) => sum + text.length, item.prompt.length);
      recent.set(keyOf(projectId, item.id), item, size);
    },
  };
}

/**
 * PostgreSQL looks at the tables by itself, but only every minute: until then a young project would be read whole for
 * every item, so the planner is told as it grows.
 */
function createRefreshing(connection: Connection): Pick<StoreContext, 'refreshPlanner' | 'settled'> {
  const refreshing = new Set<Promise<void>>();
  return {
    refreshPlanner() {
      const done: Promise<void> = connection
        .analyze()
        .catch(() => {})
        .finally(() => refreshing.delete(done));
      refreshing.add(done);
    },
    async settled() {
      await Promise.all(refreshing);
    },
  };
}
const isGrown = (seq: number) => seq >= 128 && seq <= 65_536 && Number.isInteger(Math.log2(seq));
const receiptsIn = (result: OperationResult): readonly Receipt[] => (Array.isArray(result) ? result : []);

/** The context of a store on a connection. */
export function storeContext(connection: Connection, runBatch: RunBatch): StoreContext {
  const parseFor = projectParser();
  const { refreshPlanner, settled } = createRefreshing(connection);
  const unknownProject = (id: string) =>
    new UsageError(
      'project',
      `${connection.place}: expected a project of the store, got ${id}; goodhart store list shows them`,
    );

  const queues = new Map<string, (operation: Operation) => Promise<OperationResult>>();
  const queueOf = (projectId: string) =>
    createBatches<Operation, OperationResult>(
      async (batch) => {
        const outcomes = await runBatch(batch, projectId);
        if (outcomes === undefined) throw unknownProject(projectId);
        const receipts = outcomes.flatMap((outcome) => ('value' in outcome ? receiptsIn(outcome.value) : []));
        if (receipts.some(({ seq }) => isGrown(seq))) refreshPlanner();
        return outcomes;
      },
      { most: BATCH },
    );

  return {
    connection,
    parseFor,
    recentItems: createRecentItems(),
    perform<T extends OperationResult>(projectId: string, operation: Operation) {
      const queue = queues.get(projectId) ?? queueOf(projectId);
      queues.set(projectId, queue);
      return queue(operation) as Promise<T>;
    },
    change: (projectId, effect) =>
      connection.writeProject(projectId, async (trx, { locked, last }) => {
        const row = await locked;
        if (row === undefined || row.status !== 'ready') throw unknownProject(projectId);
        const session = sessionOf(trx, row, parseFor(projectId));
        const result = await effect(session, trx);
        last(session.lastWrites());
        return result;
      }),
    async find(projectId) {
      const row = await connection.db
        .selectFrom('projects as p')
        .innerJoin('project_state as s', 's.project', 'p.project')
        .selectAll('s')
        .select('p.body')
        .where('p.id', '=', projectId)
        .where('p.status', '=', 'ready')
        .executeTakeFirst();
      if (row === undefined) throw unknownProject(projectId);
      return row;
    },
    unknownProject,
    refreshPlanner,
    settled,
  };
}
