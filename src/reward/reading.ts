import { z } from 'zod';
import { type AnswerKind, answerSchema, type Item, type Judgment } from '../feedback/index.ts';
import { words } from '../text/index.ts';

const KINDS = answerSchema.options.map((option) => option.shape.kind.value) as [AnswerKind, ...AnswerKind[]];

const speaks = z.enum(['for', 'against'], { error: 'expected for or against' });
const attributeSchema = z.union(
  [
    speaks,
    z.strictObject({
      speaks,
      /** Words one after another by which a critique names the attribute, as whole words in any case. */
      phrases: z.array(z.string().refine((text) => words(text).length > 0, 'expected at least one word')).default([]),
    }),
  ],
  { error: 'expected for, against, or { speaks: against, phrases: [rude, unkind] }' },
);

/** What of answers is read, and how. */
export const readingSchema = z.strictObject({
  /** Kinds of answers that are read; all of them when left out. */
  kinds: z.array(z.enum(KINDS)).min(1).optional(),
  /**
   * How much better the preferred reply was said to be: not read; by how many log-odds it must lead (`margin`); or which band the
   * difference fell into (`graded`, of two replies), the bands fitted along, with one for ties (Rao and Kupper 1967). Graded
   * teaches most where raters mean what they say and harms most where they do not.
   */
  strength: z.enum(['ignore', 'margin', 'graded']).default('ignore'),
  /** A tie as an outcome of its own, likelier the closer the replies are (`davidson`), or as a target shared evenly (`shared`). */
  ties: z.enum(['davidson', 'shared']).default('davidson'),
  /** How sure the rater was: not read, or how much the answer counts, relative to the mean of those who said it. */
  confidence: z.enum(['ignore', 'weight']).default('ignore'),
  /**
   * What labels, marks and critiques say of a reply: the name of a label, and whether it speaks for or against. Critiques are read
   * by the phrases stated here and by no others. Without any, such answers say nothing.
   */
  attributes: z.record(z.string().min(1), attributeSchema).default({}),
  /** Most other replies to the prompt that a demonstration or a correction is preferred to, beside the corrected reply. */
  alternatives: z.int().nonnegative().default(4),
});
export type Reading = z.infer<typeof readingSchema>;

/** The reading of a configuration that has other keys as well. */
export const readingOf = (config: Reading): Reading =>
  readingSchema.parse(
    Object.fromEntries(Object.entries(config).filter(([key]) => Object.hasOwn(readingSchema.shape, key))),
  );

/** A stated attribute. */
export interface Attribute {
  readonly speaks: 1 | -1;
  /** Each as its words. */
  readonly phrases: readonly (readonly string[])[];
}

/** What reading one judgment may use of the others and of the configuration. */
export interface ReadingContext {
  /** Stated attributes by name, in the order in which they were stated. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Other replies to the item's prompt, not among those given; at most as many as are read. */
  others(item: Item, but: readonly string[]): readonly string[];
  /** Stated attributes that answers to the question of a judgment name: whoever left them out denied them. */
  asked(judgment: Judgment): readonly string[];
}

const named = ({ answer }: Judgment): readonly string[] =>
  answer.kind === 'label' ? answer.labels : answer.kind === 'spans' ? answer.spans.map(({ label }) => label) : [];

/** One text for judgments that answer the same question. */
const questionKey = ({ questionId, answer }: Judgment): string => `${answer.kind}\u0000${questionId ?? ''}`;

/** The context of all judgments that are read together. */
export function readingContext(
  items: readonly Item[],
  judgments: readonly Judgment[],
  { attributes = {}, alternatives = 4 }: Partial<Reading>,
): ReadingContext {
  const stated = new Map(
    Object.entries(attributes).map(([name, given]): [string, Attribute] => {
      const whole = typeof given === 'string' ? { speaks: given, phrases: [] } : given;
      return [name, { speaks: whole.speaks === 'for' ? 1 : -1, phrases: whole.phrases.map(words) }];
    }),
  );
  const asked = new Map<string, Set<string>>();
  for (const judgment of judgments) {
    const key = questionKey(judgment);
    const found = asked.get(key) ?? new Set();
    for (const name of named(judgment)) if (stated.has(name)) found.add(name);
    asked.set(key, found);
  }
  const byPrompt = new Map<string, Set<string>>();
  for (const { prompt, replies } of items) {
    const texts = byPrompt.get(prompt) ?? new Set();
    for (const { text } of replies) texts.add(text);
    byPrompt.set(prompt, texts);
  }
  return {
    attributes: stated,
    others(item, but) {
      const found: string[] = [];
      // Those of the item itself first: they were in sight.
      for (const text of new Set([...item.replies.map((reply) => reply.text), ...(byPrompt.get(item.prompt) ?? [])])) {
        if (found.length >= alternatives) break;
        if (!but.includes(text)) found.push(text);
      }
      return found;
    },
    asked: (judgment) => {
      const found = asked.get(questionKey(judgment));
      return [...stated.keys()].filter((name) => found?.has(name) === true);
    },
  };
}
