import type { Project } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import type { Trx } from './connection.ts';
import { loadProjects } from './load.ts';
import {
  digestProject,
  itemRows,
  mapRows,
  parseItem,
  parseProfile,
  parseSource,
  profileRows,
  recordRows,
} from './read.ts';
import type { FeedbackStore, StoreSnapshot } from './store.ts';
import type { StoreContext } from './store-context.ts';

type WholeCalls = Pick<FeedbackStore, 'load' | 'loadAll' | 'snapshot'>;

/** Whole projects, in and out. */
export function wholeCalls({ connection, parseFor }: StoreContext): WholeCalls {
  return {
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
  };
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
        records: mapRows(recordRows(trx, number, { until: seq }), parseSource),
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
