import { z } from 'zod';
import { type Answer, type AnswerOf, type Judgment, purposeOf } from '../../feedback/index.ts';
import {
  ABOUT_PROMPT,
  ASSUMED_SCALE,
  asksDemonstration,
  asksText,
  checkFields,
  fieldItem,
  fitting,
  pickOf,
  replyAt,
  replyIn,
  replyName,
  replyNamed,
  SCALE_NOTE,
  spansAnswer,
  strataOf,
  textAnswer,
  UNCLEAR,
  writtenSpans,
} from './fields.ts';
import {
  type Fields,
  hasKeys,
  holding,
  type ItemGroup,
  kindsOf,
  type Layout,
  lostOfComparison,
  type Mentions,
  NOT_RELEASED,
  parseRow,
  type ReadContext,
  type Roles,
  type SourceRow,
  unreleased,
  type Written,
} from './layout.ts';
import { wordsOf } from './names.ts';
import { unitsDiffer } from './offsets.ts';
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

/** Offsets of spans: the server checks them against the length of a Python string. Its page counts UTF-16 (issue 5729). */
const UNIT = 'code-points';
const UNIT_NOTE =
  'offsets of spans are taken as code points; the tool’s page counts otherwise in texts with characters like emoji';

const name = z.union([z.string(), z.number()]).transform(String);
const ranked = z.array(z.object({ value: name, rank: z.number().nullish() }).loose()).min(1);
const listed = z.array(name).min(1);
const spans = z.array(z.object({ start: z.int(), end: z.int(), label: z.string().min(1) }).loose()).min(1);
/** Questions as this project writes them: what they ask, about which reply, and by which criterion. */
const OWN =
  /^(?:(comparison|ranking|demonstration)|(rating|label|correction|spans|critique)-(reply_[a-z]|reply_\d+)(?:-(.+))?)$/;

interface Question {
  readonly name: string;
  /** What this project asked, where the question is one of its own. */
  readonly kind: string | undefined;
  readonly criterion: string;
  /** The reply it is about, or why that cannot be told. */
  readonly about: number | string;
}

function questionOf(question: string, fields: Fields): Question {
  const [, whole, kind, reply, criterion] = OWN.exec(question) ?? [];
  const about = reply === undefined ? replyIn(question, fields) : (replyNamed(reply, fields) ?? UNCLEAR);
  return {
    name: question,
    kind: whole ?? kind,
    criterion: criterion ?? (kind === 'rating' ? 'rating' : question),
    about,
  };
}

/** Replies by rank, equal ranks together; a reason when a value names no reply. */
function rankingOf(value: z.infer<typeof ranked>, fields: Fields): AnswerOf<'ranking'> | string {
  const groups = new Map<number, number[]>();
  for (const [i, { value: named, rank }] of value.entries()) {
    const reply = replyAt(named, fields);
    if (reply === undefined) return 'a ranking of what is no reply of the record';
    groups.set(rank ?? i, [...(groups.get(rank ?? i) ?? []), reply]);
  }
  return { kind: 'ranking', groups: [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group) };
}

/** A list of names: replies from best to worst where all of them are replies, else labels. */
function listAnswer(value: readonly string[], question: Question, fields: Fields): Answer | string {
  const asksRanking = question.kind === 'ranking' || wordsOf(question.name).some((word) => /^rank|^order/.test(word));
  const replies = value.map((entry) => (asksRanking ? replyAt(entry, fields) : replyNamed(entry, fields)));
  const distinct = new Set(replies).size === replies.length && !replies.includes(undefined);
  if (question.kind !== 'label' && distinct && (asksRanking || replies.length > 1))
    return { kind: 'ranking', groups: replies.map((reply) => [reply!]) };
  if (asksRanking) return 'a ranking of what is no reply of the record';
  return typeof question.about === 'string'
    ? question.about
    : { kind: 'label', reply: question.about, labels: [...value] };
}

/** What a value answers to a question; a reason when that cannot be told. */
function answerOf(
  question: Question,
  value: unknown,
  { fields, texts, context }: { readonly fields: Fields; readonly texts: Texts; readonly context: ReadContext },
): Answer | string {
  const { about, criterion, kind } = question;
  if (typeof value === 'number') {
    if (typeof about === 'string') return about;
    return { kind: 'rating', scale: ASSUMED_SCALE, values: [{ reply: about, criterion, value }] };
  }
  if (typeof value === 'string') {
    if (kind === undefined || kind === 'comparison') {
      const pick = pickOf(kind === undefined ? question.name : 'preference', value, fields);
      if (pick !== undefined) return pick;
    }
    const asked = kind === undefined ? texts.has(question.name) : kind !== 'label';
    if (asked || about === ABOUT_PROMPT) return textAnswer(question.name, value, about);
    return typeof about === 'string' ? about : { kind: 'label', reply: about, labels: [value] };
  }
  const marked = spans.safeParse(value);
  const nothing = kind === 'spans' && Array.isArray(value) && value.length === 0;
  if (marked.success || nothing) {
    if (typeof about === 'string') return about;
    if (unitsDiffer(fields.replies[about]!.text)) context.note(UNIT_NOTE);
    return spansAnswer(about, marked.success ? marked.data : [], { fields, unit: UNIT, context });
  }
  const ranks = ranked.safeParse(value);
  if (ranks.success) return rankingOf(ranks.data, fields);
  const list = listed.safeParse(value);
  return list.success ? listAnswer(list.data, question, fields) : 'an answer of a form that is not known';
}

/** Names of questions that ask for a text: told from all of a file's answers, so that one question is of one type. */
type Texts = ReadonlySet<string>;
const LONGEST_LABEL = 40;
const isLong = (value: string) => value.length > LONGEST_LABEL || value.includes('\n');

/** Whether a record has a response about a text, or none at all. */
function isJudged({ responses }: z.infer<typeof recordSchema>, texts: Texts): boolean {
  const questions = Object.keys(responses ?? {});
  return questions.length === 0 || questions.some((question) => !texts.has(question));
}

/** Names of one record's responses, for telling which of its fields are replies and which questions ask for a text. */
function surveyRecord({ value }: SourceRow, roles: Roles): void {
  const record = recordSchema.safeParse(value);
  if (!record.success) return;
  const mentions = Object.entries(record.data.responses ?? {}).flatMap(([question, responses]) =>
    responses.map(({ value: given }): Mentions => {
      const strings = listed.safeParse(given);
      const ranks = ranked.safeParse(given);
      const text = typeof given === 'string';
      if (asksText(question) || (text && isLong(given))) roles.texts.add(question);
      return {
        hints: asksDemonstration(question) ? [] : [OWN.exec(question)?.[3] ?? question],
        values: text
          ? [given]
          : ranks.success
            ? ranks.data.map((entry) => entry.value)
            : strings.success
              ? strings.data
              : [],
        judges: !text || !(asksText(question) || isLong(given)),
      };
    }),
  );
  roles.see(record.data.fields, mentions);
}

/** The parts of one answer as its own questions, by reply and criterion; a reason when it cannot be written. */
function questionsOf(
  answer: Answer,
  texts: readonly string[],
): { questions: Record<string, unknown>; altered: string[] } | string {
  const name = (kind: string, reply: number) => `${kind}-${replyName(reply)}`;
  switch (answer.kind) {
    case 'comparison': {
      const value = typeof answer.outcome === 'number' ? replyName(answer.outcome) : answer.outcome;
      return { questions: { comparison: value }, altered: lostOfComparison(answer) };
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
      const { marks, altered } = writtenSpans(answer, texts[answer.reply]!, UNIT);
      const value = marks.map(({ start, end, label }) => ({ start, end, label }));
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
    const asked =
      purpose === 'work'
        ? questionsOf(
            judgment.answer,
            item.replies.map(({ text }) => text),
          )
        : `purpose-${purpose}`;
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

/** Entries in the order of their names, which the order of JSON keys does not change. */
const byName = <T>(record: Readonly<Record<string, T>> | null | undefined): [string, T][] =>
  Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

const WHY = 'a response holds its question, value and user, nothing else';

export const argilla: Layout = {
  id: 'argilla',
  aliases: [],
  title: 'Argilla records',
  description:
    'A JSON array of records (id, fields, metadata, suggestions, responses), as Argilla 2 writes with records.to_json. The fields named prompt, instruction, question, input or context are the prompt; replies are the fields that questions and answers name (or --column reply_a=…), and other fields are left behind. The type of a question is told from all of its values, since the file has no settings. Offsets of spans count code points. Suggestions count as shown. Ratings are taken on 0 to 10.',
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
  survey: surveyRecord,
  reads: { schema: recordSchema, inside: 'fields' },
  read({ value, n }, context) {
    const row = parseRow(recordSchema, value);
    const fields = context.roles.of(row.fields, context, {
      field: 'fields',
      judged: isJudged(row, context.roles.texts),
    });
    checkFields(fields);
    const { projectId } = context;
    const id = row.id || `row-${n}`;
    const item = fieldItem(fields, { id, layout: 'argilla', projectId, strata: strataOf(row.metadata, context) });
    const place = { fields, texts: context.roles.texts, context };
    const suggested = new Map<string, { by: string; answer: Answer }>();
    for (const [name, { value: suggestion, agent }] of byName(row.suggestions)) {
      const answer = fitting(answerOf(questionOf(name, fields), suggestion, place), item);
      if (typeof answer === 'string') context.note(`a suggestion is not kept: ${answer}`);
      else suggested.set(name, { by: agent ?? 'unknown', answer });
    }
    const judgments = new Map<string, Judgment>();
    for (const [name, responses] of byName(row.responses)) {
      const question = questionOf(name, fields);
      for (const { value: given, user_id, status } of responses) {
        if (status === 'draft' || status === 'discarded') {
          context.note(`a ${status} response`);
          continue;
        }
        const answer = fitting(answerOf(question, given, place), item);
        if (typeof answer === 'string') {
          context.lost(`a response: ${answer}`);
          continue;
        }
        if (answer.kind === 'rating') context.note(SCALE_NOTE);
        const raterId = user_id ? context.rater(user_id) : NOT_RELEASED;
        // Criteria that this project wrote as questions of their own are one rating again.
        const own = question.kind === 'rating';
        const key = `${id}/${raterId}/${own ? 'rating' : name}`;
        const earlier = judgments.get(key);
        if (own && earlier?.answer.kind === 'rating' && answer.kind === 'rating') {
          const values = [...earlier.answer.values, ...answer.values];
          judgments.set(key, { ...earlier, answer: { ...answer, values } });
          continue;
        }
        if (earlier !== undefined) {
          context.lost('a second response of one user to one question');
          continue;
        }
        const suggestion = suggested.get(name);
        judgments.set(key, {
          id: key,
          projectId,
          itemId: id,
          raterId,
          presentation: { order: [], ...unreleased, ...(suggestion !== undefined && { suggestion }) },
          ...(question.kind === undefined && { questionId: name }),
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
