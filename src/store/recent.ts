/** The values used last, by key, as many as fit `most` characters of all their sizes. */
export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, size: number): void;
}

export function createRecent<V>(most: number): Recent<V> {
  // A map remembers the order in which its keys came.
  const kept = new Map<string, { readonly value: V; readonly size: number }>();
  let total = 0;
  const remove = (key: string) => {
    total -= kept.get(key)?.size ?? 0;
    kept.delete(key);
  };
  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key, value, size) {
      remove(key);
      kept.set(key, { value, size });
      total += size;
      for (const oldest of kept.keys()) {
        if (total <= most) break;
        remove(oldest);
      }
    },
  };
}
