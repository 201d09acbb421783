import { ApiError } from '../api-error.ts';

/** Work that is done a few at a time, those we know before strangers, with a bounded line. */
export interface Turns {
  /** Does the work when its turn comes; an `ApiError` (503) when too many wait. */
  take<T>(work: () => Promise<T>, options: { readonly known: boolean }): Promise<T>;
}

/**
 * Turns for what costs a core and memory, such as hashing a password: whoever asks for a lot of it makes strangers wait,
 * never the server, and never those who are signed in or invited.
 */
export function createTurns({
  atOnce,
  strangers,
  known = 10 * strangers,
  busy = 'too many are signing in at this moment; try again in a minute',
}: {
  readonly atOnce: number;
  /** So many strangers wait at most; ten times as many of the others, unless it is said. */
  readonly strangers: number;
  readonly known?: number;
  /** What is told to whoever would wait too long. */
  readonly busy?: string;
}): Turns {
  const lines = { known: [] as (() => void)[], strangers: [] as (() => void)[] };
  const most = { known, strangers };
  let working = 0;
  const turn = (line: keyof typeof lines): Promise<void> => {
    if (working < atOnce) {
      working += 1;
      return Promise.resolve();
    }
    if (lines[line].length >= most[line]) throw new ApiError(503, 'busy', busy);
    return new Promise((resolve) => lines[line].push(resolve));
  };
  const next = () => {
    const waiting = lines.known.shift() ?? lines.strangers.shift();
    // The place goes over to whoever is next.
    if (waiting === undefined) working -= 1;
    else waiting();
  };
  return {
    async take(work, { known }) {
      await turn(known ? 'known' : 'strangers');
      try {
        return await work();
      } finally {
        next();
      }
    },
  };
}
