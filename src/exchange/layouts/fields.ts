import type { Answer, Item } from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import { messagesSchema, promptText, replyText } from './conversation.ts';
import { type ReadContext, RowError } from './layout.ts';

/**
 * Annotation tools name the texts of a task as each project likes, and their exports do not say which is the prompt.
 * Here a field of one of these names is (part of) the prompt and every other text a reply, in the order of the record.
 */
const PROMPT_NAMES = ['system', 'prompt', 'instruction', 'question', 'query', 'input', 'context'];
/** Fields that are no text to judge. */
const OTHER_NAMES = ['id', 'item_id', 'source', 'url', 'meta', 'metadata'];

/** Ratings come without their scale; what is assumed, and said. */
export const ASSUMED_SCALE = { min: 0, max: 10, step: 1 } as const;
export const SCALE_NOTE = 'ratings are taken on a scale of 0 to 10, since the export has no scale';

export interface Fields {
  readonly prompt: string;
  readonly replies: readonly { readonly name: string; readonly text: string }[];
}

const textOf = (value: unknown, name: string, as: typeof promptText): string | undefined => {
  if (typeof value === 'string') return value;
  const messages = messagesSchema.safeParse(value);
  return messages.success ? as(messages.data, name) : undefined;
};

/** Replies that a list names by id, as ranking widgets have them. */
function listed(value: unknown): { name: string; text: string }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { id, body, text, html, title } = entry as Record<string, unknown>;
    const content = [body, text, html, title].find((part) => typeof part === 'string' && part !== '') ?? body;
    return (typeof id === 'string' || typeof id === 'number') && typeof content === 'string'
      ? [{ name: String(id), text: content }]
      : [];
  });
}

/** Prompt and replies of a record's fields. */
export function fieldsOf(data: Readonly<Record<string, unknown>>, context: ReadContext): Fields {
  const prompts: string[] = [];
  const replies: { name: string; text: string }[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (OTHER_NAMES.includes(name.toLowerCase()) || value === null) continue;
    const asPrompt = PROMPT_NAMES.includes(name.toLowerCase());
    const text = textOf(value, name, asPrompt ? promptText : replyText);
    if (text !== undefined) {
      if (asPrompt) prompts.push(text);
      else replies.push({ name, text });
      continue;
    }
    const list = listed(value);
    if (list.length === 0) context.note(`field ${name} is no text and not kept`);
    replies.push(...list);
  }
  return { prompt: prompts.join('\n\n'), replies };
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]/gu, '');

/** The reply that a name means, written in any way. */
export function replyNamed(name: string, { replies }: Fields): number | undefined {
  const index = replies.findIndex((reply) => plain(reply.name) === plain(name));
  return index < 0 ? undefined : index;
}

/** The reply that a question or tag is about: named in it, or the only one. */
export function replyIn(name: string, fields: Fields): number | undefined {
  const named = fields.replies.findIndex(
    (reply) => plain(reply.name) !== '' && plain(name).includes(plain(reply.name)),
  );
  if (named >= 0) return named;
  return fields.replies.length === 1 ? 0 : undefined;
}

const TIES: Readonly<Record<string, 'tie' | 'both-bad' | 'cant-judge'>> = {
  tie: 'tie',
  equal: 'tie',
  same: 'tie',
  bothbad: 'both-bad',
  neither: 'both-bad',
  cantjudge: 'cant-judge',
  unsure: 'cant-judge',
};

/** A pick between replies; undefined when the value names none. */
export function pickOf(value: string, fields: Fields): Answer | undefined {
  if (fields.replies.length < 2) return undefined;
  const outcome = replyNamed(value, fields) ?? own(TIES, plain(value));
  return outcome === undefined ? undefined : { kind: 'comparison', outcome };
}

/** A text by the name of the question that it answers. */
export function textAnswer(name: string, text: string, fields: Fields): Answer | string {
  if (/demonstrat|ideal|reference/i.test(name) || fields.replies.length === 0) return { kind: 'demonstration', text };
  const reply = replyIn(name, fields);
  if (reply === undefined) return 'which reply a text is about cannot be told from its name';
  if (/correct|rewrit|improve|edit/i.test(name)) return { kind: 'correction', reply, text };
  return text === '' ? 'an empty text' : { kind: 'critique', reply, text };
}

/** The names this project gives to the replies of an exported item. */
export const replyName = (reply: number): string => `reply_${'abcdefghijklmnopqrstuvwxyz'[reply] ?? reply}`;

/** Item of a record; replies keep the names of their fields as ids where those are the project's own. */
export const fieldItem = (
  fields: Fields,
  place: {
    readonly id: string;
    readonly layout: string;
    readonly projectId: string;
    readonly strata: Record<string, string>;
  },
): Item => ({
  id: place.id,
  projectId: place.projectId,
  prompt: fields.prompt,
  replies: fields.replies.map(({ text }, i) => ({ id: `${place.id}/${i}`, text })),
  source: { origin: place.layout, selection: 'not released' },
  ...(Object.keys(place.strata).length > 0 && { strata: place.strata }),
});

/** Values of a record's metadata as strata; others are said. */
export function strataOf(metadata: unknown, context: ReadContext): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null) return {};
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]: [string, unknown]) => {
      const whole = typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);
      if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && whole))
        return [[key, String(value)]];
      context.note(`metadata ${key} is no text or number and not kept`);
      return [];
    }),
  );
}

/** Refuses a record that has nothing to judge and no judgment. */
export function checkFields({ prompt, replies }: Fields): void {
  if (prompt === '' && replies.length === 0) throw new RowError('fields', 'no text to judge');
}
