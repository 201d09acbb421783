import { z } from 'zod';
import type { Answer, AnswerKind, AnswerOf } from './answer.ts';
import { distributionSchema } from './distribution.ts';
import type { Item } from './item.ts';

/** One question of a form, by kind of answer, with what the form allows. */
const question = {
  id: z.string().min(1),
  title: z.string().min(1),
  help: z.string().optional(),
  required: z.boolean().default(true),
};
const definition = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  definition: z.string().optional(),
});

/** The first id that occurs twice among named things. */
const twice = (named: readonly { id: string }[]) =>
  named.find(({ id }, i) => named.findIndex((other) => other.id === id) < i)?.id;
const distinct = (what: string) => (named: readonly { id: string }[], context: z.RefinementCtx) => {
  const id = twice(named);
  if (id !== undefined) context.addIssue({ code: 'custom', message: `${what} ${id} twice; ids must be unique` });
};
const definitions = z.array(definition).min(1).superRefine(distinct('id'));

export const questionSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...question,
    kind: z.literal('comparison'),
    ties: z.boolean().default(true),
    bothBad: z.boolean().default(false),
    cantJudge: z.boolean().default(true),
    strength: z.boolean().default(false),
  }),
  z.strictObject({
    ...question,
    kind: z.literal('ranking'),
    ties: z.boolean().default(true),
    partial: z.boolean().default(false),
  }),
  z.strictObject({
    ...question,
    kind: z.literal('rating'),
    criteria: definitions,
    scale: z
      .strictObject({ min: z.number(), max: z.number(), step: z.number().positive() })
      .refine(({ min, max }) => min < max, 'expected min below max'),
  }),
  z.strictObject({
    ...question,
    kind: z.literal('label'),
    options: definitions,
    multiple: z.boolean().default(true),
  }),
  z.strictObject({ ...question, kind: z.literal('correction') }),
  z.strictObject({ ...question, kind: z.literal('spans'), labels: z.array(definition).min(1) }),
  z.strictObject({
    ...question,
    kind: z.literal('steps'),
    mode: z.enum(['per-step', 'first-error']).default('per-step'),
  }),
  z.strictObject({ ...question, kind: z.literal('critique') }),
  z.strictObject({ ...question, kind: z.literal('demonstration') }),
]);
export type Question = z.infer<typeof questionSchema>;
type QuestionOf<K extends AnswerKind> = Extract<Question, { kind: K }>;

/** A body of items that people judge under one form and one set of instructions. */
export const projectSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  createdAt: z.string(),
  questions: z.array(questionSchema).min(1).superRefine(distinct('question')),
  /** Versions of the instructions, oldest first; the last is shown. */
  instructions: z.array(z.strictObject({ version: z.string(), text: z.string(), at: z.string() })).default([]),
  consent: z.strictObject({ version: z.string(), text: z.string() }).optional(),
  /** What of an item is shown: `full`, or the name of a partial view. */
  view: z.string().default('full'),
  distribution: distributionSchema.prefault({}),
});
export type Project = z.infer<typeof projectSchema>;

/**
 * The question of the form that an answer is to: the named one, or for an answer without a name (data from before there
 * was a form) the first of its kind. Undefined when the form has none.
 */
export const questionOf = (
  questions: readonly Question[],
  { questionId, answer }: { readonly questionId?: string | undefined; readonly answer: Answer },
): Question | undefined =>
  questions.find(({ id, kind }) => (questionId === undefined ? kind === answer.kind : id === questionId));

const among = (values: readonly string[], known: readonly { id: string }[], what: string) => {
  const odd = values.find((value) => !known.some(({ id }) => id === value));
  return odd === undefined ? undefined : `${what} ${odd}, which the form does not have`;
};

/** What a form does not allow of an answer that is otherwise sound. */
const FORM_RULES: {
  readonly [K in AnswerKind]: (answer: AnswerOf<K>, question: QuestionOf<K>, item: Item) => string | undefined;
} = {
  comparison({ outcome, strength }, q) {
    if (outcome === 'tie' && !q.ties) return 'a tie, which the form does not allow';
    if (outcome === 'both-bad' && !q.bothBad) return 'none is good, which the form does not allow';
    if (outcome === 'cant-judge' && !q.cantJudge) return 'cannot judge, which the form does not allow';
    return strength !== undefined && !q.strength ? 'a strength, which the form does not ask' : undefined;
  },
  ranking({ groups }, q, { replies }) {
    if (!q.ties && groups.some((group) => group.length > 1)) return 'a tie, which the form does not allow';
    const ranked = groups.flat().length;
    return !q.partial && ranked < replies.length ? `${ranked} of ${replies.length} replies ranked` : undefined;
  },
  /** Whoever rates a reply rates it on every criterion; other replies may be left out. */
  rating({ scale, values }, q) {
    if (scale.min !== q.scale.min || scale.max !== q.scale.max || scale.step !== q.scale.step)
      return 'another scale than the form declares';
    const odd = among(
      values.map((v) => v.criterion),
      q.criteria,
      'criterion',
    );
    if (odd !== undefined) return odd;
    for (const reply of new Set(values.map((v) => v.reply))) {
      const rated = values.filter((v) => v.reply === reply).map((v) => v.criterion);
      const left = q.criteria.find(({ id }) => !rated.includes(id));
      if (left !== undefined) return `reply ${reply} not rated for ${left.id}`;
    }
    return undefined;
  },
  label({ labels }, q) {
    if (!q.multiple && labels.length !== 1) return `${labels.length} labels where the form asks for one`;
    return among(labels, q.options, 'label');
  },
  correction: () => undefined,
  spans: ({ spans }, q) =>
    among(
      spans.map((s) => s.label),
      q.labels,
      'label',
    ),
  steps: ({ mode }, q) => (mode === q.mode ? undefined : `mode ${mode} where the form says ${q.mode}`),
  critique: () => undefined,
  demonstration: () => undefined,
};

/** Why a form does not take an answer to one of its questions about an item; undefined when it does. */
export function formProblem(answer: Answer, q: Question, item: Item): string | undefined {
  if (answer.kind !== q.kind) return `an answer of kind ${answer.kind} to a question of kind ${q.kind}`;
  const rule = FORM_RULES[answer.kind] as (answer: Answer, question: Question, item: Item) => string | undefined;
  return rule(answer, q, item);
}
