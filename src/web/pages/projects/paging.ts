/** Pages of a list that a server gives by cursor: those passed, so that one can go back. */
export interface Pages<C> {
  /** Cursors of the pages before the one shown; undefined is the first page. */
  readonly passed: readonly (C | undefined)[];
  readonly at: C | undefined;
}

export const firstPage = <C>(): Pages<C> => ({ passed: [], at: undefined });
export const nextPage = <C>({ passed, at }: Pages<C>, next: C): Pages<C> => ({ passed: [...passed, at], at: next });
export const previousPage = <C>({ passed, at }: Pages<C>): Pages<C> =>
  passed.length === 0 ? { passed, at } : { passed: passed.slice(0, -1), at: passed.at(-1) };

/** Place of the neighbour of `at` in a queue, staying inside it. */
export const moved = (at: number, by: number, length: number): number => Math.max(0, Math.min(length - 1, at + by));
