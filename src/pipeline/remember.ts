import { createHash } from 'node:crypto';

/** Computes once for the same inputs. The key is all that the value follows from, as data. */
export type Remember = <T>(key: readonly unknown[], make: () => T | Promise<T>) => Promise<T>;

/** Values by digest of their inputs, the newest ones; whoever verifies many folders that differ in little keeps one for all. */
export function createMemory(most = 500): Remember {
  const known = new Map<string, Promise<unknown>>();
  return <T>(key: readonly unknown[], make: () => T | Promise<T>): Promise<T> => {
    const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex');
    const before = known.get(digest);
    if (before !== undefined) return before as Promise<T>;
    const value = Promise.resolve().then(make);
    known.set(digest, value);
    if (known.size > most) known.delete(known.keys().next().value!);
    return value;
  };
}
