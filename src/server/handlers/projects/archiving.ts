import type { FeedbackRecord } from '../../../feedback/index.ts';
import { newId } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { PROJECT_ROUTES } from '../../contract/index.ts';
import { type ProjectPages, pageOf } from '../../project-reader.ts';
import { enterProject, projectOr404, type Services } from '../../services.ts';

type Archiving = Pick<
  typeof PROJECT_ROUTES,
  | 'GET /api/projects/{project}/item-ids'
  | 'GET /api/projects/{project}/imports'
  | 'POST /api/projects/{project}/archive'
>;

/** Records that share a commit: whoever judges meanwhile waits for no more than these. */
const AT_ONCE = 200;

/** Items that were a mistake: put away by list or import, and brought back, each by a record of its own. */
export function archivingHandlers(services: Services, pages: ProjectPages): Handlers<Archiving> {
  const { store, now, reader } = services;
  return {
    'GET /api/projects/{project}/item-ids': ({ params, query }) => pages.page('item-ids', params.project, query),
    'GET /api/projects/{project}/imports': ({ params }) => pages.page('imports', params.project, {}),
    async 'POST /api/projects/{project}/archive'({ caller, params, body }) {
      const { id: projectId } = await projectOr404(services, params.project);
      const raterId = caller.raterId;
      if (raterId === null) throw new ApiError(403, 'key', 'putting items away is a person’s; sign in');
      const { archived, expected, reason } = body;
      if (!archived && body.items.show !== 'archived')
        throw new ApiError(400, 'items', 'expected items that are put away; show those');
      // As of now, not as somebody was shown it a while ago.
      const page = await reader.page('item-ids', projectId, body.items);
      const { items } = pageOf<'GET /api/projects/{project}/item-ids'>(page);
      if (items.length !== expected)
        throw new ApiError(
          409,
          'expected',
          `expected ${expected} items, the list holds ${items.length} by now; look again`,
        );
      await enterProject(services, projectId, raterId);
      const batch = newId('batch');
      const by = { projectId, raterId, at: now() };
      const records = items.flatMap(({ id: itemId, archives }, i): FeedbackRecord[] =>
        archived
          ? [
              {
                type: 'archive' as const,
                id: `${batch}/${i}`,
                ...by,
                itemId,
                batch,
                ...(reason !== undefined && { reason }),
              },
            ]
          : archives.map((undoes, j) => ({ type: 'undo' as const, id: `${batch}/${i}/${j}`, ...by, undoes })),
      );
      for (let at = 0; at < records.length; at += AT_ONCE) {
        await store.submitAll(records.slice(at, at + AT_ONCE), { lead: true });
        await new Promise(setImmediate);
      }
      pages.forget(projectId);
      return { items: items.length };
    },
  };
}
