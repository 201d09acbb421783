import type { z } from 'zod';
import { ApiError } from './api-error.ts';

/** How large a JSON text may be built, whatever its bytes: parsers of values recurse, and make an object of every `{}`. */
export interface JsonBounds {
  readonly depth: number;
  /** Values of all lists and objects together; any number where it is left out. */
  readonly values?: number;
}

export const BODY_BOUNDS: JsonBounds = { depth: 64 };

/** What of the bounds a text is over, without parsing it. */
function overBounds(text: string, { depth: most, values = Number.POSITIVE_INFINITY }: JsonBounds) {
  let [depth, commas] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text[at];
    if (code === '"') {
      do at = text.indexOf('"', at + 1);
      while (at > 0 && isEscaped(text, at));
      if (at < 0) return undefined;
    } else if (code === '[' || code === '{') {
      depth += 1;
      if (depth > most) return `expected JSON of at most ${most} levels`;
    } else if (code === ']' || code === '}') depth -= 1;
    else if (code === ',') {
      commas += 1;
      if (commas >= values) return `expected JSON of at most ${values} values`;
    }
  }
  return undefined;
}
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}

/** One line of what is wrong with an input. */
export function firstIssue(error: z.ZodError, where: string): string {
  const [issue] = error.issues;
  const path = issue!.path.join('.');
  return `${where}${path === '' ? '' : `.${path}`}: ${issue!.message}`;
}

/** A JSON text of a schema; an `ApiError` (400) where it is none, or over its bounds. */
export function parseBody<T>(text: string, schema: z.ZodType<T>, bounds: JsonBounds = BODY_BOUNDS): T {
  const over = overBounds(text, bounds);
  if (over !== undefined) throw new ApiError(400, 'depth', over);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'json', 'expected a JSON body');
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new ApiError(400, 'body', firstIssue(parsed.error, 'body'));
  return parsed.data;
}
