import { ApiError } from '../api-error.ts';

/** Slows guesses at one account down, from wherever they come, and shuts nobody out. */
export interface LoginPace {
  /** Resolves when a try at an account may go on; an `ApiError` (429) for an address that waits too often. */
  turn(account: string, from: string): Promise<void>;
}

interface Waiting {
  readonly from: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
interface Account {
  started: number;
  tries: number;
  /** Tries by address since the line was last empty. */
  readonly by: Map<string, number>;
  readonly line: Waiting[];
  serving: boolean;
}

const WINDOW_MS = 60_000;
/** Accounts, real or not, that are remembered. */
const MOST_ACCOUNTS = 10_000;
const MOST_WAITING = 200;

/**
 * The first tries of a minute pass at once. Further ones wait in a line that lets one on at a time, the address with the
 * fewest tries first: whoever owns the account comes from an address that has not been guessing, and is next, however many
 * guesses of others wait. When the line is full, one of the address that guessed most has to leave it.
 */
export function createLoginPace({
  free,
  everyMs,
  now,
  pause,
}: {
  readonly free: number;
  readonly everyMs: number;
  /** Milliseconds. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}): LoginPace {
  const accounts = new Map<string, Account>();
  const accountOf = (name: string): Account => {
    const known = accounts.get(name);
    accounts.delete(name);
    const account: Account = known ?? { started: now(), tries: 0, by: new Map(), line: [], serving: false };
    accounts.set(name, account);
    if (accounts.size > MOST_ACCOUNTS) {
      const oldest = [...accounts].find(([, { line }]) => line.length === 0);
      if (oldest !== undefined) accounts.delete(oldest[0]);
    }
    if (now() - account.started >= WINDOW_MS && account.line.length === 0) {
      Object.assign(account, { started: now(), tries: 0 });
      account.by.clear();
    }
    return account;
  };
  const triesOf = ({ by }: Account, { from }: Waiting) => by.get(from) ?? 0;
  const serve = async (account: Account): Promise<void> => {
    account.serving = true;
    while (account.line.length > 0) {
      await pause(everyMs);
      let next = 0;
      for (const [i, waiting] of account.line.entries())
        if (triesOf(account, waiting) < triesOf(account, account.line[next]!)) next = i;
      account.line.splice(next, 1)[0]?.resolve();
    }
    account.serving = false;
  };
  return {
    turn(name, from) {
      const account = accountOf(name);
      account.tries += 1;
      account.by.set(from, (account.by.get(from) ?? 0) + 1);
      if (account.tries <= free) return Promise.resolve();
      return new Promise((resolve, reject) => {
        account.line.push({ from, resolve, reject });
        if (account.line.length > MOST_WAITING) {
          let most = 0;
          for (const [i, waiting] of account.line.entries())
            if (triesOf(account, waiting) >= triesOf(account, account.line[most]!)) most = i;
          const [left] = account.line.splice(most, 1);
          left?.reject(new ApiError(429, 'rate', 'too many tries at this account; wait a minute and try again'));
        }
        if (!account.serving) void serve(account);
      });
    },
  };
}
