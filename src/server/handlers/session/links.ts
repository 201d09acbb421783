import type { Invite } from '../../../store/index.ts';
import { looksLike } from '../../access/names.ts';
import { RANK, stillGives } from '../../access/roles.ts';
import { hashSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { roleSchema, userOf } from './grants.ts';
import type { SessionServices, Signing } from './sign-in.ts';

type Links = Pick<
  typeof SESSION_ROUTES,
  | 'GET /api/invites/{token}'
  | 'POST /api/invites/{token}'
  | 'POST /api/invites/{token}/accept'
  | 'GET /api/resets/{token}'
  | 'POST /api/resets/{token}'
>;

/** Names that may be tried on one invitation: each answer says whether somebody is called so. */
const NAMES_AN_INVITATION = 20;
const nameTaken = (name: string) =>
  new ApiError(409, 'name', `the name ${name} is taken, or looks like one that is; choose another`);

const noReset = () => new ApiError(404, 'reset', 'this link was used, or is too old; ask an owner for another');

/** Links that let somebody in: invitations, for who comes first and for who has an account, and new passwords. */
export function linkHandlers(
  { accounts, now }: Pick<SessionServices, 'accounts' | 'now'>,
  { hash, newAccount, ownAccount, start }: Signing,
): Handlers<Links> {
  /** Names tried on each open invitation. */
  const tried = new Map<string, number>();

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
    async 'GET /api/invites/{token}'({ params }) {
      const { role, projectId, expiresAt, note } = await inviteOf(params.token);
      return { role: roleSchema.parse(role), project: projectId, expiresAt, note };
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
    async 'POST /api/invites/{token}/accept'({ caller, params }) {
      const account = await ownAccount(caller);
      const { role, projectId } = await inviteOf(params.token);
      if (projectId === null)
        throw new ApiError(409, 'invite', 'this invitation is for a new account and no project; you have one already');
      const own = roleSchema.parse(account.role);
      // Who leads may judge and read in their projects too; nobody becomes more than they are by a link.
      if (role !== own && RANK[own] < RANK.lead)
        throw new ApiError(
          409,
          'role',
          `this invitation is for the role ${role}, and you are here as ${own}; ask an owner to change your role`,
        );
      if (!(await accounts.joinByInvite(hashSecret(params.token), account.id, now())))
        throw new ApiError(404, 'invite', 'this invitation is used, expired or taken back; ask for another');
      return { project: projectId };
    },
    async 'GET /api/resets/{token}'({ params }) {
      const account = await accounts.accountOfReset(hashSecret(params.token), now());
      if (account === undefined) throw noReset();
      return { name: account.name };
    },
    async 'POST /api/resets/{token}'({ params, body, context }) {
      const tokenHash = hashSecret(params.token);
      // Looked up before anything is hashed: a made-up link costs the server a look.
      if ((await accounts.accountOfReset(tokenHash, now())) === undefined) throw noReset();
      const passwordHash = await hash(body.password);
      const account = await accounts.resetPassword(tokenHash, passwordHash, now());
      if (account === undefined) throw noReset();
      await start(context, account.id);
      return { user: userOf(account) };
    },
  };
}
