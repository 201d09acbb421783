import { z } from 'zod';
import { RowError } from './layout.ts';

/** Nesting that a row may have; deeper values exhaust the stack of later steps. */
export const MAX_DEPTH = 64;

/** Half of a character pair on its own: no Unicode text, lost in UTF-8 and without a canonical digest (RFC 8785). */
const LONE_SURROGATE = /\p{Surrogate}/u;

function checkText(text: string, field: string): void {
  const at = text.search(LONE_SURROGATE);
  if (at >= 0) throw new RowError(field, `a lone surrogate at character ${at}, which is no Unicode text`);
}

/**
 * Refuses, with the field, what a parsed row must not hold: nesting over the limit, numbers that overflowed in
 * parsing, text that is not Unicode, and the key `__proto__`. Everything else is data: markup, NUL and byte order marks
 * inside texts stay as they are. Integers beyond 2^53, which lose digits, are refused where they are ids (`idSchema`).
 */
export function checkValue(value: unknown, field = '', depth = 0): void {
  switch (typeof value) {
    case 'string':
      checkText(value, field || 'row');
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new RowError(field || 'row', 'a number out of range');
      return;
    case 'object':
      break;
    default:
      return;
  }
  if (value === null) return;
  if (depth >= MAX_DEPTH) throw new RowError('row', `nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    for (const [i, part] of value.entries()) checkValue(part, field === '' ? String(i) : `${field}.${i}`, depth + 1);
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    const name = field === '' ? key : `${field}.${key}`;
    if (key === '__proto__') throw new RowError(field || 'row', 'a key named __proto__; rename it');
    checkText(key, field || 'row');
    checkValue(part, name, depth + 1);
  }
}

/** An id as text; a number must be one that kept its digits. */
export const idSchema = z
  .union([z.string(), z.int({ error: 'expected a text, or an integer below 2^53: a larger one loses digits' })])
  .transform(String);
