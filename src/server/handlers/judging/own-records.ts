import {
  type Answer,
  displayAnswer,
  type FeedbackRecord,
  foldRecords,
  type Question,
  questionOf,
  recordKey,
} from '../../../feedback/index.ts';
import type { Handlers } from '../../api.ts';
import type { JUDGING_ROUTES, Withdrawal } from '../../contract/index.ts';
import { enterProject, projectOr404, type Services } from '../../services.ts';
import { raterOf } from './admission.ts';
import { historyOf } from './tasks.ts';

const MINE_PER_PAGE = 50;

type OwnRecords = Pick<
  typeof JUDGING_ROUTES,
  | 'GET /api/judge/{project}/mine'
  | 'GET /api/judge/{project}/withdrawal'
  | 'POST /api/judge/{project}/withdraw'
  | 'POST /api/judge/{project}/concern'
>;

/** What withdrawing does to the records of a rater. */
function withdrawalOf(records: readonly FeedbackRecord[], raterId: string): Withdrawal {
  // A concern is filed, not given: it stays as it is.
  const own = records.filter((record) => recordKey(record).raterId === raterId && record.type !== 'concern');
  const { judgments, skips, flags } = foldRecords(records);
  const theirs = (given: readonly { readonly raterId: string }[]) =>
    given.filter((one) => one.raterId === raterId).length;
  const gone = own.filter(({ type }) => type === 'draft').length;
  const traces = own.filter(({ type }) => type === 'erased' || type === 'erasure').length;
  return {
    withdrawn: theirs(judgments),
    skips: theirs(skips),
    flags: theirs(flags),
    draftsErased: gone,
    recordsKept: own.length - gone - traces,
  };
}

/** What a rater gave: seeing it again, taking all of it back, and complaining. */
export function ownRecordHandlers(services: Services): Handlers<OwnRecords> {
  const { store, now } = services;
  return {
    async 'GET /api/judge/{project}/mine'({ caller, params, query }) {
      const raterId = raterOf(caller);
      const project = await projectOr404(services, params.project);
      const records = await historyOf(store, project.id, { rater: raterId });
      const { removed } = foldRecords(records);
      const shown = records
        .filter(
          (record) =>
            ['judgment', 'skip', 'flag', 'concern'].includes(record.type) && recordKey(record).raterId === raterId,
        )
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
    async 'GET /api/judge/{project}/withdrawal'({ caller, params }) {
      const raterId = raterOf(caller);
      await enterProject(services, params.project, raterId);
      return withdrawalOf(await historyOf(store, params.project, { rater: raterId }), raterId);
    },
    async 'POST /api/judge/{project}/concern'({ caller, params, body }) {
      const raterId = raterOf(caller);
      // Whoever may no longer judge may still complain.
      const { project } = await enterProject(services, params.project, raterId);
      const { idempotencyKey: id, about, text } = body;
      await store.submit({ type: 'concern', id, projectId: project.id, raterId, at: now(), about, text });
      return { id };
    },
    async 'POST /api/judge/{project}/withdraw'({ caller, params, body }) {
      const raterId = raterOf(caller);
      const project = await projectOr404(services, params.project);
      const done = withdrawalOf(await historyOf(store, project.id, { rater: raterId }), raterId);
      await store.withdraw(project.id, raterId, {
        at: now(),
        ...(body.reason !== undefined && { reason: body.reason }),
      });
      return { ok: true, ...done };
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
): { type: 'judgment' | 'skip' | 'flag' | 'concern'; question: string | null; text: string } {
  if (record.type === 'judgment') {
    const { answer, presentation } = record.judgment;
    const question = questionOf(questions, record.judgment);
    const text = displayAnswer(titled(answer, question), presentation.order);
    return { type: 'judgment', question: question?.title ?? null, text };
  }
  const question = null;
  if (record.type === 'skip')
    return { type: 'skip', question, text: `skipped: ${record.reason}${record.note ? `, ${record.note}` : ''}` };
  if (record.type === 'concern') return { type: 'concern', question, text: `${record.about}: ${record.text}` };
  return { type: 'flag', question, text: record.type === 'flag' ? record.reason : '' };
}
