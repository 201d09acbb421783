import type { Rng } from '../../../src/stats/index.ts';

/** A changed value with the place of the change, as a JSON pointer. */
export interface Edit {
  readonly value: unknown;
  readonly pointer: string;
  readonly kind: string;
}
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Place {
  readonly holder: object;
  readonly key: string;
  readonly pointer: string;
}

/** One of some values at random. */
export const pick = <T>(rng: Rng, values: readonly T[]): T => values[rng.integer(values.length)]!;
const clone = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

/** Places of a JSON value, each with what holds it. */
export function placesOf(root: unknown): Place[] {
  const found: Place[] = [];
  const walk = (value: unknown, pointer: string) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      const here = `${pointer}/${escaped(key)}`;
      found.push({ holder: value, key, pointer: here });
      walk(part, here);
    }
  };
  walk(root, '');
  return found;
}

function otherNumber(rng: Rng, value: number): number {
  return pick(rng, [
    value + 1,
    value - 1,
    -value - 1,
    value * 1.01 + 1e-6,
    value + 1e-9,
    0.5 * value + 0.001,
    1e6,
    Math.trunc(value) + 0.25,
  ]);
}

const WORDS = ['clear', 'measured', 'not-assessed', 'failure', '', 'external audit passed', ...PROTOTYPE_NAMES];
const otherText = (rng: Rng, value: string): string =>
  pick(rng, [...WORDS, `${value} `, value.toUpperCase(), value.slice(1), `${value}.`, value.replace(/\d/, '7')]);

function otherValue(rng: Rng, value: Json): Json {
  if (typeof value === 'number') return otherNumber(rng, value);
  if (typeof value === 'string') return otherText(rng, value);
  if (typeof value === 'boolean') return !value;
  if (value === null) return pick<Json>(rng, [0, 'none', false]);
  return pick<Json>(rng, [[], {}, null, 0]);
}

/** Sets a property of an object's own, whatever it is called. */
export const put = (object: object, key: string, value: unknown) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

/** The value with another in one place; undefined where there is no such place. */
export function changedAt(rng: Rng, value: unknown, pointer: string): unknown {
  const root = clone(value);
  const place = placesOf(root).find((one) => one.pointer === pointer);
  if (place === undefined) return undefined;
  const { holder, key } = place;
  put(holder, key, otherValue(rng, (holder as Record<string, Json>)[key]!));
  return root;
}

/** Changes one place of a JSON value: another number or text, a member dropped, added, renamed, doubled or moved. */
export function editJson(rng: Rng, value: unknown): Edit | undefined {
  const root = clone(value);
  const places = placesOf(root);
  if (places.length === 0) return undefined;
  const { holder: held, key, pointer } = pick(rng, places);
  const holder = held as Json[] | { [key: string]: Json };
  const here = (holder as Record<string, Json>)[key]!;
  const done = (kind: string): Edit => ({ value: root, pointer, kind });
  if (Array.isArray(holder)) {
    const i = Number(key);
    switch (rng.integer(6)) {
      case 0:
        holder.splice(i, 1);
        return done('drop from a list');
      case 1:
        holder.splice(i, 0, clone(here));
        return done('double in a list');
      case 2: {
        const j = rng.integer(holder.length);
        [holder[i], holder[j]] = [holder[j]!, holder[i]!];
        return done('reorder a list');
      }
      case 3:
        holder.push(otherValue(rng, here));
        return done('add to a list');
      default:
        holder[i] = otherValue(rng, here);
        return done('change in a list');
    }
  }
  const object = holder as { [key: string]: Json };
  switch (rng.integer(7)) {
    case 0:
      delete object[key];
      return done('drop a member');
    case 1: {
      const name = pick(rng, [...PROTOTYPE_NAMES, `${key}s`, 'verified']);
      put(object, name, pick<Json>(rng, [clone(here), true, { length: 1 }]));
      return { value: root, pointer: `${pointer.slice(0, pointer.lastIndexOf('/'))}/${name}`, kind: 'add a member' };
    }
    case 2: {
      delete object[key];
      put(object, pick(rng, [...PROTOTYPE_NAMES, `${key}s`]), here);
      return done('rename a member');
    }
    default:
      put(object, key, otherValue(rng, here));
      return done('change a value');
  }
}

/** The same JSON with a member twice: the forged value first, where people read it, and then the true one, which parsers take. */
export function doubled(rng: Rng, text: string): string | undefined {
  const members = [...text.matchAll(/"([\w-]+)": ?(-?\d[\d.]*|"[\w .-]*"|true|false|null)(?=[,\n}])/g)];
  if (members.length === 0) return undefined;
  const { 0: all, 1: name, index } = pick(rng, members);
  return `${text.slice(0, index)}"${name}": ${pick(rng, ['"clear"', '0.99', '1', 'true'])}, ${all}${text.slice(index + all.length)}`;
}
