import { ApiError, type Handlers } from '../../api.ts';
import type { PROJECT_ROUTES } from '../../contract/index.ts';
import { noteDeletion } from '../../deletions.ts';
import { FileAnswer } from '../../file-answer.ts';
import type { ProjectPages } from '../../project-reader.ts';
import type { RunService } from '../../runs.ts';
import { projectOr404, type Services } from '../../services.ts';
import { personOf } from '../session/grants.ts';

type Erasing = Pick<
  typeof PROJECT_ROUTES,
  | 'POST /api/projects/{project}/raters/{rater}/erase'
  | 'GET /api/projects/{project}/backup'
  | 'POST /api/projects/{project}/delete'
>;

/** Real erasure, by an owner who types whom it is about. */
export function erasingHandlers(
  services: Services & { readonly runs: Pick<RunService, 'list'> },
  pages: ProjectPages,
): Handlers<Erasing> {
  const { store, accounts, now, runs, reader } = services;
  const readingRuns = async (projectId: string) =>
    (await runs.list()).filter((run) => run.project === projectId).map(({ id }) => id);
  return {
    async 'POST /api/projects/{project}/raters/{rater}/erase'({ caller, params, body }) {
      personOf(caller);
      const project = await projectOr404(services, params.project);
      if (body.confirm !== params.rater)
        throw new ApiError(400, 'confirm', `expected ${params.rater} typed once more; nothing was erased`);
      const { erased, profile, outside } = await store.erase(project.id, params.rater, {
        at: now(),
        ...(body.item !== undefined && { itemId: body.item }),
        ...(caller.raterId !== null && { by: caller.raterId }),
      });
      pages.forget(project.id);
      return { erased, profile, outside: [...outside], runs: await readingRuns(project.id) };
    },
    async 'GET /api/projects/{project}/backup'({ params }) {
      const file = await reader.file(params.project, { backup: true, now: now() });
      if (file === undefined) throw new ApiError(404, 'project', `there is no project ${params.project}`);
      return new FileAnswer(file);
    },
    async 'POST /api/projects/{project}/delete'({ caller, params, body }) {
      const by = personOf(caller);
      const { id, name } = await projectOr404(services, params.project);
      if (body.confirm !== id)
        throw new ApiError(400, 'confirm', `expected ${id} typed once more; nothing was deleted`);
      if ((await store.digest(id)) !== body.digest)
        throw new ApiError(
          409,
          'digest',
          'the project has changed since it was backed up; back it up again, and keep that file',
        );
      const reading = await readingRuns(id);
      await noteDeletion(accounts, { what: 'project', id, name, by, at: now(), digest: body.digest });
      await store.removeProject(id, body.digest);
      await accounts.forgetProject(id);
      pages.forget(id);
      return { ok: true, runs: reading };
    },
  };
}
