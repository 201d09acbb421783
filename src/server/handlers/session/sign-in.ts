import type { Account, Accounts } from '../../../store/index.ts';
import { checkPassword, hashPassword, hashSecret, newId } from '../../access/secrets.ts';
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
}

/** Signing in and out, and the first visit of who was invited. */
export function signInHandlers({
  accounts,
  now,
  version,
  setupTokenHash,
  passwordCost,
}: SessionServices): Handlers<SigningIn> {
  const newAccount = async (name: string, password: string) => ({
    id: newId('account'),
    name,
    raterId: newId('rater'),
    passwordHash: await hashPassword(password, passwordCost),
    createdAt: now(),
    disabled: false,
  });
  const ownAccount = async (caller: Caller): Promise<Account> => {
    const account = caller.via === 'session' && caller.id !== null ? await accounts.accountById(caller.id) : undefined;
    if (account === undefined) throw new ApiError(400, 'key', 'this is for a person, not for a key; sign in');
    return account;
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
      const made = await accounts.createAccount(
        { ...(await newAccount(body.name, body.password)), role: 'owner' },
        { onlyFirst: true },
      );
      if (made === undefined) throw new ApiError(409, 'setup', 'the owner exists already; sign in');
      await startSession(context, accounts, { accountId: made.id, now: now() });
      return { user: userOf(made) };
    },
    async 'POST /api/login'({ body, context }) {
      const account = await accounts.accountByName(body.name.trim());
      const right = await checkPassword(body.password, account?.passwordHash);
      if (account === undefined || !right || account.disabled)
        throw new ApiError(401, 'login', 'name and password do not go together, or the account is shut; try again');
      await startSession(context, accounts, { accountId: account.id, now: now() });
      return { user: userOf(account) };
    },
    async 'POST /api/logout'({ caller, context }) {
      if (caller.session !== null) await accounts.endSession(caller.session);
      forgetSession(context);
      return { ok: true };
    },
    async 'POST /api/password'({ caller, body }) {
      const account = await ownAccount(caller);
      if (!(await checkPassword(body.current, account.passwordHash)))
        throw new ApiError(403, 'password', 'the current password is another one; try again');
      await accounts.updateAccount(account.id, { passwordHash: await hashPassword(body.next, passwordCost) });
      await accounts.endSessions(account.id, caller.session ?? undefined);
      return { ok: true };
    },
    async 'GET /api/invites/{token}'({ params }) {
      const invite = await accounts.inviteByToken(hashSecret(params.token), now());
      if (invite === undefined)
        throw new ApiError(404, 'invite', 'this invitation is used, expired or taken back; ask for another');
      return { role: roleSchema.parse(invite.role), project: invite.projectId, expiresAt: invite.expiresAt };
    },
    async 'POST /api/invites/{token}'({ params, body, context }) {
      const account = await newAccount(body.name, body.password);
      const made = await accounts.acceptInvite(hashSecret(params.token), account, now());
      if (made === 'no-invite')
        throw new ApiError(404, 'invite', 'this invitation is used, expired or taken back; ask for another');
      if (made === 'name-taken') throw new ApiError(409, 'name', `the name ${body.name} is taken; choose another`);
      await startSession(context, accounts, { accountId: made.id, now: now() });
      return { user: userOf(made) };
    },
  };
}
