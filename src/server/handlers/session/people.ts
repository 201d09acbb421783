import type { Account } from '../../../store/index.ts';
import { hashSecret, newId, newSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { mayGrant, mayHandOn, roleSchema, userOf } from './grants.ts';
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
      return { ok: true };
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
  };
}
