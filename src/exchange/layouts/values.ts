import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { digestBytes } from '../../run/index.ts';
import { RowError } from './layout.ts';

/** Nesting that a row may have; deeper values exhaust the stack of later steps. */
export const MAX_DEPTH = 64;

/** Half of a character pair on its own: no Unicode text, lost in UTF-8 and without a canonical digest (RFC 8785). */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Refuses a text that is not Unicode. */
export function checkText(text: string, field: string): void {
  const at = text.search(LONE_SURROGATE);
  if (at >= 0) throw new RowError(field, `a lone surrogate at character ${at}, which is no Unicode text`);
}

const pathTo = (field: string, key: string | number) => (field === '' ? String(key) : `${field}.${key}`);

/**
 * Refuses what no part of a row may hold, read or not: nesting over the limit, which exhausts the stack of later steps, and
 * the key `__proto__`. Numbers decide nothing here: one that is not read may be anything, and one that is read has a schema.
 */
export function checkShape(value: unknown, field = '', depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new RowError('row', `nested more than ${MAX_DEPTH} deep`);
  for (const [key, part] of Object.entries(value)) {
    if (key === '__proto__') throw new RowError(field || 'row', 'a key named __proto__; rename it');
    checkShape(part, pathTo(field, key), depth + 1);
  }
}

/**
 * Refuses, with the field, text that is not Unicode in what is read of a row. Everything else is data: markup, NUL and byte
 * order marks inside texts stay as they are. Integers beyond 2^53, which lose digits, are refused where they are ids
 * (`idSchema`).
 */
export function checkTexts(value: unknown, field = ''): void {
  if (typeof value === 'string') checkText(value, field || 'row');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    checkText(key, field || 'row');
    checkTexts(part, pathTo(field, key));
  }
}

/** SHA-256 of a text, in hex. */
export const textHash = (text: string): string => digestBytes(utf8ToBytes(text));

/** An id by content, so that rows which say the same are of one item. */
export const contentId = (kind: string, content: readonly unknown[]): string =>
  `${kind}-${textHash(JSON.stringify(content)).slice(0, 16)}`;

/** An id as text; a number must be one that kept its digits. */
export const idSchema = z
  .union([z.string(), z.int({ error: 'expected a text, or an integer below 2^53: a larger one loses digits' })])
  .transform(String);
