import { z } from 'zod';
import {
  type Answer,
  answerProblem,
  answerSchema,
  displayAnswer,
  type FeedbackRecord,
  foldRecords,
  formProblem,
  fromPlaces,
  type Item,
  isGoldAnswer,
  letterOf,
  type Presentation,
  type Project,
  type Purpose,
  presentationSchema,
  purposeOf,
  type Question,
  questionOf,
  recordKey,
  replyOf,
} from '../../feedback/index.ts';
import type { Reservation } from '../../store/index.ts';
import { ApiError, type Handlers } from '../api.ts';
import type { Caller } from '../caller.ts';
import type { JUDGING_ROUTES } from '../contract/index.ts';
import {
  enterProject,
  isPaused,
  type Membership,
  mayEnter,
  projectOr404,
  type Services,
  settingsOf,
} from '../services.ts';

/** What a sealed task holds: which item, shown how. Only the server can read it. */
const sealedTask = z.object({ item: z.string(), presentation: presentationSchema });
const MINE_PER_PAGE = 50;
/** Purposes that a rater must not be able to tell from work. */
const SILENT = ['gold', 'repeat', 'swapped-repeat'] as const;
const isExplained = (purpose: Purpose) => purpose === 'training' || purpose === 'qualification';
const OPEN_PURPOSES = ['work', 'training', 'qualification'] as const;

const raterOf = (caller: Caller): string => {
  if (caller.raterId === null) throw new ApiError(403, 'key', 'keys do not judge; sign in as a person');
  return caller.raterId;
};
const contextOf = (projectId: string, raterId: string) => `${projectId}/${raterId}`;

/** What a rater is told after a training or qualification item. */
function explain(item: Item, { presentation, right }: { presentation: Presentation; right: boolean }) {
  const place = typeof item.gold === 'number' ? presentation.order.indexOf(item.gold) : -1;
  const known = place < 0 ? 'The replies are equally good.' : `Reply ${letterOf(place)} is the better one.`;
  const facts = item.facts === undefined ? '' : ` ${item.facts.join(' ')}`;
  return { right, text: `${known}${facts}` };
}

/** Judging: tasks out, answers in, by places shown; what a rater may know of an item and no more. */
export function judgingHandlers(services: Services): Handlers<typeof JUDGING_ROUTES> {
  const { store, accounts, sealer, now, notify } = services;

  const progressOf = ({ project, openItems, standing }: Omit<Membership, 'profile'>) => {
    const { presented, qualificationRight, reserved } = standing;
    const held = (purpose: string) => reserved.filter((seat) => seat.purpose === purpose).length;
    const work = presented.work - held('work');
    // Known answers and repeats look like work, so that they count like work: a number that stood still would tell.
    const done = SILENT.reduce((sum, purpose) => sum + presented[purpose] - held(purpose), work);
    const { qualification, perRaterCap } = project.distribution;
    const asked = presented.qualification - held('qualification');
    const left = Math.max(0, Math.min(openItems + held('work'), (perRaterCap ?? Number.POSITIVE_INFINITY) - work));
    return {
      done,
      // In tens, for the same reason.
      left: 10 * Math.ceil(left / 10),
      qualification:
        qualification === undefined
          ? null
          : {
              asked,
              of: qualification.items,
              passed:
                asked < qualification.items
                  ? null
                  : qualificationRight >= qualification.passShare * qualification.items,
            },
    };
  };

  const taskOf = (
    project: Project,
    raterId: string,
    { item, presentation, purpose, expiresAt, draft = null }: Reservation,
  ) => ({
    taskId: sealer.seal({ item: item.id, presentation }, contextOf(project.id, raterId)),
    prompt: item.prompt,
    replies: presentation.order.map((reply) => item.replies[reply]!.text),
    facts: presentation.view === 'full' ? (item.facts ?? null) : null,
    expiresAt,
    instructionsVersion: presentation.instructionsVersion,
    // Gold items and repeats look like work.
    purpose: OPEN_PURPOSES.find((open) => open === purpose) ?? ('work' as const),
    draft,
  });

  /**
   * The task as it was shown before, reserved again where it is work. Known answers are never reserved by name, so that
   * they come back without a reservation: nobody else waits for them, and they must look like work.
   */
  const taskAgain = async (
    project: Project,
    raterId: string,
    { itemId, presentation }: { itemId: string; presentation: Presentation },
  ) => {
    const purpose = presentation.purpose ?? 'work';
    if (purpose === 'work') {
      const { reserved } = await store.raterStanding(project.id, raterId);
      const besides = reserved.map((seat) => seat.itemId).filter((id) => id !== itemId);
      const again = await store.reserve(project.id, raterId, {
        now: now(),
        itemId,
        besides,
        order: presentation.order,
      });
      if (!('none' in again)) return taskOf(project, raterId, again);
    }
    const item = (await store.getItem(project.id, itemId))!;
    const expiresAt = new Date(Date.parse(now()) + project.distribution.reservationMinutes * 60_000).toISOString();
    const { drafts } = foldRecords(await historyOf(project.id, { rater: raterId, item: itemId }));
    return taskOf(project, raterId, { item, presentation, purpose, expiresAt, draft: drafts.at(-1)?.content });
  };

  const openTask = (projectId: string, raterId: string, taskId: string) => {
    const opened = sealedTask.safeParse(sealer.open(taskId, contextOf(projectId, raterId)));
    if (!opened.success)
      throw new ApiError(404, 'task', 'this task is not yours, or not from here; ask for the next one');
    return opened.data;
  };

  const progressNow = async (projectId: string, raterId: string) =>
    progressOf(await enterProject(services, projectId, raterId));

  /** What the rater may see of the project, once consent is given where it is asked. */
  const admitted = async (projectId: string, raterId: string): Promise<Membership> => {
    const membership = await enterProject(services, projectId, raterId);
    const { project, profile } = membership;
    if (project.consent !== undefined && profile.consent?.version !== project.consent.version)
      throw new ApiError(403, 'consent', 'read and agree to the consent text first');
    return membership;
  };

  const historyOf = async (projectId: string, range: { rater: string; item?: string }): Promise<FeedbackRecord[]> => {
    const records: FeedbackRecord[] = [];
    for await (const { record } of store.history(projectId, range)) records.push(record);
    return records;
  };

  /** Records of the rater that a submission made: itself, or one for each question. Naming the item saves a search. */
  const recordsOf = async (projectId: string, id: string, range: { rater: string; item?: string }) => {
    const records = await historyOf(projectId, range);
    const { removed } = foldRecords(records);
    return records.filter((record) => {
      const key = recordKey(record);
      const belongs = key.id === id || key.id.startsWith(`${id}/`);
      return belongs && key.raterId === range.rater && record.type !== 'undo' && removed.get(key.id) !== 'undone';
    });
  };

  return {
    async 'GET /api/judge'({ caller }) {
      const raterId = raterOf(caller);
      const all = await store.listProjects();
      return {
        projects: await Promise.all(
          all
            .filter(({ id }) => mayEnter(caller, id))
            .map(async ({ id, name }) => ({
              id,
              name,
              progress: await progressNow(id, raterId),
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
        progress: progressOf(membership),
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
        admitted(params.project, raterId),
        isPaused(accounts, params.project, raterId),
      ]);
      const { project } = membership;
      const progress = progressOf(membership);
      if (paused) return { tasks: [], none: 'judging is paused here', progress };
      const besides = body.holding.map((taskId) => openTask(project.id, raterId, taskId).item);
      const tasks = [];
      let none: string | null = null;
      while (tasks.length < body.count && none === null) {
        const next = await store.reserve(project.id, raterId, { now: now(), besides });
        if ('none' in next) none = next.none;
        else {
          besides.push(next.item.id);
          tasks.push(taskOf(project, raterId, next));
        }
      }
      return { tasks, none: tasks.length > 0 ? null : none, progress };
    },
    async 'POST /api/judge/{project}/submit'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { item: itemId, presentation } = openTask(params.project, raterId, body.taskId);
      const [{ project }, found] = await Promise.all([
        admitted(params.project, raterId),
        store.getItem(params.project, itemId),
      ]);
      const item = found!;
      const missing = project.questions.find((q) => q.required && !body.answers.some((a) => a.questionId === q.id));
      if (missing !== undefined)
        throw new ApiError(400, 'answers', `question ${missing.id} is not answered; it is required`);
      const places = body.answers.map(({ questionId, answer }) => JSON.stringify([questionId, replyOf(answer)]));
      if (new Set(places).size < places.length)
        throw new ApiError(400, 'answers', 'expected one answer to a question, or one about each reply; leave one out');
      const submittedAt = now();
      const judgments = body.answers.map(({ questionId, answer: given }, at) => {
        const earlier = body.answers.slice(0, at).filter((other) => other.questionId === questionId).length;
        const answer = answerSchema.safeParse(fromPlaces(given, presentation.order));
        if (!answer.success) throw new ApiError(400, 'answers', `${questionId}: a place that was not shown`);
        // All are checked before the first is stored: a form is kept whole or not at all.
        const question = project.questions.find(({ id }) => id === questionId);
        if (question === undefined) throw new ApiError(400, 'answers', `there is no question ${questionId}`);
        const problem = formProblem(answer.data, question, item) ?? answerProblem(answer.data, item);
        if (problem !== undefined) throw new ApiError(400, 'answers', `${question.title}: got ${problem}; correct it`);
        return {
          id: [body.idempotencyKey, questionId, ...(earlier === 0 ? [] : [earlier])].join('/'),
          projectId: project.id,
          itemId,
          raterId,
          presentation,
          questionId,
          answer: answer.data,
          activeMs: body.activeMs,
          submittedAt,
          source: 'studio',
          ...(body.reason !== undefined && { reason: body.reason }),
          ...(body.confidence !== undefined && { confidence: body.confidence }),
        };
      });
      const receipts = await Promise.all(judgments.map((judgment) => store.submit({ type: 'judgment', judgment })));
      const stored = receipts.some((receipt) => receipt.stored);
      if (stored) {
        const data = { id: body.idempotencyKey, itemId, raterId };
        notify({ type: 'judgment.created', projectId: project.id, data });
      }
      if (receipts.some(({ completes }) => completes))
        notify({ type: 'item.completed', projectId: project.id, data: { itemId } });
      const right =
        isExplained(presentation.purpose ?? 'work') && item.gold !== undefined
          ? judgments.map(({ answer }) => isGoldAnswer(answer, item.gold!)).find((r) => r !== undefined)
          : undefined;
      return {
        id: body.idempotencyKey,
        stored,
        progress: progressOf({ project, ...receipts.at(-1)! }),
        explanation: right === undefined ? null : explain(item, { presentation, right }),
      };
    },
    async 'POST /api/judge/{project}/draft'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(params.project, raterId);
      const { item: itemId } = openTask(project.id, raterId, body.taskId);
      const { idempotencyKey: id, content } = body;
      await store.submit({ type: 'draft', id, projectId: project.id, itemId, raterId, at: now(), content });
      return { id };
    },
    async 'POST /api/judge/{project}/skip'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(params.project, raterId);
      const { item: itemId, presentation } = openTask(project.id, raterId, body.taskId);
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
      return { id, stored: receipt.stored, progress: progressOf({ project, ...receipt }), explanation: null };
    },
    async 'POST /api/judge/{project}/flag'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(params.project, raterId);
      const { item: itemId } = openTask(project.id, raterId, body.taskId);
      const { idempotencyKey: id, reason } = body;
      await store.submit({ type: 'flag', id, projectId: project.id, itemId, raterId, at: now(), reason });
      return { id };
    },
    async 'POST /api/judge/{project}/undo'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const { project } = await admitted(params.project, raterId);
      const opened = body.taskId === undefined ? undefined : openTask(project.id, raterId, body.taskId);
      const range = { rater: raterId, ...(opened !== undefined && { item: opened.item }) };
      const targets = await recordsOf(project.id, body.id, range);
      if (targets.some((target) => target.type === 'judgment' && isExplained(purposeOf(target.judgment))))
        throw new ApiError(409, 'explained', 'this answer was explained at once, so that it stands; go on to the next');
      for (const target of targets) {
        const { id: undoes } = recordKey(target);
        const id = `${body.idempotencyKey}/${undoes}`;
        await store.submit({ type: 'undo', id, projectId: project.id, raterId, at: now(), undoes });
      }
      const [target] = targets;
      const shown = target?.type === 'judgment' ? target.judgment : target?.type === 'skip' ? target : undefined;
      const task =
        shown?.presentation === undefined
          ? null
          : await taskAgain(project, raterId, { itemId: shown.itemId, presentation: shown.presentation });
      return { task, progress: await progressNow(project.id, raterId) };
    },
    async 'GET /api/judge/{project}/mine'({ caller, params, query }) {
      const raterId = raterOf(caller);
      const project = await projectOr404(services, params.project);
      const records = await historyOf(project.id, { rater: raterId });
      const { removed } = foldRecords(records);
      const shown = records
        .filter((record) => ['judgment', 'skip', 'flag'].includes(record.type) && recordKey(record).raterId === raterId)
        .reverse();
      const from = query.before === undefined ? 0 : shown.findIndex((r) => recordKey(r).id === query.before) + 1;
      const page = shown.slice(from, from + MINE_PER_PAGE);
      const rows = await Promise.all(
        page.map(async (record) => {
          const { id, itemId, at } = recordKey(record);
          const item = itemId === null ? undefined : await store.getItem(project.id, itemId);
          return {
            id,
            prompt: item?.prompt ?? '',
            ...ownText(record, project.questions),
            at,
            standing: !removed.has(id),
          };
        }),
      );
      const last = page.at(-1);
      return {
        records: rows,
        next: last !== undefined && from + MINE_PER_PAGE < shown.length ? recordKey(last).id : null,
      };
    },
    async 'POST /api/judge/{project}/withdraw'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const project = await projectOr404(services, params.project);
      const { judgments } = foldRecords(await historyOf(project.id, { rater: raterId }));
      const withdrawn = judgments.filter((judgment) => judgment.raterId === raterId).length;
      await store.withdraw(project.id, raterId, {
        at: now(),
        ...(body.reason !== undefined && { reason: body.reason }),
      });
      return { ok: true, withdrawn };
    },
  };
}

/** An answer with the titles that the rater saw in place of the form's ids. */
function titled(answer: Answer, question: Question | undefined): Answer {
  const title = (known: readonly { id: string; title: string }[], id: string) =>
    known.find((entry) => entry.id === id)?.title ?? id;
  if (answer.kind === 'rating' && question?.kind === 'rating') {
    const values = answer.values.map((v) => ({ ...v, criterion: title(question.criteria, v.criterion) }));
    return { ...answer, values };
  }
  if (answer.kind === 'label' && question?.kind === 'label')
    return { ...answer, labels: answer.labels.map((id) => title(question.options, id)) };
  if (answer.kind === 'spans' && question?.kind === 'spans')
    return { ...answer, spans: answer.spans.map((s) => ({ ...s, label: title(question.labels, s.label) })) };
  return answer;
}

/** A record in the rater's own words and places. */
function ownText(
  record: FeedbackRecord,
  questions: readonly Question[],
): { type: 'judgment' | 'skip' | 'flag'; question: string | null; text: string } {
  if (record.type === 'judgment') {
    const { answer, presentation } = record.judgment;
    const question = questionOf(questions, record.judgment);
    const text = displayAnswer(titled(answer, question), presentation.order);
    return { type: 'judgment', question: question?.title ?? null, text };
  }
  const question = null;
  if (record.type === 'skip')
    return { type: 'skip', question, text: `skipped: ${record.reason}${record.note ? `, ${record.note}` : ''}` };
  return { type: 'flag', question, text: record.type === 'flag' ? record.reason : '' };
}
