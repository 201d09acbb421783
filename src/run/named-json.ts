import type { z } from 'zod';
import { DataError } from './errors.ts';
import { parseJson } from './json-text.ts';

/** A text as JSON, or one line saying what is wrong with it; `name` is that of its file. */
export function namedJson(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DataError('json', `${name}: expected JSON, got ${(cause as Error).message}`, { cause });
  }
}

/** A value by a schema; the error names file and field. */
export function namedValue<T>(schema: z.ZodType<T>, name: string, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DataError('field', `${name}: ${issue.path.join('.') || 'file'}: ${issue.message}; mend the file`);
}

/** A line of a file of JSON Lines, counted from 1. */
export interface Line {
  readonly line: number;
  readonly text: string;
}

/** Parses one line as JSON of a schema; the error names file, line and field. */
export function parseLine<T>(name: string, { line, text }: Line, schema: z.ZodType<T>): T {
  let raw: unknown;
  try {
    raw = parseJson(text);
  } catch (cause) {
    const got = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new DataError(
      'json',
      `${name}:${line}: expected a JSON value, got ${JSON.stringify(got)}; mend or drop the line`,
      { cause },
    );
  }
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.') || 'record';
  throw new DataError('field', `${name}:${line}: ${field}: ${issue.message}; mend or drop the line`);
}
