import { own } from '../run/index.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Stands in a value that is computed again for a number that only a model can tell. */
export const UNTOLD = Symbol('untold');

/**
 * A value with what is stored wherever only a model could tell; anything but a number there is not taken over. So the two are
 * the same where all that can be told again is.
 */
export function filled(again: unknown, stored: unknown): unknown {
  if (again === UNTOLD) return typeof stored === 'number' ? stored : null;
  if (Array.isArray(again))
    return again.map((value, i) => filled(value, Array.isArray(stored) ? stored[i] : undefined));
  if (!isObject(again)) return again;
  const other = isObject(stored) ? stored : {};
  return Object.fromEntries(Object.entries(again).map(([key, value]) => [key, filled(value, own(other, key))]));
}

/** So many numbers that only a model can tell. */
export const untold = (length: number): unknown[] => Array.from({ length }, () => UNTOLD);
