import {
  answerProblem,
  answerSchema,
  type FeedbackRecord,
  foldRecords,
  formProblem,
  fromPlaces,
  goldText,
  type Item,
  isGoldAnswer,
  type Judgment,
  letterOf,
  type Presentation,
  type Purpose,
  purposeOf,
  recordKey,
  replyOf,
} from '../../../feedback/index.ts';
import { DataError } from '../../../run/index.ts';
import type { FeedbackStore } from '../../../store/index.ts';
import { ApiError, type Call, type Handlers } from '../../api.ts';
import type { JUDGING_ROUTES } from '../../contract/index.ts';
import { enterProject, type Services } from '../../services.ts';
import { admitted, raterOf } from './admission.ts';
import type { ProgressOf } from './progress.ts';
import { historyOf, openTask, taskAgain, type Visit } from './tasks.ts';

type Answering = Pick<
  typeof JUDGING_ROUTES,
  | 'POST /api/judge/{project}/submit'
  | 'POST /api/judge/{project}/draft'
  | 'POST /api/judge/{project}/skip'
  | 'POST /api/judge/{project}/flag'
  | 'POST /api/judge/{project}/undo'
>;

type Submission = Call<'POST /api/judge/{project}/submit'>['body'];

const isExplained = (purpose: Purpose) => purpose === 'training' || purpose === 'qualification';

/** What a rater is told after a training or qualification item. */
function explain(item: Item, { presentation, right }: { presentation: Presentation; right: boolean }) {
  const name = (reply: number) => `Reply ${letterOf(presentation.order.indexOf(reply))}`;
  const known = [
    ...(item.gold === undefined
      ? []
      : [item.gold === 'tie' ? 'The replies are equally good.' : `${name(item.gold)} is the better one.`]),
    ...(item.goldAnswers ?? []).map((gold) => `${name(gold.reply)}: ${goldText(gold)}.`),
  ];
  return { right, text: [...known, ...(item.facts ?? [])].join(' ') };
}

/** The judgments of a form; all are checked before the first is stored: a form is kept whole or not at all. */
function judgmentsOf(
  { idempotencyKey, answers, activeMs, reason, confidence }: Submission,
  {
    project,
    raterId,
    item,
    presentation,
    submittedAt,
  }: Visit & { readonly item: Item; readonly presentation: Presentation; readonly submittedAt: string },
): Judgment[] {
  const missing = project.questions.find((q) => q.required && !answers.some((a) => a.questionId === q.id));
  if (missing !== undefined)
    throw new ApiError(400, 'answers', `question ${missing.id} is not answered; it is required`);
  const places = answers.map(({ questionId, answer }) => JSON.stringify([questionId, replyOf(answer)]));
  if (new Set(places).size < places.length)
    throw new ApiError(400, 'answers', 'expected one answer to a question, or one about each reply; leave one out');
  return answers.map(({ questionId, answer: given }, at) => {
    const earlier = answers.slice(0, at).filter((other) => other.questionId === questionId).length;
    const answer = answerSchema.safeParse(fromPlaces(given, presentation.order));
    if (!answer.success) throw new ApiError(400, 'answers', `${questionId}: a place that was not shown`);
    const question = project.questions.find(({ id }) => id === questionId);
    if (question === undefined) throw new ApiError(400, 'answers', `there is no question ${questionId}`);
    const problem = formProblem(answer.data, question, item) ?? answerProblem(answer.data, item);
    if (problem !== undefined) throw new ApiError(400, 'answers', `${question.title}: got ${problem}; correct it`);
    return {
      id: [idempotencyKey, questionId, ...(earlier === 0 ? [] : [earlier])].join('/'),
      projectId: project.id,
      itemId: item.id,
      raterId,
      presentation,
      questionId,
      answer: answer.data,
      activeMs,
      submittedAt,
      source: 'studio',
      ...(reason !== undefined && { reason }),
      ...(confidence !== undefined && { confidence }),
    };
  });
}

/**
 * Records of the rater that a submission made, itself or one for each question, and those of them that were not taken back.
 * Naming the item saves a search.
 */
async function recordsOf(
  store: FeedbackStore,
  projectId: string,
  { id, ...range }: { readonly id: string; readonly rater: string; readonly item?: string },
): Promise<{ readonly own: readonly FeedbackRecord[]; readonly standing: readonly FeedbackRecord[] }> {
  const records = await historyOf(store, projectId, range);
  const { removed } = foldRecords(records);
  const own = records.filter((record) => {
    const key = recordKey(record);
    const belongs = key.id === id || key.id.startsWith(`${id}/`);
    return belongs && key.raterId === range.rater && record.type !== 'undo';
  });
  return { own, standing: own.filter((record) => removed.get(recordKey(record).id) !== 'undone') };
}

/** One voice: whoever has the task open in two places answers it in one. */
const ANSWERED_ELSEWHERE =
  'you have answered this already, in another tab or on another device; that answer stands, and this one was not added';

/** What a rater does with a task: answering it, putting it off, and taking that back. */
export function answeringHandlers(services: Services, progressOf: ProgressOf): Handlers<Answering> {
  const { store, now, notify } = services;
  return {
    async 'POST /api/judge/{project}/submit'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { item: itemId, presentation } = openTask(services, body.taskId, { projectId: params.project, raterId });
      const [{ project }, found] = await Promise.all([
        admitted(services, params.project, raterId),
        store.getItem(params.project, itemId),
      ]);
      const item = found!;
      const judgments = judgmentsOf(body, { project, raterId, item, presentation, submittedAt: now() });
      const receipts = await store
        .submitAll(judgments.map((judgment) => ({ type: 'judgment', judgment })))
        .catch((error: unknown) => {
          if (error instanceof DataError && error.code === 'answered')
            throw new ApiError(409, 'answered', ANSWERED_ELSEWHERE);
          throw error;
        });
      const stored = receipts.some((receipt) => receipt.stored);
      if (stored) {
        const records = judgments.map(({ id }) => id);
        const data = { id: body.idempotencyKey, itemId, raterId, records };
        notify({ type: 'judgment.created', projectId: project.id, data });
      }
      if (receipts.some(({ completes }) => completes))
        notify({ type: 'item.completed', projectId: project.id, data: { itemId } });
      const right = isExplained(presentation.purpose ?? 'work')
        ? judgments.map((judgment) => isGoldAnswer(judgment, item)).find((r) => r !== undefined)
        : undefined;
      return {
        id: body.idempotencyKey,
        stored,
        progress: progressOf(raterId, { project, ...receipts.at(-1)! }),
        explanation: right === undefined ? null : explain(item, { presentation, right }),
      };
    },
    async 'POST /api/judge/{project}/draft'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(services, params.project, raterId);
      const { item: itemId } = openTask(services, body.taskId, { projectId: project.id, raterId });
      const { idempotencyKey: id, content } = body;
      await store.submit({ type: 'draft', id, projectId: project.id, itemId, raterId, at: now(), content });
      return { id };
    },
    async 'POST /api/judge/{project}/skip'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(services, params.project, raterId);
      const { item: itemId, presentation } = openTask(services, body.taskId, { projectId: project.id, raterId });
      const { idempotencyKey: id, reason, note } = body;
      const receipt = await store.submit({
        type: 'skip',
        id,
        projectId: project.id,
        itemId,
        raterId,
        at: now(),
        presentation,
        reason,
        ...(note !== undefined && { note }),
      });
      return { id, stored: receipt.stored, progress: progressOf(raterId, { project, ...receipt }), explanation: null };
    },
    async 'POST /api/judge/{project}/flag'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(services, params.project, raterId);
      const { item: itemId } = openTask(services, body.taskId, { projectId: project.id, raterId });
      const { idempotencyKey: id, reason } = body;
      await store.submit({ type: 'flag', id, projectId: project.id, itemId, raterId, at: now(), reason });
      return { id };
    },
    async 'POST /api/judge/{project}/undo'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(services, params.project, raterId);
      const opened =
        body.taskId === undefined ? undefined : openTask(services, body.taskId, { projectId: project.id, raterId });
      const range = { rater: raterId, ...(opened !== undefined && { item: opened.item }) };
      const { own, standing: targets } = await recordsOf(store, project.id, { id: body.id, ...range });
      if (own.length === 0) throw new ApiError(404, 'record', `there is nothing ${body.id} of yours to take back here`);
      if (targets.some((target) => target.type === 'judgment' && isExplained(purposeOf(target.judgment))))
        throw new ApiError(409, 'explained', 'this answer was explained at once, so that it stands; go on to the next');
      const at = now();
      await store.submitAll(
        targets.map((target) => {
          const { id: undoes } = recordKey(target);
          const id = `${body.idempotencyKey}/${undoes}`;
          return { type: 'undo', id, projectId: project.id, raterId, at, undoes };
        }),
      );
      const [target] = targets;
      const shown = target?.type === 'judgment' ? target.judgment : target?.type === 'skip' ? target : undefined;
      const task =
        shown?.presentation === undefined
          ? null
          : await taskAgain(services, { project, raterId }, { itemId: shown.itemId, presentation: shown.presentation });
      return { task, progress: progressOf(raterId, await enterProject(services, project.id, raterId)) };
    },
  };
}
