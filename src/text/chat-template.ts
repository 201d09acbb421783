import { parse, tokenize } from '@huggingface/jinja';
import { anyOf } from './literals.ts';
import { runTemplate } from './python-jinja.ts';
import { placesOf, requirePlainNumbers, type Template } from './template-places.ts';
import { within } from './within.ts';

/** Chat templates (Jinja, as published beside tokenizers), rendered so that what people wrote stays text. */

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A template that cannot be read, or refuses a conversation. */
export class TemplateError extends Error {
  readonly code = 'template';
  override readonly name = 'TemplateError';
}

/** A piece of a rendered conversation: a control token that the template wrote, or text. */
export type Piece = { readonly control: string } | { readonly text: string };

/** For models without a template: roles as words, a line each. */
export const PLAIN_TEMPLATE =
  "{% for m in messages %}{{ {'system': 'System', 'user': 'User', 'assistant': 'Assistant'}[m.role] }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}";

/** A character of a private-use area that none of the texts holds. */
function unusedCharacter(texts: readonly string[]): string {
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const character = String.fromCharCode(code);
    if (!texts.some((text) => text.includes(character))) return character;
  }
  throw new TemplateError('the conversation uses every private-use character; expected ordinary text');
}

/** A template is a program of whoever published the model: it has a size, and beside its steps a time. */
const MOST_CHARACTERS = 1_000_000;
const MOST_MS = 10_000;
const MOST_RANGE = 100_000;
const late = () => new Error(`it took longer than ${MOST_MS / 1000} s; use another template`);

/** Reads a template, with the whitespace rules that transformers sets. */
export function parseTemplate(source: string): Template {
  try {
    if (source.length > MOST_CHARACTERS)
      throw new Error(`expected at most ${MOST_CHARACTERS} characters, got ${source.length}`);
    const options = { lstrip_blocks: true, trim_blocks: true };
    const read = () => {
      const tokens = tokenize(source, options);
      requirePlainNumbers(tokens);
      const program = parse(tokens);
      return { program, places: placesOf(program) };
    };
    return within(MOST_MS, read, late);
  } catch (cause) {
    const why = cause instanceof RangeError ? 'it nests too deeply' : (cause as Error).message;
    throw new TemplateError(`the chat template cannot be read: ${why}`, { cause });
  }
}

/** What templates may call: numbers in a row, and to refuse. No clock: a prompt must not change from day to day. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range(start: number, stop?: number, step = 1) {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    if (!((to - from) / step <= MOST_RANGE)) throw new Error(`range: expected at most ${MOST_RANGE} numbers`);
    return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
  },
  raise_exception(message: string) {
    throw new Error(message);
  },
};

/** What every template is given, as transformers gives it; tools and documents there are none. */
const CONTEXT = { tools: null, documents: null, add_generation_prompt: true };

/** Refuses a variable that a template would never read, or that stands for what a conversation is made of. */
export function requireRead(template: Template, variables: Readonly<Record<string, unknown>>): void {
  const { names } = template.places;
  for (const name of Object.keys(variables)) {
    const isOurs = name === 'messages' || Object.hasOwn(CONTEXT, name) || Object.hasOwn(GLOBALS, name);
    if (!isOurs && names.has(name)) continue;
    const why = isOurs ? 'is set by the conversation' : 'is not read by the chat template';
    throw new TemplateError(`chat variable ${JSON.stringify(name)} ${why}; take it out`);
  }
}

function render(template: Template, variables: Readonly<Record<string, unknown>>): string {
  try {
    const run = () => runTemplate(template, { ...GLOBALS, ...CONTEXT, ...variables });
    return within(MOST_MS, run, late);
  } catch (cause) {
    throw new TemplateError(`the chat template refuses the conversation: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Renders a conversation up to where the assistant's next reply begins. Control tokens spelled in messages are broken by a
 * mark before rendering and mended after the template's own tokens are told apart, so that no message can end its turn.
 */
export function renderChat(
  template: Template,
  messages: readonly Message[],
  options: { readonly controls: readonly string[]; readonly variables: Readonly<Record<string, unknown>> },
): Piece[] {
  const { controls, variables } = options;
  const mark = unusedCharacter([...messages.map(({ content }) => content), ...controls]);
  const control = new RegExp(anyOf(controls) || '(?!)', 'g');
  const broken = messages.map(({ role, content }) => ({
    role,
    content: content.replace(control, (t) => `${t[0]}${mark}${t.slice(1)}`),
  }));
  const rendered = render(template, { ...variables, messages: broken });
  const pieces: Piece[] = [];
  const text = (part: string) => {
    if (part !== '') pieces.push({ text: part.replaceAll(mark, '') });
  };
  let at = 0;
  for (const match of rendered.matchAll(control)) {
    text(rendered.slice(at, match.index));
    pieces.push({ control: match[0] });
    at = match.index + match[0].length;
  }
  text(rendered.slice(at));
  return pieces;
}
