import { ApiError, type Handlers } from '../../api.ts';
import type { PROJECT_ROUTES } from '../../contract/index.ts';
import type { ProjectPages } from '../../project-reader.ts';
import type { RunService } from '../../runs.ts';
import { projectOr404, type Services } from '../../services.ts';
import { personOf } from '../session/grants.ts';

type Erasing = Pick<typeof PROJECT_ROUTES, 'POST /api/projects/{project}/raters/{rater}/erase'>;

/** Real erasure, by an owner who types whom it is about. */
export function erasingHandlers(
  services: Services & { readonly runs: Pick<RunService, 'list'> },
  pages: ProjectPages,
): Handlers<Erasing> {
  const { store, now, runs } = services;
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
      const reading = (await runs.list()).filter((run) => run.project === project.id);
      return { erased, profile, outside: [...outside], runs: reading.map(({ id }) => id) };
    },
  };
}
