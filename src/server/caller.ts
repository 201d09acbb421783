import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Accounts } from '../store/index.ts';
import { ROLES, type Role, stillGives } from './access/roles.ts';
import type { Sealer } from './access/sealing.ts';
import { hashSecret, newSecret } from './access/secrets.ts';

/** Who makes a request. */
export interface Caller {
  /** Account or key; null when signed out. */
  readonly id: string | null;
  readonly role: Role | null;
  readonly name: string | null;
  /** Pseudonym for judgments; null for keys, which do not judge. */
  readonly raterId: string | null;
  readonly via: 'session' | 'key' | null;
  /** The person who acts, or who made the key that does; null when signed out. */
  readonly account: string | null;
  /** The one project a key is good for; null for all. */
  readonly projectId: string | null;
  /** Projects that a person was put in. */
  readonly projects: readonly string[];
  /** Hash of the session's secret. */
  readonly session: string | null;
}

export const NOBODY: Caller = {
  id: null,
  role: null,
  name: null,
  raterId: null,
  via: null,
  account: null,
  projectId: null,
  projects: [],
  session: null,
};

const COOKIE = 'goodhart_session';
const SESSION_DAYS = 14;
const asRole = (role: string): Role | null => ROLES.find((known) => known === role) ?? null;

/** The caller behind a request: a bearer key first, else the session cookie. */
export async function identify(context: Context, accounts: Accounts, now: () => string): Promise<Caller> {
  const bearer = context.req.header('authorization')?.match(/^Bearer (\S+)$/)?.[1];
  if (bearer !== undefined) {
    const key = await accounts.keyBySecret(hashSecret(bearer), now());
    if (key === undefined) return NOBODY;
    const { id, name, projectId, createdBy } = key;
    const role = asRole(key.role);
    const giver = (await accounts.givers([createdBy])).get(createdBy);
    if (role === null || !stillGives(giver, { role, projectId }, { ownRole: true })) return NOBODY;
    return { ...NOBODY, id, name, role, via: 'key', account: createdBy, projectId };
  }
  const secret = getCookie(context, COOKIE);
  if (secret === undefined) return NOBODY;
  const session = hashSecret(secret);
  const account = await accounts.accountOfSession(session, now());
  if (account === undefined) return NOBODY;
  const { id, name, raterId, projects } = account;
  const role = asRole(account.role);
  return { id, name, raterId, role, via: 'session', account: id, projectId: null, projects, session };
}

/** Starts a session for an account and sets its cookie: HttpOnly, same site only, secure behind https. */
export async function startSession(
  context: Context,
  accounts: Accounts,
  { accountId, now, secure }: { readonly accountId: string; readonly now: string; readonly secure: boolean },
): Promise<void> {
  const secret = newSecret();
  const expires = new Date(Date.parse(now) + SESSION_DAYS * 86_400_000);
  await accounts.createSession({ tokenHash: hashSecret(secret), accountId, expiresAt: expires.toISOString(), now });
  setCookie(context, COOKIE, secret, { httpOnly: true, sameSite: 'Strict', secure, path: '/', expires });
}

const DEVICE = 'goodhart_device';
const DEVICE_DAYS = 400;

/** The account that was last signed in from this browser, as a secret of ours says; null for none. */
export function deviceOf(context: Context, sealer: Pick<Sealer, 'derive'>): string | null {
  const [account = '', proof = ''] = (getCookie(context, DEVICE) ?? '').split('.');
  const expected = Buffer.from(sealer.derive(`device/${account}`));
  const given = Buffer.from(proof);
  return expected.length === given.length && timingSafeEqual(expected, given) ? account : null;
}

/**
 * Marks the browser as one from which an account was signed in: what others at its address try then counts against them
 * alone. It lets nobody in.
 */
export function rememberDevice(
  context: Context,
  sealer: Pick<Sealer, 'derive'>,
  { accountId, now, secure }: { readonly accountId: string; readonly now: string; readonly secure: boolean },
): void {
  const expires = new Date(Date.parse(now) + DEVICE_DAYS * 86_400_000);
  const value = `${accountId}.${sealer.derive(`device/${accountId}`)}`;
  setCookie(context, DEVICE, value, { httpOnly: true, sameSite: 'Strict', secure, path: '/api/login', expires });
}

export const forgetSession = (context: Context): void => {
  deleteCookie(context, COOKIE, { path: '/' });
};
