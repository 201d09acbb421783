import { Environment, parse, tokenize } from '@huggingface/jinja';
import { BoundedInterpreter } from './bounded-interpreter.ts';
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

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Longest first, so that a token that begins another does not hide it. */
const anyOf = (tokens: readonly string[]) =>
  new RegExp(
    [...tokens]
      .sort((a, b) => b.length - a.length)
      .map(escaped)
      .join('|') || '(?!)',
    'g',
  );

/** A template is a program of whoever published the model: it has a size, and beside its steps a time. */
const MOST_CHARACTERS = 1_000_000;
const MOST_MS = 10_000;
const MOST_RANGE = 100_000;
const late = () => new Error(`it took longer than ${MOST_MS / 1000} s; use another template`);

export type Template = ReturnType<typeof parse>;

/** Reads a template, with the whitespace rules that transformers sets. */
export function parseTemplate(source: string): Template {
  try {
    if (source.length > MOST_CHARACTERS)
      throw new Error(`expected at most ${MOST_CHARACTERS} characters, got ${source.length}`);
    const options = { lstrip_blocks: true, trim_blocks: true };
    return within(MOST_MS, () => parse(tokenize(source, options)), late);
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

function render(template: Template, variables: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  try {
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
    const run = () => (new BoundedInterpreter(environment).run(template) as { value: string }).value;
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
  const broken = messages.map(({ role, content }) => ({
    role,
    content: controls.length === 0 ? content : content.replace(anyOf(controls), (t) => `${t[0]}${mark}${t.slice(1)}`),
  }));
  const rendered = render(template, { ...variables, messages: broken, add_generation_prompt: true });
  const pieces: Piece[] = [];
  const text = (part: string) => {
    if (part !== '') pieces.push({ text: part.replaceAll(mark, '') });
  };
  let at = 0;
  for (const match of rendered.matchAll(anyOf(controls))) {
    text(rendered.slice(at, match.index));
    pieces.push({ control: match[0] });
    at = match.index + match[0].length;
  }
  text(rendered.slice(at));
  return pieces;
}
