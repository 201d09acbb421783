import * as library from '@huggingface/tokenizers';
import { TemplateError } from './chat-template.ts';
import { escaped } from './literals.ts';
import { own } from './own.ts';

/** What the readers of the parts of a `tokenizer.json` share. */

/** Parts of the library that it exports and does not declare in a way that this compiler finds. */
export const { SplitPreTokenizer, ByteLevelPreTokenizer } = library as unknown as {
  readonly SplitPreTokenizer: new (json: Json) => { readonly pattern: RegExp };
  readonly ByteLevelPreTokenizer: new (json: Json) => { pre_tokenize_text(text: string): string[] };
};

export type Json = Readonly<Record<string, unknown>>;

/** A value of a stranger's file, short and on one line. */
export const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);

/** Reads a part by its kind; one that is not understood is refused by its name. */
export function readPart<T>(part: string, json: Json, kinds: Readonly<Record<string, (json: Json) => T>>): T {
  const type = String(json.type);
  const read = own(kinds, type);
  if (read === undefined) throw unsupported(part, type, Object.keys(kinds));
  return read(json);
}

/** A part of a kind that is not understood. */
export const unsupported = (part: string, type: string, known: readonly string[]): TemplateError =>
  new TemplateError(`tokenizer.json: ${part} ${type} is not supported; expected one of ${known.join(', ')}`);

/** Settings of a part with their defaults. A setting that is not listed and says something is refused by its name. */
export function settingsOf<D extends Record<string, unknown>>(json: Json, defaults: D): Record<keyof D, unknown> {
  const strange = Object.keys(json).find(
    (key) => key !== 'type' && !Object.hasOwn(defaults, key) && isSet(own(json, key)),
  );
  if (strange !== undefined) {
    const got = shown(own(json, strange));
    throw new TemplateError(
      `tokenizer.json: ${String(json.type)}: ${strange} is ${got}, which is not understood; expected it unset`,
    );
  }
  const entries = Object.entries(defaults).map(([key, fallback]) => [
    key,
    Object.hasOwn(json, key) ? json[key] : fallback,
  ]);
  return Object.fromEntries(entries) as Record<keyof D, unknown>;
}

/** Whether a value says anything: not null, false, 0, or empty. */
export function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** A pattern, `{"String": …}` or `{"Regex": …}` as the `tokenizers` library writes it, for every match in a text. */
export function patternOf(pattern: unknown, part: string): RegExp {
  const { String: literal, Regex: regex } = (typeof pattern === 'object' && pattern !== null ? pattern : {}) as Json;
  if (typeof literal === 'string') return new RegExp(escaped(literal), 'gu');
  if (typeof regex !== 'string') throw new TemplateError(`tokenizer.json: ${part}: expected a pattern`);
  try {
    return new SplitPreTokenizer({ type: 'Split', pattern: { Regex: regex }, invert: false }).pattern;
  } catch (cause) {
    throw new TemplateError(`tokenizer.json: ${part}: its pattern cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
