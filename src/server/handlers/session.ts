import { z } from 'zod';
import type { Account, Accounts } from '../../store/index.ts';
import { ROLES, type Role } from '../access/roles.ts';
import { checkPassword, hashPassword, hashSecret, newId, newSecret } from '../access/secrets.ts';
import { ApiError, type Handlers } from '../api.ts';
import { type Caller, forgetSession, startSession } from '../caller.ts';
import { ROUTES, type SESSION_ROUTES, webhookSchema } from '../contract/index.ts';
import { mayEnter } from '../services.ts';

export interface SessionServices {
  readonly accounts: Accounts;
  readonly now: () => string;
  readonly version: string;
  /** Hash of the one-time token that creates the first owner. */
  readonly setupTokenHash: string;
  /** Cost N of new password hashes; tests take less. */
  readonly passwordCost?: number;
}

const roleSchema = z.enum(ROLES);
const userOf = (account: Account) => ({
  id: account.id,
  name: account.name,
  role: roleSchema.parse(account.role),
  raterId: account.raterId,
});
/** Rank of roles in what they may hand on: a lead may not make an owner. */
const RANK: { readonly [R in Role]: number } = { auditor: 0, rater: 0, lead: 1, owner: 2 };

function mayGrant(caller: Caller, role: Role): void {
  if (caller.role !== 'owner' && RANK[role] >= RANK[caller.role ?? 'rater'])
    throw new ApiError(403, 'role', `a ${caller.role} cannot make a ${role}; ask an owner`);
}

/** Owners reach every project; whoever else hands on access hands on that to a project of their own. */
function mayHandOn(caller: Caller, projectId: string | null): void {
  if (caller.role === 'owner' || (projectId !== null && mayEnter(caller, projectId))) return;
  throw new ApiError(403, 'project', 'name a project that you belong to; only an owner can give access to others');
}

/** Signing in and out, people, invitations, keys and webhooks. */
export function sessionHandlers({
  accounts,
  now,
  version,
  setupTokenHash,
  passwordCost,
}: SessionServices): Handlers<typeof SESSION_ROUTES> {
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
  const personOf = async (account: Account) => ({
    ...userOf(account),
    createdAt: account.createdAt,
    disabled: account.disabled,
    projects: await accounts.projectsOf(account.id),
  });
  const done = { ok: true } as const;

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
      return done;
    },
    async 'POST /api/password'({ caller, body }) {
      const account = await ownAccount(caller);
      if (!(await checkPassword(body.current, account.passwordHash)))
        throw new ApiError(403, 'password', 'the current password is another one; try again');
      await accounts.updateAccount(account.id, { passwordHash: await hashPassword(body.next, passwordCost) });
      await accounts.endSessions(account.id, caller.session ?? undefined);
      return done;
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
    async 'GET /api/invites'() {
      const open = await accounts.invites(now());
      return {
        invites: open.map(({ id, role, projectId, expiresAt }) => ({
          id,
          role: roleSchema.parse(role),
          projectId,
          expiresAt,
        })),
      };
    },
    async 'POST /api/invites'({ caller, body }) {
      mayGrant(caller, body.role);
      // Without a project an account sees none.
      if (body.projectId !== null) mayHandOn(caller, body.projectId);
      const secret = newSecret();
      const id = newId('invite');
      const expiresAt = new Date(Date.parse(now()) + body.hours * 3_600_000).toISOString();
      const { role, projectId } = body;
      await accounts.createInvite({
        id,
        tokenHash: hashSecret(secret),
        role,
        projectId,
        expiresAt,
        createdBy: caller.id!,
      });
      return { id, path: `/join/${secret}`, expiresAt };
    },
    async 'DELETE /api/invites/{id}'({ params }) {
      await accounts.removeInvite(params.id);
      return done;
    },
    async 'GET /api/people'() {
      return { people: await Promise.all((await accounts.accounts()).map(personOf)) };
    },
    async 'PATCH /api/people/{id}'({ caller, params, body }) {
      const account = await accounts.accountById(params.id);
      if (account === undefined) throw new ApiError(404, 'person', `there is nobody ${params.id}`);
      if (account.id === caller.id && (body.disabled === true || (body.role ?? account.role) !== account.role))
        throw new ApiError(
          400,
          'self',
          'nobody can shut out or change the role of their own account; ask another owner',
        );
      const { role, disabled, projects } = body;
      await accounts.updateAccount(account.id, { ...(role && { role }), ...(disabled !== undefined && { disabled }) });
      if (disabled === true) await accounts.endSessions(account.id);
      if (projects !== undefined) await accounts.setProjects(account.id, projects);
      return { person: await personOf((await accounts.accountById(account.id))!) };
    },
    async 'GET /api/keys'() {
      const keys = await accounts.keys();
      return {
        keys: keys.map(({ id, name, role, projectId, createdAt, lastUsedAt }) => ({
          id,
          name,
          role: roleSchema.parse(role),
          projectId,
          createdAt,
          lastUsedAt,
        })),
      };
    },
    async 'POST /api/keys'({ caller, body }) {
      if (body.role !== caller.role) mayGrant(caller, body.role);
      mayHandOn(caller, body.projectId);
      if (body.role === 'rater') throw new ApiError(400, 'key', 'keys do not judge; choose lead or auditor');
      const secret = `goodhart_${newSecret()}`;
      const key = {
        id: newId('key'),
        name: body.name,
        role: body.role,
        projectId: body.projectId,
        createdAt: now(),
        lastUsedAt: null,
      };
      await accounts.createKey({ ...key, secretHash: hashSecret(secret), createdBy: caller.id! });
      return { key, secret };
    },
    async 'DELETE /api/keys/{id}'({ params }) {
      await accounts.removeKey(params.id);
      return done;
    },
    async 'GET /api/webhooks'() {
      // Parsing leaves the secrets out.
      return { webhooks: (await accounts.webhooks()).map((webhook) => webhookSchema.parse(webhook)) };
    },
    async 'POST /api/webhooks'({ caller, body }) {
      mayHandOn(caller, body.projectId);
      const webhook = { id: newId('webhook'), ...body, createdAt: now(), failures: 0 };
      // Standard Webhooks: the prefix tells the library that the rest is base64.
      const secret = `whsec_${Buffer.from(newSecret(), 'base64url').toString('base64')}`;
      await accounts.createWebhook({ ...webhook, secret });
      return { webhook, secret };
    },
    async 'DELETE /api/webhooks/{id}'({ params }) {
      await accounts.removeWebhook(params.id);
      return done;
    },
    async 'GET /api/roles'() {
      return {
        routes: Object.entries(ROUTES).map(([route, { summary, allow }]) => ({
          route,
          summary,
          allow: allow === 'public' ? ['anyone'] : [...allow],
        })),
      };
    },
  };
}
