import { LAYOUT_IDS, LAYOUTS, type Layout } from '../../../exchange/index.ts';
import type { Project } from '../../../feedback/index.ts';
import { newId } from '../../access/secrets.ts';
import { createTurns } from '../../access/turns.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { PROJECT_ROUTES } from '../../contract/index.ts';
import { countsOf } from '../../counts.ts';
import { deletions } from '../../deletions.ts';
import { inTemporaryFolder } from '../../exchange.ts';
import { generatedBy } from '../../generate.ts';
import { saveBody } from '../../imports.ts';
import { type ProjectPages, pageOf } from '../../project-reader.ts';
import { archivedProjects, saveSettings, settingsOf } from '../../project-settings.ts';
import { mayEnter, projectOr404, type Services } from '../../services.ts';

type SettingUp = Pick<
  typeof PROJECT_ROUTES,
  | 'GET /api/projects'
  | 'POST /api/projects'
  | 'GET /api/projects/{project}'
  | 'PATCH /api/projects/{project}'
  | 'POST /api/projects/{project}/items'
  | 'POST /api/projects/{project}/generate'
  | 'GET /api/layouts'
>;

/** Files that are read at once, each by a process with memory of its own, and those that wait. */
const IMPORTS = { atOnce: 2, known: 16, strangers: 0 };

/** Setting up projects: what they are, their rules, and their items. */
export function setUpHandlers(services: Services, pages: ProjectPages): Handlers<SettingUp> {
  const { store, accounts, now, importer } = services;
  const turns = createTurns({ ...IMPORTS, busy: 'too many files are read at this moment; try again in a minute' });
  /** A question under which answers were given keeps its id and kind: they would answer another one otherwise. */
  const refuseChangedKinds = async (before: Project, after: Project['questions']) => {
    const changed = before.questions.filter(({ id, kind }) => after.find((one) => one.id === id)?.kind !== kind);
    if (changed.length === 0) return;
    const page = await services.reader.page('question-answers', before.id, {});
    const { questions } = pageOf<'GET /api/projects/{project}/question-answers'>(page);
    const answered = questions.find(({ id, answers }) => answers > 0 && changed.some((one) => one.id === id));
    if (answered === undefined) return;
    const what = after.some(({ id }) => id === answered.id) ? 'its kind cannot change' : 'it cannot be taken away';
    throw new ApiError(
      409,
      'answered',
      `question ${answered.id} has ${answered.answers} answers, so that ${what}; make it optional, and add another question`,
    );
  };

  return {
    async 'GET /api/projects'({ caller }) {
      const all = await store.listProjects();
      const mayCount = caller.role !== 'rater';
      const archived = await archivedProjects(
        accounts,
        all.map(({ id }) => id),
      );
      return {
        projects: await Promise.all(
          all
            .filter(({ id }) => mayEnter(caller, id))
            .map(async ({ id, name, createdAt }) => ({
              id,
              name,
              createdAt,
              archived: archived.has(id),
              counts: mayCount ? countsOf(await store.progress(id)) : null,
            })),
        ),
      };
    },
    async 'POST /api/projects'({ caller, body }) {
      if ((await store.getProject(body.project.id)) !== undefined)
        throw new ApiError(409, 'project', `the id ${body.project.id} is taken; choose another`);
      if ((await deletions(accounts)).some(({ what, id }) => what === 'project' && id === body.project.id))
        throw new ApiError(409, 'project', `the id ${body.project.id} was a project’s that is deleted; choose another`);
      const at = now();
      const instructions = body.project.instructions.map((version) => ({ ...version, at }));
      const project: Project = { ...body.project, instructions, createdAt: at };
      await store.putProject(project);
      await saveSettings(accounts, project.id, body.settings);
      if (caller.via === 'session' && caller.role !== 'owner')
        await accounts.setProjects(caller.id!, [...(await accounts.projectsOf(caller.id!)), project.id]);
      return { project, settings: body.settings };
    },
    async 'GET /api/projects/{project}'({ params }) {
      const project = await projectOr404(services, params.project);
      return {
        project,
        settings: await settingsOf(accounts, project.id),
        counts: countsOf(await store.progress(project.id)),
      };
    },
    async 'PATCH /api/projects/{project}'({ params, body }) {
      const before = await projectOr404(services, params.project);
      const { settings, instructions, consent, ...change } = body;
      if (body.questions !== undefined) await refuseChangedKinds(before, body.questions);
      const { consent: _, ...withoutConsent } = before;
      const shown = before.instructions.at(-1);
      const changed = instructions !== undefined && instructions !== shown?.text;
      const project: Project = {
        ...(consent === null ? withoutConsent : before),
        ...(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<Project>),
        ...(consent && { consent }),
        ...(changed && {
          instructions: [
            ...before.instructions,
            { version: String(before.instructions.length + 1), text: instructions, at: now() },
          ],
        }),
      };
      await store.putProject(project);
      if (settings !== undefined) await saveSettings(accounts, project.id, settings);
      pages.forget(project.id);
      return { project, settings: await settingsOf(accounts, project.id) };
    },
    async 'POST /api/projects/{project}/items'({ params, body, context }) {
      const { id: projectId } = await projectOr404(services, params.project);
      return inTemporaryFolder(async (folder) => {
        await saveBody(folder, body);
        const { signal } = context.req.raw;
        const brought = { id: newId('import'), at: now() };
        return turns.take(() => importer.add({ projectId, folder, import: brought }, signal), { known: true });
      });
    },
    async 'POST /api/projects/{project}/generate'({ params, body }) {
      await projectOr404(services, params.project);
      const { items: made, failed } = await generatedBy(params.project, body, services);
      const brought = { id: newId('import'), file: `replies of ${body.model}`, at: now() };
      const items = made.map((item) => ({ ...item, source: { ...item.source, import: brought } }));
      const { added } = await store.addItems(params.project, items);
      return { items: added, failed };
    },
    async 'GET /api/layouts'() {
      return {
        layouts: LAYOUT_IDS.map((id) => {
          const layout: Layout = LAYOUTS[id];
          return {
            id,
            title: layout.title,
            // Uploads travel as text, which Parquet is not.
            reads: id !== 'project' && id !== 'parquet',
            writes: !('not' in layout.write) && id !== 'project',
          };
        }),
      };
    },
  };
}
