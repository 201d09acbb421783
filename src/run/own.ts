/**
 * What a record itself holds under a key that comes from data; undefined where it holds none. A plain `record[key]` would
 * answer `constructor` and `__proto__` from the prototype of every object.
 */
export const own = <R extends object>(record: R | undefined, key: string): R[keyof R] | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key as keyof R] : undefined;

/** How often each key comes, in order of first appearance. */
export function countsOf(keys: Iterable<string>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
}

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
