/** What a stranger's record itself holds under a key; undefined where it holds none. This part imports no other, so it has its own. */
export const own = <R extends object>(record: R, key: string): R[keyof R] | undefined =>
  Object.hasOwn(record, key) ? record[key as keyof R] : undefined;
