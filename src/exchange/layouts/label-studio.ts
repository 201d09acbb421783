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
  type ReadContext,
  unreleased,
  type Written,
} from './layout.ts';
import { idSchema } from './values.ts';

/**
 * Tasks as Label Studio exports them to JSON: `{ id, data, meta, annotations }`, an annotation with results of the
 * control tags Pairwise, Ranker, Rating, Choices, TextArea and Labels.
 */
const resultSchema = z.object({
  type: z.string(),
  from_name: z.string().default(''),
  to_name: z.union([z.string(), z.array(z.string()).transform((names) => names.join(','))]).default(''),
  value: z.record(z.string(), z.unknown()),
});
type Result = z.infer<typeof resultSchema>;
const person = z.union([idSchema, z.object({ id: idSchema.nullish(), email: z.string().nullish() })]);
const annotationSchema = z.object({
  id: idSchema.nullish(),
  completed_by: person.nullish(),
  result: z.array(z.unknown()).default([]),
  was_cancelled: z.boolean().nullish(),
  ground_truth: z.boolean().nullish(),
  created_at: z.string().nullish(),
  lead_time: z.number().nonnegative().nullish(),
  prediction: z
    .object({ model_version: z.string().nullish(), result: z.array(z.unknown()).nullish() })
    .loose()
    .nullish(),
});
const taskSchema = z.object({
  id: idSchema.nullish(),
  data: z.record(z.string(), z.unknown()),
  meta: z.record(z.string(), z.unknown()).nullish(),
  annotations: z.array(annotationSchema).nullish(),
});

const names = z.array(z.union([z.string(), z.number()]).transform(String));
const UNCLEAR = 'which reply a result is about cannot be told from its tags';

function rankerAnswer(value: unknown, fields: Fields): Answer | string {
  const order = names.min(1).safeParse(value);
  const buckets = z.record(z.string(), names).safeParse(value);
  const named = order.success ? order.data.map((name) => [name]) : buckets.success ? Object.values(buckets.data) : [];
  const ranks = buckets.success && Object.keys(buckets.data).every((name) => /^rank_\d+$/.test(name));
  if (!order.success && !ranks) return 'a ranker with buckets that are no ranks';
  const groups = named
    .filter((group) => group.length > 0)
    .map((group) => group.map((name) => replyNamed(name, fields)));
  if (groups.length === 0 || groups.flat().includes(undefined)) return 'a ranker that names no reply of the task';
  return { kind: 'ranking', groups: groups as number[][] };
}

function spanAnswer({ value, to_name }: Result, fields: Fields): Answer | string {
  const read = z
    .object({
      start: z.coerce.number(),
      end: z.coerce.number(),
      text: z.string().nullish(),
      labels: z.array(z.string().min(1)),
    })
    .safeParse(value);
  const reply = replyNamed(to_name, fields) ?? replyIn(to_name, fields);
  if (reply === undefined) return UNCLEAR;
  if (!read.success) return 'labels without characters';
  const { start, end, text, labels } = read.data;
  const whole = fields.replies[reply]!.text;
  // Older exports end a span at its last character.
  const last = text && whole.slice(start, end) !== text && whole.slice(start, end + 1) === text ? end + 1 : end;
  return { kind: 'spans', reply, spans: labels.map((label) => ({ start, end: last, label })) };
}

/** What a result of one control tag says; a reason when that cannot be told. */
function answerOf(result: Result, fields: Fields): Answer | string {
  const { type, value, from_name, to_name } = result;
  const about = () => replyNamed(to_name, fields) ?? replyIn(from_name, fields) ?? replyIn(to_name, fields);
  switch (type) {
    case 'pairwise': {
      if (fields.replies.length !== 2) return 'a pairwise result on a task without two texts';
      if (value.selected === 'left' || value.selected === 'right')
        return { kind: 'comparison', outcome: value.selected === 'left' ? 0 : 1 };
      return 'a pairwise result that selects nothing';
    }
    case 'ranker':
      return rankerAnswer(value.ranker, fields);
    case 'rating':
    case 'number': {
      const reply = about();
      const rating = value[type];
      if (typeof rating !== 'number') return 'a rating that is no number';
      if (reply === undefined) return UNCLEAR;
      const criterion = /^rating-reply_[a-z]-(.+)$/.exec(from_name)?.[1] ?? (from_name || 'rating');
      return { kind: 'rating', scale: ASSUMED_SCALE, values: [{ reply, criterion, value: rating }] };
    }
    case 'choices': {
      const choices = z.array(z.string().min(1)).safeParse(value.choices);
      if (!choices.success) return 'choices that are no texts';
      const pick = choices.data.length === 1 ? pickOf(choices.data[0]!, fields) : undefined;
      if (pick !== undefined) return pick;
      const reply = about();
      return reply === undefined ? UNCLEAR : { kind: 'label', reply, labels: choices.data };
    }
    case 'textarea': {
      const texts = z.union([z.string(), z.array(z.string())]).safeParse(value.text);
      if (!texts.success) return 'a text area without text';
      const text = typeof texts.data === 'string' ? texts.data : texts.data.join('\n');
      const named = /^(correction|critique|demonstration)/.test(from_name) ? from_name : `${from_name} ${to_name}`;
      return textAnswer(named, text, fields);
    }
    case 'labels':
    case 'hypertextlabels':
      return spanAnswer({ ...result, value: { ...value, labels: value.labels ?? value.hypertextlabels } }, fields);
    default:
      return `control type ${type}`;
  }
}

/** Answers of one annotation: ratings of its criteria are one answer, and so are the spans of a reply. */
function answersOf(results: readonly unknown[], fields: Fields, context: ReadContext): Answer[] {
  const answers: Answer[] = [];
  const join = <K extends 'rating' | 'spans'>(kind: K, same: (other: AnswerOf<K>) => boolean) =>
    answers.findIndex((other) => other.kind === kind && same(other as AnswerOf<K>));
  for (const raw of results) {
    const result = resultSchema.safeParse(raw);
    const answer = result.success ? answerOf(result.data, fields) : 'a result without type and value';
    if (typeof answer === 'string') {
      context.note(`a result is not kept: ${answer}`);
      continue;
    }
    if (answer.kind === 'rating') {
      context.note(SCALE_NOTE);
      const at = join('rating', () => true);
      if (at >= 0) {
        const earlier = answers[at] as AnswerOf<'rating'>;
        answers[at] = { ...earlier, values: [...earlier.values, ...answer.values] };
        continue;
      }
    }
    if (answer.kind === 'spans') {
      const at = join('spans', (other) => other.reply === answer.reply);
      if (at >= 0) {
        const earlier = answers[at] as AnswerOf<'spans'>;
        answers[at] = { ...earlier, spans: [...earlier.spans, ...answer.spans] };
        continue;
      }
    }
    answers.push(answer);
  }
  return answers;
}

function raterOf(by: z.infer<typeof person> | null | undefined, context: ReadContext): string {
  if (by === null || by === undefined || by === '') return NOT_RELEASED;
  if (typeof by === 'string') return context.rater(by);
  if (by.email) return context.rater(by.email, { platform: true });
  return by.id ? context.rater(by.id) : NOT_RELEASED;
}

/** The results that one answer becomes; a reason when no control tag has such a value. */
function resultsOf(answer: Answer, texts: readonly string[]): { results: object[]; altered: string[] } | string {
  const to = (reply: number) => replyName(reply);
  const all = texts.map((_, i) => replyName(i)).join(',');
  const one = (type: string, from_name: string, to_name: string, value: object) => ({
    type,
    from_name,
    to_name,
    value,
  });
  switch (answer.kind) {
    case 'comparison': {
      const { outcome, strength } = answer;
      const altered = strength === undefined ? [] : ['the strength of a preference is left off'];
      if (typeof outcome === 'number' && texts.length === 2)
        return { results: [one('pairwise', 'comparison', all, { selected: ['left', 'right'][outcome] })], altered };
      const choice = typeof outcome === 'number' ? replyName(outcome) : outcome;
      return { results: [one('choices', 'comparison', all, { choices: [choice] })], altered };
    }
    case 'ranking': {
      const ties = answer.groups.some((group) => group.length > 1);
      const groups = answer.groups.map((group) => group.map(replyName));
      const value = ties ? Object.fromEntries(groups.map((group, i) => [`rank_${i + 1}`, group])) : groups.flat();
      return { results: [one('ranker', 'ranking', 'replies', { ranker: value })], altered: [] };
    }
    case 'rating': {
      const { scale, values } = answer;
      if (values.some(({ value }) => !Number.isInteger(value) || value < 0 || value > 10))
        return 'rating that is no whole number of 0 to 10';
      const same = scale.min === 0 && scale.max === 10 && scale.step === 1;
      const results = values.map((v) =>
        one('rating', `rating-${to(v.reply)}-${v.criterion}`, to(v.reply), { rating: v.value }),
      );
      return { results, altered: same ? [] : ['the scale of a rating is left off'] };
    }
    case 'label':
      return {
        results: [one('choices', `label-${to(answer.reply)}`, to(answer.reply), { choices: answer.labels })],
        altered: [],
      };
    case 'spans': {
      if (answer.spans.length === 0) return 'that nothing is marked';
      const text = texts[answer.reply]!;
      const results = answer.spans.map(({ start, end, label }) =>
        one('labels', `spans-${to(answer.reply)}`, to(answer.reply), {
          start,
          end,
          text: text.slice(start, end),
          labels: [label],
        }),
      );
      const altered = answer.spans.some((s) => s.note !== undefined) ? ['notes of spans are left off'] : [];
      return { results, altered };
    }
    case 'correction':
    case 'critique': {
      const name = `${answer.kind}-${to(answer.reply)}`;
      return { results: [one('textarea', name, to(answer.reply), { text: [answer.text] })], altered: [] };
    }
    case 'demonstration':
      return { results: [one('textarea', 'demonstration', 'prompt', { text: [answer.text] })], altered: [] };
    case 'steps':
      return 'kind-steps';
  }
}

function writeTask({ item, judgments }: ItemGroup): Written {
  const omitted: string[] = [];
  const altered: string[] = [];
  const texts = item.replies.map((reply) => reply.text);
  const annotations = judgments.flatMap((judgment, i) => {
    const purpose = purposeOf(judgment);
    const made = purpose === 'work' ? resultsOf(judgment.answer, texts) : `purpose-${purpose}`;
    if (typeof made === 'string') {
      omitted.push(made);
      return [];
    }
    altered.push(...made.altered);
    return [
      {
        id: i + 1,
        completed_by: judgment.raterId,
        result: made.results,
        was_cancelled: false,
        ground_truth: false,
        created_at: judgment.submittedAt,
        lead_time: judgment.activeMs === null ? null : judgment.activeMs / 1000,
      },
    ];
  });
  // A list for the Ranker tag, else texts for Pairwise and the tags of single texts.
  const replies =
    texts.length > 2
      ? { replies: texts.map((body, i) => ({ id: replyName(i), title: replyName(i), body })) }
      : Object.fromEntries(texts.map((text, i) => [replyName(i), text]));
  const data = { item_id: item.id, prompt: item.prompt, ...replies };
  return { rows: [{ data, meta: item.strata ?? {}, annotations, predictions: [] }], omitted, altered };
}

const WHY = 'an annotation holds its results, its person and two times, nothing else';

export const labelStudio: Layout = {
  id: 'label-studio',
  aliases: [],
  title: 'Label Studio tasks',
  description:
    'A JSON array of tasks (data, annotations with results), as Label Studio’s JSON export has it: Pairwise, Ranker, Rating, Choices, TextArea and Labels. The data keys prompt, instruction, question, input or context are the prompt, other texts the replies. Ratings are taken on 0 to 10; lead time, which includes time away from the page, is kept as active time.',
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
    'there is no control tag whose value is a list of step labels',
  ),
  aspects: holding(['rater', 'time', 'when', 'strata'], WHY),
  detect: (row) => hasKeys(row, 'data') && (hasKeys(row, 'annotations') || hasKeys(row, 'predictions')),
  read({ value, n }, context) {
    const row = parseRow(taskSchema, value);
    const fields = fieldsOf(row.data, context);
    checkFields(fields);
    const { projectId } = context;
    const named = row.data.item_id;
    const itemId = (typeof named === 'string' ? named : row.id) || `row-${n}`;
    const item = fieldItem(fields, {
      id: itemId,
      layout: 'label-studio',
      projectId,
      strata: strataOf(row.meta, context),
    });
    let gold: number | 'tie' | undefined;
    const judgments = (row.annotations ?? []).flatMap((annotation, i): Judgment[] => {
      if (annotation.was_cancelled === true) {
        context.note('a skipped annotation is not kept');
        return [];
      }
      const raterId = raterOf(annotation.completed_by, context);
      const shown = answersOf(annotation.prediction?.result ?? [], fields, { ...context, note: () => {} });
      const by = annotation.prediction?.model_version ?? 'unknown';
      return answersOf(annotation.result, fields, context).map((answer, k): Judgment => {
        if (annotation.ground_truth === true && answer.kind === 'comparison') {
          const { outcome } = answer;
          if (outcome === 'tie' || typeof outcome === 'number') gold = outcome;
        }
        const suggestion = shown.find((other) => other.kind === answer.kind);
        return {
          id: `${itemId}/${annotation.id ?? i + 1}/${k + 1}`,
          projectId,
          itemId,
          raterId,
          presentation: {
            order: [],
            ...unreleased,
            ...(suggestion !== undefined && { suggestion: { by, answer: suggestion } }),
          },
          answer,
          activeMs:
            annotation.lead_time === null || annotation.lead_time === undefined
              ? null
              : Math.round(annotation.lead_time * 1e6) / 1e3,
          submittedAt: annotation.created_at ?? NOT_RELEASED,
          source: 'import:label-studio',
        };
      });
    });
    return { items: [gold === undefined ? item : { ...item, gold }], judgments };
  },
  write: {
    container: 'json',
    columns: { not: 'tasks are nested, which are not flat columns' },
    weights: { not: 'rankings are written as they are' },
    rows: writeTask,
  },
};
