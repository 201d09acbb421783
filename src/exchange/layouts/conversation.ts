import { z } from 'zod';
import { own } from '../../run/index.ts';
import { RowError } from './layout.ts';

/** One turn of a conversation, as chat formats have it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

const NAMES: Readonly<Record<string, string>> = {
  user: 'Human',
  assistant: 'Assistant',
  system: 'System',
  developer: 'Developer',
  tool: 'Tool',
};
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

/** A reply as one text: the content of one assistant message, or several messages as a conversation. */
export function replyText(reply: TextOrMessages, field: string): string {
  return typeof reply === 'string' ? reply : replyFromMessages(asMessages(reply, field));
}

export function replyFromMessages(messages: readonly Message[]): string {
  const [only, ...others] = messages;
  const plain = others.length === 0 && only?.role === 'assistant' && parseConversation(only.content) === null;
  return plain ? only.content : renderConversation(messages);
}

/** The messages of a prompt: a rendered conversation, or one turn of the user. */
export const promptMessages = (prompt: string): Message[] =>
  parseConversation(prompt) ?? [{ role: 'user', content: prompt }];

/** The messages of a reply: a rendered conversation, or one turn of the assistant. */
export const replyMessages = (reply: string): Message[] =>
  parseConversation(reply) ?? [{ role: 'assistant', content: reply }];

/** Prompt and reply as the two texts that a completion model sees one after the other: a dialogue ends in the reply's mark. */
export const completionForm = (prompt: string, reply: string): { prompt: string; completion: string } =>
  startsDialogue(prompt) ? { prompt: prompt + ASSISTANT_MARK, completion: ` ${reply}` } : { prompt, completion: reply };

/** The reverse of `completionForm` for a prompt with any number of completions. */
export function fromCompletionForm(
  prompt: string,
  completions: readonly string[],
): { prompt: string; replies: string[] } {
  const start = prompt.endsWith(ASSISTANT_MARK) ? prompt.slice(0, -ASSISTANT_MARK.length) : undefined;
  if (start === undefined || !startsDialogue(start)) return { prompt, replies: [...completions] };
  return { prompt: start, replies: completions.map((text) => (text.startsWith(' ') ? text.slice(1) : text)) };
}
