import type { Project } from '../feedback/index.ts';
import { canonicalJson, UsageError } from '../run/index.ts';
import { checkStore } from './check.ts';
import { openIn } from './derive.ts';
import { insertProject, removeProject } from './load.ts';
import { digestProject } from './read.ts';
import { rebuildProject } from './rebuild.ts';
import type { Totals } from './schema.ts';
import type { FeedbackStore, ProjectProgress } from './store.ts';
import type { StoreContext } from './store-context.ts';
import { checkProject } from './values.ts';

type ProjectCalls = Pick<
  FeedbackStore,
  'putProject' | 'removeProject' | 'getProject' | 'listProjects' | 'progress' | 'digest' | 'rebuild' | 'check'
>;

/** The part of a project that everything else follows from: who is asked what, and how often. */
const rulesOf = ({ distribution, questions }: Project) => canonicalJson({ distribution, questions });

/** Projects: what they are, where they stand, and whether they are sound. */
export function projectCalls({ connection, parseFor, find, unknownProject }: StoreContext): ProjectCalls {
  const { db } = connection;
  return {
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
        if (rulesOf(parseFor(project.id)(row.body)) === rulesOf(project)) return;
        await rebuildProject(trx, { number: row.project, project }, { fresh: false });
      });
    },
    removeProject: (projectId, digest) =>
      connection.writeProject(projectId, async (trx, { locked }) => {
        const row = await locked;
        if (row === undefined || row.status !== 'ready') throw unknownProject(projectId);
        const now = await digestProject(trx, { number: row.project, body: row.body });
        if (now !== digest)
          throw new UsageError(
            'digest',
            `project ${projectId}: expected digest ${digest.slice(0, 12)}…, got ${now.slice(0, 12)}…: it has changed since; back it up again`,
          );
        await removeProject(trx, row.project);
      }),
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
    async progress(projectId) {
      const { body, seq, items, raters, totals: text } = await find(projectId);
      const totals = JSON.parse(text) as Totals;
      return {
        id: projectId,
        name: parseFor(projectId)(body).name,
        items: {
          total: items - totals.archived,
          archived: totals.archived,
          byRole: totals.roles,
          open: openIn(totals),
        },
        judgments: { wanted: totals.wanted, done: totals.done, reserved: totals.reserved },
        skips: totals.skips,
        flags: totals.flags,
        raters: { known: raters, active: totals.active },
        records: seq,
        quotas: totals.groups,
      } satisfies ProjectProgress;
    },
    async digest(projectId) {
      const { project, body } = await find(projectId);
      return connection.snapshot((trx) => digestProject(trx, { number: project, body }));
    },
    rebuild: (projectId) =>
      connection.writeProject(projectId, async (trx, { locked }) => {
        const row = await locked;
        if (row === undefined || row.status !== 'ready') throw unknownProject(projectId);
        const project = parseFor(projectId)(row.body);
        return rebuildProject(trx, { number: row.project, project }, { fresh: false });
      }),
    async check(projectId) {
      if (projectId !== undefined) await find(projectId);
      return checkStore(connection, { parse: (id, body) => parseFor(id)(body), only: projectId });
    },
  };
}
