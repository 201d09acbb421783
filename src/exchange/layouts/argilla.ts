import { z } from 'zod';
import { type Answer, type AnswerOf, type Judgment, purposeOf } from '../../feedback/index.ts';
import {
  ASSUMED_SCALE,
  checkFields,
  type Fields,
  fieldItem,
  fieldsOf,
  pickOf,
  replyIn,
  replyName,
  replyNamed,
  SCALE_NOTE,
  strataOf,
  textAnswer,
} from './fields.ts';
import {
  hasKeys,
  holding,
  type ItemGroup,
  kindsOf,
  type Layout,
  NOT_RELEASED,
  parseRow,
  unreleased,
  type Written,
} from './layout.ts';
import { idSchema } from './values.ts';

/**
 * Records as Argilla 2 writes them to JSON: `{ id, fields, metadata, suggestions, responses }`, responses by question
 * and user. The settings, which say what a question asks, are not in that file: its kind is told from the value and the
 * name. Questions of this project are named `rating-reply_a-clarity`, `comparison`, `spans-reply_b`.
 */
const response = z.object({
  value: z.unknown(),
  user_id: idSchema.nullish(),
  status: z.string().nullish(),
});
const recordSchema = z.object({
  id: idSchema.nullish(),
  fields: z.record(z.string(), z.unknown()),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  suggestions: z.record(z.string(), z.object({ value: z.unknown(), agent: z.string().nullish() })).nullish(),
  responses: z.record(z.string(), z.array(response)).nullish(),
});

const ranked = z.array(z.union([z.string(), z.object({ value: z.string(), rank: z.number().nullish() })])).min(1);
const spans = z.array(z.object({ start: z.int(), end: z.int(), label: z.string().min(1) })).min(1);
const OWN = /^(comparison|ranking|rating|label|correction|spans|critique|demonstration)(?:-(reply_[a-z]))?(?:-(.+))?$/;

/** Replies by rank, equal ranks together; null when a value names no reply. */
function rankingOf(value: z.infer<typeof ranked>, fields: Fields): AnswerOf<'ranking'> | null {
  const groups = new Map<number, number[]>();
  for (const [i, entry] of value.entries()) {
    const name = typeof entry === 'string' ? entry : entry.value;
    const reply = replyNamed(name, fields);
    if (reply === undefined) return null;
    const rank = typeof entry === 'string' ? i : (entry.rank ?? i);
    groups.set(rank, [...(groups.get(rank) ?? []), reply]);
  }
  return { kind: 'ranking', groups: [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group) };
}

/** What a value answers to a question; a reason when that cannot be told. */
function answerOf(question: string, value: unknown, fields: Fields): Answer | string {
  const own = OWN.exec(question);
  const reply = own?.[2] !== undefined ? replyNamed(own[2], fields) : replyIn(question, fields);
  const unclear = 'which reply an answer is about cannot be told from its question';
  if (typeof value === 'number') {
    if (reply === undefined) return unclear;
    const criterion = own?.[1] === 'rating' ? (own[3] ?? 'rating') : question;
    return { kind: 'rating', scale: ASSUMED_SCALE, values: [{ reply, criterion, value }] };
  }
  if (typeof value === 'string') {
    if (own?.[1] === undefined || own[1] === 'comparison') {
      const pick = pickOf(value, fields);
      if (pick !== undefined) return pick;
    }
    const short = value.length <= 40 && !value.includes('\n') && value !== '';
    const label =
      short && own === null && !/critique|comment|reason|correct|rewrit|demonstrat|feedback/i.test(question);
    if (!label || fields.replies.length === 0) return textAnswer(question, value, fields);
    return reply === undefined ? unclear : { kind: 'label', reply, labels: [value] };
  }
  const marked = spans.safeParse(value);
  if (marked.success) return reply === undefined ? unclear : { kind: 'spans', reply, spans: marked.data };
  if (own?.[1] === 'spans' && Array.isArray(value) && value.length === 0)
    return reply === undefined ? unclear : { kind: 'spans', reply, spans: [] };
  const list = ranked.safeParse(value);
  if (own?.[1] !== 'label' && list.success) {
    const ranking = rankingOf(list.data, fields);
    if (ranking !== null) return ranking;
  }
  const labels = z.array(z.string().min(1)).safeParse(value);
  if (!labels.success) return 'an answer of a form that is not known';
  return reply === undefined ? unclear : { kind: 'label', reply, labels: labels.data };
}

/** The parts of one answer as its own questions, by reply and criterion; a reason when it cannot be written. */
function questionsOf(answer: Answer): { questions: Record<string, unknown>; altered: string[] } | string {
  const name = (kind: string, reply: number) => `${kind}-${replyName(reply)}`;
  switch (answer.kind) {
    case 'comparison': {
      const value = typeof answer.outcome === 'number' ? replyName(answer.outcome) : answer.outcome;
      const altered = answer.strength === undefined ? [] : ['the strength of a preference is left off'];
      return { questions: { comparison: value }, altered };
    }
    case 'ranking': {
      const value = answer.groups.flatMap((group, i) =>
        group.map((reply) => ({ value: replyName(reply), rank: i + 1 })),
      );
      return { questions: { ranking: value }, altered: [] };
    }
    case 'rating': {
      const { scale, values } = answer;
      const whole = values.every(({ value }) => Number.isInteger(value) && value >= 0 && value <= 10);
      if (!whole) return 'rating that is no whole number of 0 to 10';
      if (values.some(({ criterion }) => !/^[a-z0-9_-]+$/.test(criterion)))
        return 'criterion whose name is none for a question (a-z, 0-9, - and _)';
      const entries = values.map((v) => [`${name('rating', v.reply)}-${v.criterion}`, v.value]);
      const same = scale.min === 0 && scale.max === 10 && scale.step === 1;
      return { questions: Object.fromEntries(entries), altered: same ? [] : ['the scale of a rating is left off'] };
    }
    case 'label':
      return { questions: { [name('label', answer.reply)]: answer.labels }, altered: [] };
    case 'spans': {
      const value = answer.spans.map(({ start, end, label }) => ({ start, end, label }));
      const altered = answer.spans.some((s) => s.note !== undefined) ? ['notes of spans are left off'] : [];
      return { questions: { [name('spans', answer.reply)]: value }, altered };
    }
    case 'correction':
    case 'critique':
      return { questions: { [name(answer.kind, answer.reply)]: answer.text }, altered: [] };
    case 'demonstration':
      return { questions: { demonstration: answer.text }, altered: [] };
    case 'steps':
      return 'kind-steps';
  }
}

function writeRecord({ item, judgments }: ItemGroup): Written {
  const omitted: string[] = [];
  const altered: string[] = [];
  const responses = new Map<string, { value: unknown; user_id: string }[]>();
  for (const judgment of judgments) {
    const purpose = purposeOf(judgment);
    const asked = purpose === 'work' ? questionsOf(judgment.answer) : `purpose-${purpose}`;
    if (typeof asked === 'string') {
      omitted.push(asked);
      continue;
    }
    const answers = Object.entries(asked.questions);
    if (answers.some(([name]) => responses.get(name)?.some((r) => r.user_id === judgment.raterId))) {
      omitted.push('a second answer of one rater to one question');
      continue;
    }
    altered.push(...asked.altered);
    for (const [name, value] of answers) {
      const given = responses.get(name) ?? [];
      responses.set(name, given);
      given.push({ value, user_id: judgment.raterId });
    }
  }
  const fields = {
    prompt: item.prompt,
    ...Object.fromEntries(item.replies.map((reply, i) => [replyName(i), reply.text])),
  };
  const row = { id: item.id, fields, metadata: item.strata ?? {}, suggestions: {}, vectors: {} };
  return { rows: [{ ...row, responses: Object.fromEntries(responses) }], omitted, altered };
}

const WHY = 'a response holds its question, value and user, nothing else';

export const argilla: Layout = {
  id: 'argilla',
  aliases: [],
  title: 'Argilla records',
  description:
    'A JSON array of records (id, fields, metadata, suggestions, responses), as Argilla 2 writes with records.to_json. The fields named prompt, instruction, question, input or context are the prompt, other texts the replies; the kind of a question is told from its values and name, since the file has no settings. Suggestions count as shown. Ratings are taken on 0 to 10.',
  source: 'file',
  kinds: kindsOf(
    {
      comparison: 'held',
      ranking: 'held',
      rating: { as: 'whole numbers of 0 to 10' },
      label: 'held',
      correction: 'held',
      spans: 'held',
      critique: 'held',
      demonstration: 'held',
    },
    'there is no question whose answer is a list of step labels',
  ),
  aspects: holding(['rater', 'strata'], WHY),
  detect: (row) => hasKeys(row, 'fields') && (hasKeys(row, 'responses') || hasKeys(row, 'suggestions')),
  read({ value, n }, context) {
    const row = parseRow(recordSchema, value);
    const fields = fieldsOf(row.fields, context);
    checkFields(fields);
    const { projectId } = context;
    const id = row.id || `row-${n}`;
    const item = fieldItem(fields, { id, layout: 'argilla', projectId, strata: strataOf(row.metadata, context) });
    const suggested = new Map<string, { by: string; answer: Answer }>();
    for (const [question, { value: suggestion, agent }] of Object.entries(row.suggestions ?? {})) {
      const answer = answerOf(question, suggestion, fields);
      if (typeof answer === 'string') context.note(`a suggestion is not kept: ${answer}`);
      else suggested.set(question, { by: agent ?? 'unknown', answer });
    }
    const judgments = new Map<string, Judgment>();
    for (const [question, responses] of Object.entries(row.responses ?? {})) {
      for (const { value: given, user_id, status } of responses) {
        if (status === 'draft' || status === 'discarded') {
          context.note(`a ${status} response is not kept`);
          continue;
        }
        const answer = answerOf(question, given, fields);
        if (typeof answer === 'string') {
          context.note(`a response is not kept: ${answer}`);
          continue;
        }
        if (answer.kind === 'rating') context.note(SCALE_NOTE);
        const raterId = user_id ? context.rater(user_id) : NOT_RELEASED;
        // Criteria that this project wrote as questions of their own are one rating again.
        const own = OWN.exec(question)?.[1] === 'rating';
        const key = `${id}/${raterId}/${own ? 'rating' : question}`;
        const earlier = judgments.get(key);
        if (own && earlier?.answer.kind === 'rating' && answer.kind === 'rating') {
          const values = [...earlier.answer.values, ...answer.values];
          judgments.set(key, { ...earlier, answer: { ...answer, values } });
          continue;
        }
        if (earlier !== undefined) {
          context.note('a second response of one user to one question is not kept');
          continue;
        }
        const suggestion = suggested.get(question);
        judgments.set(key, {
          id: key,
          projectId,
          itemId: id,
          raterId,
          presentation: { order: [], ...unreleased, ...(suggestion !== undefined && { suggestion }) },
          ...(!OWN.test(question) && { questionId: question }),
          answer,
          activeMs: null,
          submittedAt: NOT_RELEASED,
          source: 'import:argilla',
        });
      }
    }
    return { items: [item], judgments: [...judgments.values()] };
  },
  write: {
    container: 'json',
    columns: { not: 'records are nested, which are not flat columns' },
    weights: { not: 'rankings are written as they are' },
    rows: writeRecord,
  },
};
