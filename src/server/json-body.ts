import type { z } from 'zod';
import { type JsonBounds, overBounds } from '../run/index.ts';
import { ApiError } from './api-error.ts';

const BODY_BOUNDS: JsonBounds = { levels: 64 };

/** One line of what is wrong with an input. */
export function firstIssue(error: z.ZodError, where: string): string {
  const [issue] = error.issues;
  const path = issue!.path.join('.');
  return `${where}${path === '' ? '' : `.${path}`}: ${issue!.message}`;
}

/** A JSON text of a schema; an `ApiError` (400) where it is none, or over its bounds. */
export function parseBody<T>(text: string, schema: z.ZodType<T>, bounds: JsonBounds = BODY_BOUNDS): T {
  const over = overBounds(text, bounds);
  if (over !== undefined) throw new ApiError(400, 'depth', `expected JSON of at most ${bounds[over]} ${over}`);
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
