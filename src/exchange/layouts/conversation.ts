import { z } from 'zod';
import { TURN_NAMES } from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import { RowError } from './layout.ts';

/** One turn of a conversation, as chat formats have it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

const NAMES: Readonly<Record<string, string>> = TURN_NAMES;
const ROLES = new Map(Object.entries(NAMES).map(([role, name]) => [name, role]));
const NAME = Object.values(NAMES).join('|');
/** A turn mark; with backslashes before the name it is text that looks like one. */
const MARK = new RegExp(`\n\n(${NAME}):`, 'g');
const PLAIN_OR_ESCAPED = new RegExp(`\n\n(\\\\*)(${NAME}):`, 'g');
const ESCAPED = new RegExp(`\n\n\\\\(\\\\*)(${NAME}):`, 'g');

/** The mark of a reply in the dialogue form of HH-RLHF. */
export const ASSISTANT_MARK = '\n\nAssistant:';

/** Whether a text is a dialogue in the form of HH-RLHF. */
export const startsDialogue = (text: string): boolean => /^\n\n(Human|Assistant|System|Developer|Tool):/.test(text);

/**
 * Messages as one text: `\n\nHuman: …\n\nAssistant: …`. A content that looks like a turn mark gets a backslash, so that
 * `parseConversation` gives back exactly the messages.
 */
export const renderConversation = (messages: readonly Message[]): string =>
  messages
    .map(({ role, content }) => {
      const name = own(NAMES, role);
      if (name === undefined) throw new RowError('role', `${JSON.stringify(role)} is not a known role`);
      return `\n\n${name}: ${content.replace(PLAIN_OR_ESCAPED, '\n\n\\$1$2:')}`;
    })
    .join('');

/** The messages of a rendered conversation; null for any text that `renderConversation` does not give. */
export function parseConversation(text: string): Message[] | null {
  const marks = [...text.matchAll(MARK)];
  if (marks[0]?.index !== 0 || marks.some((mark) => text[mark.index + mark[0].length] !== ' ')) return null;
  return marks.map((mark, i) => {
    const content = text.slice(mark.index + mark[0].length + 1, marks[i + 1]?.index ?? text.length);
    return { role: ROLES.get(mark[1]!)!, content: content.replace(ESCAPED, '\n\n$1$2:') };
  });
}

const part = z.object({ type: z.literal('text'), text: z.string() });
const messageSchema = z.object({
  role: z.string(),
  content: z.union([z.string(), z.array(part).min(1)], { error: 'expected text, or parts of type text' }),
});
/** A list of messages; what else a message may carry (tool calls, images) is no text and refused. */
export const messagesSchema = z.array(messageSchema.loose()).min(1);
/** A text or a conversation. */
export const textOrMessages = z.union([z.string(), messagesSchema], { error: 'expected text or a list of messages' });
export type TextOrMessages = z.infer<typeof textOrMessages>;

/** Messages with text content; a `RowError` for calls and other content that is no text. */
export function asMessages(messages: z.infer<typeof messagesSchema>, field: string): Message[] {
  return messages.map(({ role, content, ...rest }, i) => {
    const extra = Object.entries(rest).find(([, value]) => value !== null && value !== undefined);
    if (extra !== undefined) throw new RowError(`${field}.${i}.${extra[0]}`, 'a message of more than role and content');
    if (own(NAMES, role) === undefined)
      throw new RowError(
        `${field}.${i}.role`,
        `expected ${Object.keys(NAMES).join(', ')}, got ${JSON.stringify(role)}`,
      );
    return { role, content: typeof content === 'string' ? content : content.map((p) => p.text).join('') };
  });
}

/** A prompt as one text. */
export const promptText = (prompt: TextOrMessages, field: string): string =>
  typeof prompt === 'string' ? prompt : renderConversation(asMessages(prompt, field));

/** A reply is one turn of the assistant; messages that are anything else are refused. */
function assistantTurn(messages: readonly Message[], field: string): string {
  const [only, ...others] = messages;
  if (only?.role === 'assistant' && others.length === 0) return only.content;
  const got = messages.slice(0, 4).map(({ role }) => role);
  const more = messages.length > got.length ? ', …' : '';
  throw new RowError(field, `expected one turn of the assistant, got ${got.join(', ') || 'nothing'}${more}`);
}

/** A reply as one text: a text, or the content of one assistant message. */
export const replyText = (reply: TextOrMessages, field: string): string =>
  typeof reply === 'string' ? reply : assistantTurn(asMessages(reply, field), field);

/** The messages of a prompt: a rendered conversation, or one turn of the user. */
export const promptMessages = (prompt: string): Message[] =>
  parseConversation(prompt) ?? [{ role: 'user', content: prompt }];

/** The messages of a reply: one turn of the assistant. */
export const replyMessages = (reply: string): Message[] => [{ role: 'assistant', content: reply }];

const same = (a: Message | undefined, b: Message | undefined) =>
  a !== undefined && b !== undefined && a.role === b.role && a.content === b.content;
const isSystem = ({ role }: Message) => role === 'system' || role === 'developer';
const withoutMark = (text: string) => (text.endsWith(ASSISTANT_MARK) ? text.slice(0, -ASSISTANT_MARK.length) : text);

/** Messages of a prompt in any form; a dialogue may end in the mark of the reply. */
const asPrompt = (prompt: TextOrMessages): Message[] =>
  typeof prompt === 'string' ? promptMessages(withoutMark(prompt)) : asMessages(prompt, 'prompt');

/** How many messages of a conversation are its prompt again; system turns before it belong to it. */
function repeated(prompt: readonly Message[], messages: readonly Message[]): number {
  const before = prompt.some(isSystem) ? 0 : messages.findIndex((message) => !isSystem(message));
  const at = Math.max(0, before);
  const repeats = prompt.every((message, i) => same(message, messages[at + i]));
  return repeats && messages.length > at + prompt.length ? at + prompt.length : 0;
}

/** A prompt with replies to it, each one turn. */
export interface Prompted {
  readonly prompt: string;
  readonly replies: string[];
}

/** Texts after a prompt that is a dialogue, which they may repeat. */
function repliesToText(prompt: string, texts: readonly string[]): Prompted {
  const start = withoutMark(prompt);
  const repeats = startsDialogue(prompt) && texts.every((text) => text.startsWith(start + ASSISTANT_MARK));
  if (!repeats) return fromCompletionForm(prompt, texts);
  return {
    prompt: start,
    replies: texts.map((text) => text.slice(start.length + ASSISTANT_MARK.length).replace(/^ /, '')),
  };
}

/**
 * Prompt and replies of a row whose prompt stands by itself, in any form: texts, messages, or a text with messages. A
 * conversation that begins with its prompt again is cut once; what is left of it must be one turn of the assistant.
 * @param replies by the name of their field
 */
export function promptedReplies(
  prompt: TextOrMessages,
  replies: readonly (readonly [string, TextOrMessages])[],
): Prompted {
  const texts = replies.flatMap(([, reply]) => (typeof reply === 'string' ? [reply] : []));
  if (texts.length === replies.length)
    return typeof prompt === 'string'
      ? repliesToText(prompt, texts)
      : { prompt: promptText(prompt, 'prompt'), replies: texts };
  if (texts.length > 0)
    throw new RowError(replies.at(-1)![0], 'expected one form: all texts, or all lists of messages');
  const asked = asPrompt(prompt);
  const sides = replies.map(([field, reply]) => {
    const messages = asMessages(reply as z.infer<typeof messagesSchema>, field);
    const cut = repeated(asked, messages);
    return { field, start: messages.slice(0, cut), text: assistantTurn(messages.slice(cut), field) };
  });
  const starts = sides.map(({ start }) => (start.length > asked.length ? renderConversation(start) : null));
  const other = starts.findIndex((start) => start !== starts[0]);
  if (other > 0) throw new RowError(sides[other]!.field, 'begins with another system turn than the reply before it');
  const own = typeof prompt === 'string' && !startsDialogue(prompt) ? prompt : renderConversation(asked);
  return { prompt: starts[0] ?? own, replies: sides.map(({ text }) => text) };
}

/** Two whole conversations: the prompt is the messages they share, but never the last of either. */
export function splitConversations(chosen: readonly Message[], rejected: readonly Message[]): Prompted {
  let shared = 0;
  while (shared < Math.min(chosen.length, rejected.length) - 1 && same(chosen[shared], rejected[shared])) shared++;
  return {
    prompt: shared === 0 ? '' : renderConversation(chosen.slice(0, shared)),
    replies: [assistantTurn(chosen.slice(shared), 'chosen'), assistantTurn(rejected.slice(shared), 'rejected')],
  };
}

/** Whether a reply goes on with further turns of a dialogue, which a row of texts can hide. */
export const goesOn = (reply: string): boolean => reply.search(MARK) >= 0;
export const GOES_ON = 'a reply that goes on with further turns of the dialogue';

/** Prompt and reply as the two texts that a completion model sees one after the other: a dialogue ends in the reply's mark. */
export const completionForm = (prompt: string, reply: string): { prompt: string; completion: string } =>
  startsDialogue(prompt) ? { prompt: prompt + ASSISTANT_MARK, completion: ` ${reply}` } : { prompt, completion: reply };

/** The reverse of `completionForm` for a prompt with any number of completions. */
export function fromCompletionForm(prompt: string, completions: readonly string[]): Prompted {
  const start = withoutMark(prompt);
  if (start === prompt || !startsDialogue(start)) return { prompt, replies: [...completions] };
  return { prompt: start, replies: completions.map((text) => (text.startsWith(' ') ? text.slice(1) : text)) };
}
