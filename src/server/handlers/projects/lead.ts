import { answerProblem, formProblem, questionOf } from '../../../feedback/index.ts';
import { ApiError, type Handlers } from '../../api.ts';
import { type PROJECT_ROUTES, PROJECT_TABLES } from '../../contract/index.ts';
import { FileAnswer, type MadeFile } from '../../file-answer.ts';
import type { ProjectPages } from '../../project-reader.ts';
import { pausedRaters, savePausedRaters } from '../../project-settings.ts';
import { itemRow, shownRecord } from '../../project-state.ts';
import { enterProject, projectOr404, type Services } from '../../services.ts';

type Leading = Pick<
  typeof PROJECT_ROUTES,
  | 'GET /api/projects/{project}/overview'
  | 'GET /api/projects/{project}/raters'
  | 'PATCH /api/projects/{project}/raters/{rater}'
  | 'GET /api/projects/{project}/quality'
  | 'GET /api/projects/{project}/answers'
  | 'GET /api/projects/{project}/question-answers'
  | 'GET /api/projects/{project}/items'
  | 'GET /api/projects/{project}/items/{item}'
  | 'POST /api/projects/{project}/items/{item}/adjudication'
  | 'GET /api/projects/{project}/records'
  | 'GET /api/projects/{project}/run-preview'
  | 'GET /api/projects/{project}/tables/{table}'
  | 'GET /api/projects/{project}/export/{layout}'
>;

function sent(file: MadeFile | undefined, projectId: string): FileAnswer {
  if (file === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
  return new FileAnswer(file);
}

/** Leading projects that run: where they stand, people, quality, decisions, and files to take away. */
export function leadHandlers(services: Services, pages: ProjectPages): Handlers<Leading> {
  const { store, accounts, now, reader } = services;
  return {
    'GET /api/projects/{project}/overview': ({ params }) => pages.page('overview', params.project, {}),
    'GET /api/projects/{project}/raters': ({ caller, params }) =>
      pages.page('raters', params.project, { names: caller.role !== 'auditor' }),
    async 'PATCH /api/projects/{project}/raters/{rater}'({ params, body }) {
      const paused = (await pausedRaters(accounts, params.project)).filter((id) => id !== params.rater);
      await savePausedRaters(accounts, params.project, body.paused ? [...paused, params.rater] : paused);
      pages.forget(params.project);
      return { ok: true };
    },
    'GET /api/projects/{project}/answers': ({ params }) => pages.page('answers', params.project, {}),
    'GET /api/projects/{project}/question-answers': ({ params }) => pages.page('question-answers', params.project, {}),
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
      const { judgments, flags, adjudications, archived } = state;
      const marks = {
        flagged: flags.length > 0,
        adjudicated: adjudications.length > 0,
        archived: archived.has(item.id),
      };
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
    'GET /api/projects/{project}/run-preview': ({ params, query }) => pages.page('run-preview', params.project, query),
    async 'GET /api/projects/{project}/tables/{table}'({ caller, params, query }) {
      const table = PROJECT_TABLES.find((name) => name === params.table);
      if (table === undefined)
        throw new ApiError(404, 'table', `there is no table ${params.table}; there are ${PROJECT_TABLES.join(', ')}`);
      const names = caller.role !== 'auditor';
      return sent(await reader.file(params.project, { table, format: query.format, names }), params.project);
    },
    async 'GET /api/projects/{project}/export/{layout}'({ params, query }) {
      const wanted = { layout: params.layout, ...query, now: now() };
      return sent(await reader.file(params.project, wanted), params.project);
    },
  };
}
