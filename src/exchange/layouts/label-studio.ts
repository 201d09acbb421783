import { z } from 'zod';
import {
  type Answer,
  type AnswerOf,
  type Gold,
  type GoldAnswer,
  type Item,
  type Judgment,
  purposeOf,
} from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import {
  ABOUT_PROMPT,
  ASSUMED_SCALE,
  asksDemonstration,
  checkFields,
  fieldItem,
  fitting,
  pickOf,
  replyAt,
  replyMeant,
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
  RowError,
  type SourceRow,
  unreleased,
  type Written,
} from './layout.ts';
import { nameIs, placedName } from './names.ts';
import { idSchema } from './values.ts';

/**
 * Tasks as Label Studio exports them to JSON: `{ id, data, meta, annotations }`, an annotation with results of the
 * control tags Pairwise, Ranker, Rating, Choices, TextArea and Labels.
 */
const resultSchema = z.object({
  type: z.string(),
  from_name: z.string().default(''),
  to_name: z.union([z.string(), z.array(z.string()).transform((names) => names.join(','))]).default(''),
  /** The field that the tag shows, as `$name`, in newer exports. */
  source: z.string().optional(),
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
const LISTED = z.record(z.string(), names);
/** Offsets of text regions count code points since Label Studio 1.4 (issue 1559 there); what a region quotes is checked. */
const UNIT = 'code-points';
/** Column of a ranker with buckets in which the items lie that nobody moved. */
const UNRANKED = '_';

/** Names that a result gives to what it is about: its tags, and the fields that they show where it says so. */
const targetsOf = ({ to_name, source }: Result): string[] => [
  ...to_name
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
  ...(source?.startsWith('$') ? [source.slice(1)] : []),
];

/** Replies that a result is about: all that its tags name, else the one that its own name names; else why not. */
function aboutOf(result: Result, fields: Fields): number[] | string {
  const shown = result.source?.startsWith('$') ? replyNamed(result.source.slice(1), fields) : undefined;
  const tags = targetsOf({ ...result, source: undefined });
  if (shown !== undefined && tags.length === 1) return [shown];
  const found = tags.map((tag) => replyMeant(tag, fields));
  if (found.length > 0 && found.every((reply) => typeof reply === 'number')) return [...new Set(found)];
  const hinted = replyMeant(result.from_name, fields);
  if (typeof hinted === 'number') return [hinted];
  if (tags.some((tag) => nameIs(tag, fields.promptNames) !== 'none') || fields.replies.length === 0)
    return ABOUT_PROMPT;
  return hinted === 'none' && fields.replies.length === 1 ? [0] : UNCLEAR;
}

/** A Pairwise result: `to_name` says which text is left and which is right. */
function pairwiseAnswer({ to_name, value }: Result, fields: Fields): Answer | string {
  const { selected } = value;
  if (selected !== 'left' && selected !== 'right') return 'a pairwise result that selects nothing';
  const parts = targetsOf({ to_name } as Result);
  if (parts.length !== 2 && parts.length !== 0) return `a pairwise result about ${parts.length} texts`;
  const sides = (parts.length === 2 ? parts : ['left', 'right']).map((part) => {
    const found = replyMeant(part, fields);
    return typeof found === 'number' ? found : undefined;
  });
  // Of two texts one that is named leaves the other.
  if (fields.replies.length === 2 && sides.filter((side) => side === undefined).length === 1)
    sides[sides.indexOf(undefined)] = 1 - sides.find((side) => side !== undefined)!;
  const [left, right] = sides;
  if (left === undefined || right === undefined || left === right)
    return 'a pairwise result whose left and right text cannot be told from its tags';
  const [better, worse] = selected === 'left' ? [left, right] : [right, left];
  if (fields.replies.length > 2) return { kind: 'ranking', groups: [[better], [worse]] };
  return { kind: 'comparison', outcome: better };
}

/** Buckets best first, where their names are the numbers of ranks; undefined where they are not. */
function rankedBuckets(buckets: Readonly<Record<string, readonly string[]>>): (readonly string[])[] | undefined {
  const ranks = Object.entries(buckets)
    .filter(([name]) => name !== UNRANKED)
    .map(([name, members]) => ({ placed: placedName(name), members }));
  const stem = ranks[0]?.placed?.stem ?? '';
  const sound = ranks.every(({ placed }) => placed !== undefined && placed.stem === stem);
  if (!sound || !['', 'rank', 'ranks', 'place', 'position', 'bucket', 'st', 'nd', 'rd', 'th'].includes(stem))
    return undefined;
  return ranks.sort((a, b) => a.placed!.place - b.placed!.place).map(({ members }) => members);
}

/** A Ranker result: a list of ids, one under the name of its tag (as documented), or buckets that are ranks. */
function rankerAnswer({ from_name, value }: Result, fields: Fields): Answer | string {
  const order = names.min(1).safeParse(value.ranker);
  const buckets = LISTED.safeParse(value.ranker);
  const alone = buckets.success && Object.keys(buckets.data).every((name) => name === from_name || name === UNRANKED);
  const list = order.success ? order.data : alone ? own(buckets.data, from_name) : undefined;
  const groups = list?.map((id) => [id]) ?? (buckets.success ? rankedBuckets(buckets.data) : undefined);
  if (groups === undefined) return 'a ranker with buckets that are no ranks';
  const replies = groups.filter((group) => group.length > 0).map((group) => group.map((name) => replyAt(name, fields)));
  if (replies.length === 0 || replies.flat().includes(undefined)) return 'a ranker that names no reply of the task';
  return { kind: 'ranking', groups: replies as number[][] };
}

const marked = z.object({
  start: z.coerce.number(),
  end: z.coerce.number(),
  text: z.string().nullish(),
  labels: z.array(z.string().min(1)),
});

/** What a result of one control tag says of each reply that it is about; reasons where that cannot be told. */
function answersTo(result: Result, fields: Fields, context: ReadContext): (Answer | string)[] {
  const { type, value, from_name } = result;
  const each = (answer: (reply: number) => Answer | string): (Answer | string)[] => {
    const about = aboutOf(result, fields);
    return typeof about === 'string' ? [about] : about.map(answer);
  };
  switch (type) {
    case 'pairwise':
      return [pairwiseAnswer(result, fields)];
    case 'ranker':
      return [rankerAnswer(result, fields)];
    case 'rating':
    case 'number': {
      const rating = value[type];
      if (typeof rating !== 'number') return ['a rating that is no number'];
      const criterion = /^rating-reply_[a-z]-(.+)$/.exec(from_name)?.[1] ?? (from_name || 'rating');
      // One rating of several texts is of all of them.
      const about = aboutOf(result, fields);
      if (typeof about === 'string') return [about];
      const values = about.map((reply) => ({ reply, criterion, value: rating }));
      return [{ kind: 'rating', scale: ASSUMED_SCALE, values }];
    }
    case 'choices': {
      const choices = z.array(z.string().min(1)).safeParse(value.choices);
      if (!choices.success) return ['choices that are no texts'];
      const pick = choices.data.length === 1 ? pickOf(from_name, choices.data[0]!, fields) : undefined;
      if (pick !== undefined) return [pick];
      return each((reply) => ({ kind: 'label', reply, labels: choices.data }));
    }
    case 'textarea': {
      const texts = z.union([z.string(), z.array(z.string())]).safeParse(value.text);
      if (!texts.success) return ['a text area without text'];
      const text = typeof texts.data === 'string' ? texts.data : texts.data.join('\n');
      if (asksDemonstration(from_name)) return [textAnswer(from_name, text, ABOUT_PROMPT)];
      const about = aboutOf(result, fields);
      return typeof about === 'string'
        ? [textAnswer(from_name, text, about)]
        : about.map((reply) => textAnswer(from_name, text, reply));
    }
    case 'labels':
    case 'hypertextlabels': {
      const read = marked.safeParse({ ...value, labels: value.labels ?? value.hypertextlabels });
      if (!read.success) return ['labels without characters'];
      const { start, end, text, labels } = read.data;
      const given = labels.map((label) => ({ start, end, label, quoted: text ?? undefined }));
      return each((reply) => spansAnswer(reply, given, { fields, unit: UNIT, context }));
    }
    default:
      return [`control type ${type}`];
  }
}

const sameRating = (earlier: AnswerOf<'rating'>, { values }: AnswerOf<'rating'>) =>
  values.some((v) => earlier.values.some((w) => w.reply === v.reply && w.criterion === v.criterion));

/** Answers of one annotation: ratings of its criteria are one answer, and so are the spans of a reply. */
function answersOf(
  results: readonly unknown[],
  place: { readonly fields: Fields; readonly item: Item; readonly context: ReadContext },
): Answer[] {
  const { fields, item, context } = place;
  const answers: Answer[] = [];
  const join = <K extends 'rating' | 'spans'>(kind: K, same: (other: AnswerOf<K>) => boolean) =>
    answers.findIndex((other) => other.kind === kind && same(other as AnswerOf<K>));
  const take = (answer: Answer): string | undefined => {
    if (answer.kind === 'rating') {
      context.note(SCALE_NOTE);
      const at = join('rating', () => true);
      if (at < 0) answers.push(answer);
      else {
        const earlier = answers[at] as AnswerOf<'rating'>;
        if (sameRating(earlier, answer)) return 'a second rating of one criterion';
        answers[at] = { ...earlier, values: [...earlier.values, ...answer.values] };
      }
      return undefined;
    }
    const at = answer.kind === 'spans' ? join('spans', (other) => other.reply === answer.reply) : -1;
    if (answer.kind !== 'spans' || at < 0) answers.push(answer);
    else {
      const earlier = answers[at] as AnswerOf<'spans'>;
      answers[at] = { ...earlier, spans: [...earlier.spans, ...answer.spans] };
    }
    return undefined;
  };
  for (const raw of results) {
    const result = resultSchema.safeParse(raw);
    const found = result.success ? answersTo(result.data, fields, context) : ['a result without type and value'];
    for (const one of found) {
      const answer = fitting(one, item);
      const lost = typeof answer === 'string' ? answer : take(answer);
      if (lost !== undefined) context.lost(`a result: ${lost}`);
    }
  }
  return answers;
}

/** Whether a task has a result about a text, or none at all. */
function isJudged({ annotations }: z.infer<typeof taskSchema>): boolean {
  const results = (annotations ?? []).flatMap(({ result }) => result);
  return results.length === 0 || results.some((raw) => resultSchema.safeParse(raw).data?.type !== 'textarea');
}

/** Names of one task's results, for telling which of its fields are replies. */
function surveyTask({ value }: SourceRow, roles: Roles): void {
  const task = taskSchema.safeParse(value);
  if (!task.success) return;
  const results = (task.data.annotations ?? []).flatMap(({ result }) =>
    result.flatMap((raw) => {
      const read = resultSchema.safeParse(raw);
      return read.success ? [read.data] : [];
    }),
  );
  const mentions = results.map((result): Mentions => {
    const { type, from_name, value: given } = result;
    const choices = names.safeParse(given.choices);
    const list = names.safeParse(given.ranker);
    const buckets = LISTED.safeParse(given.ranker);
    const ranked = list.success ? list.data : buckets.success ? Object.values(buckets.data).flat() : [];
    return {
      targets: targetsOf(result),
      hints: [from_name],
      values: [...(choices.success ? choices.data : []), ...ranked],
      judges: type !== 'textarea',
    };
  });
  roles.see(task.data.data, mentions);
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
      const { outcome } = answer;
      const altered = lostOfComparison(answer);
      if (typeof outcome === 'number' && texts.length === 2)
        return { results: [one('pairwise', 'comparison', all, { selected: ['left', 'right'][outcome] })], altered };
      const choice = typeof outcome === 'number' ? replyName(outcome) : outcome;
      return { results: [one('choices', 'comparison', all, { choices: [choice] })], altered };
    }
    case 'ranking': {
      const ties = answer.groups.some((group) => group.length > 1);
      const groups = answer.groups.map((group) => group.map(replyName));
      const value = ties
        ? Object.fromEntries(groups.map((group, i) => [`rank_${i + 1}`, group]))
        : { ranking: groups.flat() };
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
      const { marks, altered } = writtenSpans(answer, texts[answer.reply]!, UNIT);
      const results = marks.map(({ start, end, quoted, label }) =>
        one('labels', `spans-${to(answer.reply)}`, to(answer.reply), { start, end, text: quoted, labels: [label] }),
      );
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

/** Whether a row is of the flat exports JSON_MIN and CSV, which do not say what a result is about. */
const isMinimal = (row: unknown) =>
  hasKeys(row, 'annotation_id', 'annotator', 'lead_time') && !Object.hasOwn(row, 'data');
const MINIMAL =
  'a row of the export JSON_MIN or CSV of Label Studio, which does not say what a result is about; export as JSON instead';

const WHY = 'an annotation holds its results, its person and two times, nothing else';

/** What an answer of the ground truth makes known of replies. */
const knownOf = (answer: Answer): GoldAnswer[] =>
  answer.kind === 'label'
    ? [{ kind: 'label', reply: answer.reply, labels: answer.labels }]
    : answer.kind === 'rating'
      ? answer.values.map((value) => ({ kind: 'rating', ...value }))
      : [];
const placeOfGold = (known: GoldAnswer) =>
  JSON.stringify([known.kind, known.reply, known.kind === 'rating' ? known.criterion : null]);

/** Known answers with those of one more annotation that is the ground truth: it counts where two speak of one thing. */
function knownBy(answers: readonly Answer[], earlier: Gold, context: ReadContext): Gold {
  const outcomes = answers.flatMap((answer) => (answer.kind === 'comparison' ? [answer.outcome] : []));
  const gold = outcomes.findLast((outcome) => outcome === 'tie' || typeof outcome === 'number');
  const said = new Map<string, GoldAnswer[]>();
  for (const known of answers.flatMap(knownOf)) {
    const place = placeOfGold(known);
    said.set(place, [...(said.get(place) ?? []), known]);
  }
  const clear = [...said.values()].filter(({ length }) => length === 1).flat();
  for (const several of said.values())
    if (several.length > 1) context.note('a ground truth with two answers about one reply, of which none is taken');
  const kept = (earlier.goldAnswers ?? []).filter((known) => !said.has(placeOfGold(known)));
  const goldAnswers = [...kept, ...clear];
  return {
    ...earlier,
    ...(gold !== undefined && { gold: gold as number | 'tie' }),
    ...(goldAnswers.length > 0 && { goldAnswers }),
  };
}

export const labelStudio: Layout = {
  id: 'label-studio',
  aliases: [],
  title: 'Label Studio tasks',
  description:
    'A JSON array of tasks (data, annotations with results), as Label Studio’s JSON export has it: Pairwise, Ranker, Rating, Choices, TextArea and Labels. The data keys prompt, instruction, question, input or context are the prompt; replies are the texts that results name (or --column reply_a=…), and other keys are left behind. Offsets of spans count code points, and are checked against the text that a region quotes. Ratings are taken on 0 to 10; lead time, which includes time away from the page, is kept as active time.',
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
  detect: (row) =>
    isMinimal(row) || (hasKeys(row, 'data') && (hasKeys(row, 'annotations') || hasKeys(row, 'predictions'))),
  survey: surveyTask,
  reads: { schema: taskSchema, inside: 'data' },
  read({ value, n }, context) {
    if (isMinimal(value)) throw new RowError('row', MINIMAL);
    const row = parseRow(taskSchema, value);
    const fields = context.roles.of(row.data, context, { field: 'data', judged: isJudged(row) });
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
    let known: Gold = {};
    const judgments = (row.annotations ?? []).flatMap((annotation, i): Judgment[] => {
      if (annotation.was_cancelled === true) {
        context.note('a skipped annotation');
        return [];
      }
      const raterId = raterOf(annotation.completed_by, context);
      const silent = { ...context, note: () => {}, lost: () => {} };
      const shown = answersOf(annotation.prediction?.result ?? [], { fields, item, context: silent });
      const by = annotation.prediction?.model_version ?? 'unknown';
      const answers = answersOf(annotation.result, { fields, item, context });
      if (annotation.ground_truth === true) known = knownBy(answers, known, context);
      return answers.map((answer, k): Judgment => {
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
    return { items: [{ ...item, ...known }], judgments };
  },
  write: {
    container: 'json',
    columns: { not: 'tasks are nested, which are not flat columns' },
    weights: { not: 'rankings are written as they are' },
    rows: writeTask,
  },
};
