/**
 * What a record itself holds under a key that comes from data; undefined where it holds none. A plain `record[key]` would
 * answer `constructor` and `__proto__` from the prototype of every object.
 */
export const own = <R extends object>(record: R | undefined, key: string): R[keyof R] | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key as keyof R] : undefined;

/** Puts a value under a key that comes from data, as a property of the record's own whatever the key is called. */
export function setOwn<T>(record: Record<string, T>, key: string, value: T): void {
  if (Object.hasOwn(record, key)) record[key] = value;
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Counts under a key that comes from data; a count not there yet is 0. */
export const addTo = (counts: Record<string, number>, key: string, by = 1): void =>
  setOwn(counts, key, (own(counts, key) ?? 0) + by);

/** Names that lead from an object to the prototype that all share. No configuration has a use for them. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export const isReservedKey = (key: string): boolean => RESERVED.has(key);

/** The path of the first reserved key anywhere in a parsed value; undefined where there is none. */
export function reservedKeyIn(value: unknown): string | undefined {
  // Aliases of YAML share nodes, and may even form a circle: each is looked at once.
  const seen = new Set<object>();
  const left: (readonly [unknown, string])[] = [[value, '']];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [here, path] = next;
    if (typeof here !== 'object' || here === null || seen.has(here)) continue;
    seen.add(here);
    for (const [key, part] of Object.entries(here)) {
      const place = path === '' ? key : `${path}.${key}`;
      if (isReservedKey(key)) return place;
      left.push([part, place]);
    }
  }
  return undefined;
}
