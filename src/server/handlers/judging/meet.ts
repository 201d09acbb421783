import { ApiError, type Handlers } from '../../api.ts';
import type { JUDGING_ROUTES } from '../../contract/index.ts';
import { archivedProjects, isPaused, settingsOf } from '../../project-settings.ts';
import { enterProject, mayEnter, type Services } from '../../services.ts';
import { admitted, raterOf } from './admission.ts';
import type { ProgressOf } from './progress.ts';
import { openTask, rhythmOf, taskOf } from './tasks.ts';

type Meeting = Pick<
  typeof JUDGING_ROUTES,
  'GET /api/judge' | 'GET /api/judge/{project}' | 'POST /api/judge/{project}/consent' | 'POST /api/judge/{project}/next'
>;

/** A rater meets a project: what it asks, consent, and the next tasks. */
export function meetingHandlers(services: Services, progressOf: ProgressOf): Handlers<Meeting> {
  const { store, accounts, now } = services;
  return {
    async 'GET /api/judge'({ caller }) {
      const raterId = raterOf(caller);
      const all = await store.listProjects();
      const archived = await archivedProjects(
        accounts,
        all.map(({ id }) => id),
      );
      return {
        projects: await Promise.all(
          all
            .filter(({ id }) => mayEnter(caller, id) && !archived.has(id))
            .map(async ({ id, name }) => ({
              id,
              name,
              progress: progressOf(raterId, await enterProject(services, id, raterId)),
              paused: await isPaused(accounts, id, raterId),
            })),
        ),
      };
    },
    async 'GET /api/judge/{project}'({ caller, params }) {
      const raterId = raterOf(caller);
      const membership = await enterProject(services, params.project, raterId);
      const { project, profile } = membership;
      const settings = await settingsOf(accounts, project.id);
      const shown = project.instructions.at(-1);
      return {
        id: project.id,
        name: project.name,
        questions: project.questions,
        instructions: shown === undefined ? null : { version: shown.version, text: shown.text },
        consent:
          project.consent === undefined
            ? null
            : { ...project.consent, given: profile.consent?.version === project.consent.version },
        demographics: settings.demographics,
        progress: progressOf(raterId, membership),
        breakAfterMinutes: settings.breakAfterMinutes,
      };
    },
    async 'POST /api/judge/{project}/consent'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project, profile } = await enterProject(services, params.project, raterId);
      if (project.consent?.version !== body.version)
        throw new ApiError(409, 'consent', 'the consent text has changed meanwhile; reload and read it again');
      const { demographics } = await settingsOf(accounts, project.id);
      for (const [attribute, value] of Object.entries(body.demographics)) {
        if (!demographics.some((d) => d.attribute === attribute && d.values.includes(value)))
          throw new ApiError(400, 'demographics', `${attribute}: ${value} is not among the choices`);
      }
      await store.putRaters(project.id, [
        { ...profile, consent: { version: body.version, at: now() }, demographics: body.demographics },
      ]);
      return { ok: true };
    },
    async 'POST /api/judge/{project}/next'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const [membership, paused] = await Promise.all([
        admitted(services, params.project, raterId),
        isPaused(accounts, params.project, raterId),
      ]);
      const { project } = membership;
      const progress = progressOf(raterId, membership);
      if (paused) return { tasks: [], none: 'judging is paused here', progress };
      const besides = body.holding.map((taskId) => openTask(services, taskId, { projectId: project.id, raterId }).item);
      const rhythm = rhythmOf(services, project.id, raterId);
      const tasks = [];
      let none: string | null = null;
      while (tasks.length < body.count && none === null) {
        const next = await store.reserve(project.id, raterId, { now: now(), besides, rhythm });
        if ('none' in next) none = next.none;
        else {
          besides.push(next.item.id);
          tasks.push(taskOf(services, { project, raterId }, next));
        }
      }
      return { tasks, none: tasks.length > 0 ? null : none, progress };
    },
  };
}
