import { LAYOUT_IDS, LAYOUTS, type Layout } from '../../exchange/index.ts';
import { answerProblem, formProblem, type Project, questionOf } from '../../feedback/index.ts';
import { ApiError, type Handlers } from '../api.ts';
import { type PROJECT_ROUTES, PROJECT_TABLES } from '../contract/index.ts';
import { countsOf } from '../counts.ts';
import { importText } from '../exchange.ts';
import { FileAnswer, type MadeFile } from '../file-answer.ts';
import { generateItems } from '../generate.ts';
import { sharedPages } from '../project-reader.ts';
import { itemRow, shownRecord } from '../project-state.ts';
import {
  enterProject,
  mayEnter,
  pausedRaters,
  projectOr404,
  type Services,
  savePausedRaters,
  saveSettings,
  settingsOf,
} from '../services.ts';

/** Leading projects: set-up, items, progress, people, quality, decisions. */
export function projectHandlers(services: Services): Handlers<typeof PROJECT_ROUTES> {
  const { store, accounts, now, reader } = services;
  const pages = sharedPages({ reader, store }, () => performance.now());
  const sent = (file: MadeFile | undefined, projectId: string) => {
    if (file === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
    return new FileAnswer(file);
  };
  const put = (project: Project) => store.putProject(project);

  return {
    async 'GET /api/projects'({ caller }) {
      const all = await store.listProjects();
      const mayCount = caller.role !== 'rater';
      return {
        projects: await Promise.all(
          all
            .filter(({ id }) => mayEnter(caller, id))
            .map(async ({ id, name, createdAt }) => ({
              id,
              name,
              createdAt,
              counts: mayCount ? countsOf(await store.progress(id)) : null,
            })),
        ),
      };
    },
    async 'POST /api/projects'({ caller, body }) {
      if ((await store.getProject(body.project.id)) !== undefined)
        throw new ApiError(409, 'project', `the id ${body.project.id} is taken; choose another`);
      const at = now();
      const instructions = body.project.instructions.map((version) => ({ ...version, at }));
      const project: Project = { ...body.project, instructions, createdAt: at };
      await put(project);
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
      await put(project);
      if (settings !== undefined) await saveSettings(accounts, project.id, settings);
      pages.forget(project.id);
      return { project, settings: await settingsOf(accounts, project.id) };
    },
    async 'POST /api/projects/{project}/items'({ params, body }) {
      return importText(store, await projectOr404(services, params.project), body);
    },
    async 'POST /api/projects/{project}/generate'({ params, body }) {
      await projectOr404(services, params.project);
      const { items, failed } = await generateItems(params.project, body);
      const { added } = await store.addItems(params.project, items);
      return { items: added, failed };
    },
    'GET /api/projects/{project}/overview': ({ params }) => pages.page('overview', params.project, {}),
    'GET /api/projects/{project}/raters': ({ caller, params }) =>
      pages.page('raters', params.project, { names: caller.role !== 'auditor' }),
    async 'PATCH /api/projects/{project}/raters/{rater}'({ params, body }) {
      const paused = (await pausedRaters(accounts, params.project)).filter((id) => id !== params.rater);
      await savePausedRaters(accounts, params.project, body.paused ? [...paused, params.rater] : paused);
      pages.forget(params.project);
      return { ok: true };
    },
    'GET /api/projects/{project}/quality': ({ params }) => pages.page('quality', params.project, {}),
    'GET /api/projects/{project}/items': ({ params, query }) => pages.page('items', params.project, query),
    async 'GET /api/projects/{project}/items/{item}'({ params }) {
      const project = await projectOr404(services, params.project);
      const item = await store.getItem(project.id, params.item);
      if (item === undefined) throw new ApiError(404, 'item', `there is no item ${params.item}`);
      const state = await store.itemState(project.id, item.id);
      const records = [];
      for await (const { seq, record } of store.history(project.id, { item: item.id }))
        if (record.type !== 'draft') records.push(shownRecord(seq, record, state));
      const { judgments, flags, adjudications } = state;
      const marks = { flagged: flags.length > 0, adjudicated: adjudications.length > 0 };
      return { item, row: itemRow(project, item, { judgments, ...marks }), records };
    },
    async 'POST /api/projects/{project}/items/{item}/adjudication'({ caller, params, body }) {
      const project = await projectOr404(services, params.project);
      const raterId = caller.raterId;
      if (raterId === null) throw new ApiError(403, 'key', 'a decision is a person’s; sign in');
      const item = await store.getItem(project.id, params.item);
      if (item === undefined) throw new ApiError(404, 'item', `there is no item ${params.item}`);
      const { idempotencyKey: id, questionId, answer, reason, note } = body;
      const question = questionOf(project.questions, { questionId, answer });
      const problem =
        question === undefined
          ? 'an answer to no question of the form'
          : (formProblem(answer, question, item) ?? answerProblem(answer, item));
      if (problem !== undefined) throw new ApiError(400, 'answer', `expected an answer that fits, got ${problem}`);
      const { judgments } = await store.itemState(project.id, item.id);
      const considered = judgments.map((judgment) => judgment.id);
      await enterProject(services, project.id, raterId);
      await store.submit(
        {
          type: 'adjudication',
          id,
          projectId: project.id,
          itemId: item.id,
          raterId,
          at: now(),
          answer,
          reason,
          considered,
          ...(questionId !== undefined && { questionId }),
          ...(note !== undefined && { note }),
        },
        { lead: true },
      );
      return { id };
    },
    'GET /api/projects/{project}/records': ({ params, query }) => pages.page('records', params.project, query),
    async 'GET /api/projects/{project}/tables/{table}'({ caller, params, query }) {
      const table = PROJECT_TABLES.find((name) => name === params.table);
      if (table === undefined)
        throw new ApiError(404, 'table', `there is no table ${params.table}; there are ${PROJECT_TABLES.join(', ')}`);
      const names = caller.role !== 'auditor';
      return sent(await reader.file(params.project, { table, format: query.format, names }), params.project);
    },
    async 'GET /api/projects/{project}/export/{layout}'({ params, query }) {
      const wanted = { layout: params.layout, format: query.format, now: now() };
      return sent(await reader.file(params.project, wanted), params.project);
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
