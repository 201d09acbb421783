import type { Account } from '../../../store/index.ts';
import { hashSecret, newId, newSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { mayEnter } from '../../services.ts';
import { personOf as giverOf, isTheirs, mayGrant, mayHandOn, roleSchema, theirs, userOf } from './grants.ts';
import type { SessionServices } from './sign-in.ts';

type People = Pick<
  typeof SESSION_ROUTES,
  'GET /api/invites' | 'POST /api/invites' | 'DELETE /api/invites/{id}' | 'GET /api/people' | 'PATCH /api/people/{id}'
>;

/** People and invitations. */
export function peopleHandlers({ accounts, now }: Pick<SessionServices, 'accounts' | 'now'>): Handlers<People> {
  const personOf = async (account: Account) => ({
    ...userOf(account),
    createdAt: account.createdAt,
    disabled: account.disabled,
    projects: await accounts.projectsOf(account.id),
  });

  return {
    async 'GET /api/invites'({ caller }) {
      const open = (await accounts.invites(now())).filter((invite) => isTheirs(caller, invite));
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
      const createdBy = giverOf(caller);
      mayGrant(caller, body.role);
      // Without a project an account sees none.
      if (body.projectId !== null) mayHandOn(caller, body.projectId);
      const secret = newSecret();
      const id = newId('invite');
      const expiresAt = new Date(Date.parse(now()) + body.hours * 3_600_000).toISOString();
      const { role, projectId } = body;
      await accounts.createInvite({ id, tokenHash: hashSecret(secret), role, projectId, expiresAt, createdBy }, now());
      return { id, path: `/join/${secret}`, expiresAt };
    },
    async 'DELETE /api/invites/{id}'({ caller, params }) {
      await accounts.removeInvite(theirs(caller, await accounts.invites(now()), params.id).id);
      return { ok: true };
    },
    async 'GET /api/people'({ caller }) {
      const all = await Promise.all((await accounts.accounts()).map(personOf));
      const near = (person: (typeof all)[number]) =>
        person.id === caller.account || person.projects.some((project) => mayEnter(caller, project));
      return { people: caller.role === 'owner' ? all : all.filter(near) };
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
      await accounts.updateAccount(account.id, { ...(role && { role }), ...(disabled === false && { disabled }) });
      if (disabled === true) await accounts.shutOut(account.id);
      if (projects !== undefined) await accounts.setProjects(account.id, projects);
      return { person: await personOf((await accounts.accountById(account.id))!) };
    },
  };
}
