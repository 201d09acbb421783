import type { Context } from 'hono';
import type { Account, Accounts } from '../../../store/index.ts';
import { createLoginPace } from '../../access/login-pace.ts';
import type { Sealer } from '../../access/sealing.ts';
import { checkPassword, hashPassword, hashSecret, newId } from '../../access/secrets.ts';
import { createTurns } from '../../access/turns.ts';
import { ApiError, type Handlers } from '../../api.ts';
import { type Caller, forgetSession, rememberDevice, startSession } from '../../caller.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { userOf } from './grants.ts';

type SigningIn = Pick<
  typeof SESSION_ROUTES,
  'GET /api/session' | 'POST /api/setup' | 'POST /api/login' | 'POST /api/logout' | 'POST /api/password'
>;

export interface SessionServices {
  readonly accounts: Accounts;
  readonly sealer: Sealer;
  readonly now: () => string;
  readonly version: string;
  /** Hash of the one-time token that creates the first owner. */
  readonly setupTokenHash: string;
  /** Cost N of new password hashes; tests take less. */
  readonly passwordCost?: number;
  /** Whether the caller's browser speaks https. */
  readonly isSecure: (context: Context) => boolean;
  readonly rateScale?: number;
  readonly pause?: (ms: number) => Promise<void>;
}

/** Tries at one account in a minute, from wherever they come, before they are slowed down; then one in so long. */
const FREE_TRIES = 30;
const TRY_EVERY_MS = 2_000;
const unrefPause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

/** What signing in and links that let somebody in have in common; the turns in which passwords are hashed are shared. */
export function createSigning({ accounts, sealer, now, passwordCost, isSecure }: SessionServices) {
  // Two of the four threads that Node hashes in; the others read files.
  const turns = createTurns({ atOnce: 2, strangers: 32 });
  const hash = (password: string) => turns.take(() => hashPassword(password, passwordCost), { known: true });
  const newAccount = async (name: string, password: string) => ({
    id: newId('account'),
    name,
    raterId: newId('rater'),
    passwordHash: await hash(password),
    createdAt: now(),
    disabled: false,
  });
  const ownAccount = async (caller: Caller): Promise<Account> => {
    const account = caller.via === 'session' && caller.id !== null ? await accounts.accountById(caller.id) : undefined;
    if (account === undefined) throw new ApiError(400, 'key', 'this is for a person, not for a key; sign in');
    return account;
  };
  const start = async (context: Context, accountId: string) => {
    const session = { accountId, now: now(), secure: isSecure(context) };
    await startSession(context, accounts, session);
    rememberDevice(context, sealer, session);
  };
  return { turns, hash, newAccount, ownAccount, start };
}
export type Signing = ReturnType<typeof createSigning>;

/** Signing in and out. */
export function signInHandlers(services: SessionServices, signing: Signing): Handlers<SigningIn> {
  const { accounts, now, version, setupTokenHash, rateScale = 1 } = services;
  const { turns, hash, newAccount, ownAccount, start } = signing;
  const pace = createLoginPace({
    free: rateScale > 0 ? FREE_TRIES * rateScale : Number.POSITIVE_INFINITY,
    everyMs: TRY_EVERY_MS,
    now: () => Date.parse(now()),
    pause: services.pause ?? unrefPause,
  });
  return {
    async 'GET /api/session'({ caller }) {
      const account = caller.via === 'session' ? await accounts.accountById(caller.id!) : undefined;
      const setup = account === undefined && (await accounts.accounts()).length === 0;
      return { user: account === undefined ? null : userOf(account), setup, version };
    },
    async 'POST /api/setup'({ body, context }) {
      if (hashSecret(body.token) !== setupTokenHash)
        throw new ApiError(403, 'token', 'this link is not the one the terminal printed last; open that one');
      const exists = new ApiError(409, 'setup', 'the owner exists already; sign in');
      if ((await accounts.accounts()).length > 0) throw exists;
      const made = await accounts.createAccount(
        { ...(await newAccount(body.name, body.password)), role: 'owner' },
        { onlyFirst: true },
      );
      if (made === undefined) throw exists;
      await start(context, made.id);
      return { user: userOf(made) };
    },
    async 'POST /api/login'({ body, address, context }) {
      const name = body.name.trim();
      await pace.turn(name.normalize('NFKC').toLowerCase(), address);
      const account = await accounts.accountByName(name);
      const right = await turns.take(() => checkPassword(body.password, account?.passwordHash), { known: false });
      if (account === undefined || !right || account.disabled)
        throw new ApiError(401, 'login', 'name and password do not go together, or the account is shut; try again');
      await start(context, account.id);
      return { user: userOf(account) };
    },
    async 'POST /api/logout'({ caller, context }) {
      if (caller.session !== null) await accounts.endSession(caller.session);
      forgetSession(context);
      return { ok: true };
    },
    async 'POST /api/password'({ caller, body }) {
      const account = await ownAccount(caller);
      const known = { known: true };
      if (!(await turns.take(() => checkPassword(body.current, account.passwordHash), known)))
        throw new ApiError(403, 'password', 'the current password is another one; try again');
      const passwordHash = await hash(body.next);
      await accounts.updateAccount(account.id, { passwordHash });
      await accounts.endSessions(account.id, caller.session ?? undefined);
      // Who knew the old password may have made some.
      await accounts.takeBackGiven(account.id);
      return { ok: true };
    },
  };
}
