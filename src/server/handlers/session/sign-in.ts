import type { Context } from 'hono';
import type { Account, Accounts, Invite } from '../../../store/index.ts';
import { createLoginPace } from '../../access/login-pace.ts';
import { looksLike } from '../../access/names.ts';
import { stillGives } from '../../access/roles.ts';
import { checkPassword, hashPassword, hashSecret, newId } from '../../access/secrets.ts';
import { createTurns } from '../../access/turns.ts';
import { ApiError, type Handlers } from '../../api.ts';
import { type Caller, forgetSession, startSession } from '../../caller.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { roleSchema, userOf } from './grants.ts';

type SigningIn = Pick<
  typeof SESSION_ROUTES,
  | 'GET /api/session'
  | 'POST /api/setup'
  | 'POST /api/login'
  | 'POST /api/logout'
  | 'POST /api/password'
  | 'GET /api/invites/{token}'
  | 'POST /api/invites/{token}'
>;

export interface SessionServices {
  readonly accounts: Accounts;
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
/** Names that may be tried on one invitation: each answer says whether somebody is called so. */
const NAMES_AN_INVITATION = 20;
const unrefPause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

const nameTaken = (name: string) =>
  new ApiError(409, 'name', `the name ${name} is taken, or looks like one that is; choose another`);

/** Signing in and out, and the first visit of who was invited. */
export function signInHandlers(services: SessionServices): Handlers<SigningIn> {
  const { accounts, now, version, setupTokenHash, passwordCost, isSecure, rateScale = 1 } = services;
  // Two of the four threads that Node hashes in; the others read files.
  const turns = createTurns({ atOnce: 2, strangers: 32 });
  const pace = createLoginPace({
    free: rateScale > 0 ? FREE_TRIES * rateScale : Number.POSITIVE_INFINITY,
    everyMs: TRY_EVERY_MS,
    now: () => Date.parse(now()),
    pause: services.pause ?? unrefPause,
  });
  /** Names tried on each open invitation. */
  const tried = new Map<string, number>();

  const newAccount = async (name: string, password: string) => ({
    id: newId('account'),
    name,
    raterId: newId('rater'),
    passwordHash: await turns.take(() => hashPassword(password, passwordCost), { known: true }),
    createdAt: now(),
    disabled: false,
  });
  const ownAccount = async (caller: Caller): Promise<Account> => {
    const account = caller.via === 'session' && caller.id !== null ? await accounts.accountById(caller.id) : undefined;
    if (account === undefined) throw new ApiError(400, 'key', 'this is for a person, not for a key; sign in');
    return account;
  };
  const start = (context: Context, accountId: string) =>
    startSession(context, accounts, { accountId, now: now(), secure: isSecure(context) });
  /** An invitation that is good: open, and from somebody who could still give it. */
  const inviteOf = async (token: string): Promise<Invite> => {
    const invite = await accounts.inviteByToken(hashSecret(token), now());
    const giver = invite && (await accounts.givers([invite.createdBy])).get(invite.createdBy);
    const role = roleSchema.safeParse(invite?.role).data;
    if (invite === undefined || role === undefined || !stillGives(giver, { ...invite, role }, { needsProject: false }))
      throw new ApiError(404, 'invite', 'this invitation is used, expired or taken back; ask for another');
    return invite;
  };
  /** Refuses a name that is somebody's, or that people could not tell from somebody's. */
  const refuseTaken = async (name: string): Promise<void> => {
    const taken = (await accounts.accounts()).some((account) => looksLike(account.name, name));
    if (taken) throw nameTaken(name);
  };
  const countTry = ({ id }: Invite): void => {
    const tries = (tried.get(id) ?? 0) + 1;
    tried.set(id, tries);
    if (tried.size > 10_000) tried.delete(tried.keys().next().value!);
    if (tries > NAMES_AN_INVITATION)
      throw new ApiError(429, 'rate', 'too many names were tried on this invitation; ask for another');
  };

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
      const passwordHash = await turns.take(() => hashPassword(body.next, passwordCost), known);
      await accounts.updateAccount(account.id, { passwordHash });
      await accounts.endSessions(account.id, caller.session ?? undefined);
      // Who knew the old password may have made some.
      await accounts.takeBackGiven(account.id);
      return { ok: true };
    },
    async 'GET /api/invites/{token}'({ params }) {
      const { role, projectId, expiresAt } = await inviteOf(params.token);
      return { role: roleSchema.parse(role), project: projectId, expiresAt };
    },
    async 'POST /api/invites/{token}'({ params, body, context }) {
      // Looked up before anything is hashed: a made-up invitation costs the server a look.
      const invite = await inviteOf(params.token);
      countTry(invite);
      await refuseTaken(body.name);
      const account = await newAccount(body.name, body.password);
      const made = await accounts.acceptInvite(hashSecret(params.token), account, { now: now(), alike: looksLike });
      if (made === 'no-invite')
        throw new ApiError(404, 'invite', 'this invitation is used, expired or taken back; ask for another');
      if (made === 'name-taken') throw nameTaken(body.name);
      await start(context, made.id);
      return { user: userOf(made) };
    },
  };
}
