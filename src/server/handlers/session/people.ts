import type { Account } from '../../../store/index.ts';
import { resetLink } from '../../access/reset.ts';
import { hashSecret, newId, newSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import type { SESSION_ROUTES } from '../../contract/index.ts';
import { noteDeletion } from '../../deletions.ts';
import { mayEnter } from '../../services.ts';
import { personOf as giverOf, isTheirs, mayGrant, mayHandOn, roleSchema, theirs, userOf } from './grants.ts';
import type { SessionServices } from './sign-in.ts';

type People = Pick<
  typeof SESSION_ROUTES,
  | 'GET /api/invites'
  | 'POST /api/invites'
  | 'DELETE /api/invites/{id}'
  | 'GET /api/people'
  | 'PATCH /api/people/{id}'
  | 'DELETE /api/people/{id}'
  | 'POST /api/people/{id}/reset'
  | 'POST /api/projects/{project}/people'
  | 'DELETE /api/projects/{project}/people/{id}'
>;

const RESET_HOURS = 24;

/** People and invitations. */
export function peopleHandlers({ accounts, now }: Pick<SessionServices, 'accounts' | 'now'>): Handlers<People> {
  const personOf = async (account: Account) => ({
    ...userOf(account),
    createdAt: account.createdAt,
    disabled: account.disabled,
    projects: await accounts.projectsOf(account.id),
  });

  const known = async (id: string): Promise<Account> => {
    const account = await accounts.accountById(id);
    if (account === undefined) throw new ApiError(404, 'person', `there is nobody ${id}`);
    return account;
  };

  return {
    async 'GET /api/invites'({ caller }) {
      const open = (await accounts.invites(now())).filter((invite) => isTheirs(caller, invite));
      return {
        invites: open.map(({ id, role, projectId, expiresAt, note }) => ({
          id,
          role: roleSchema.parse(role),
          projectId,
          expiresAt,
          note,
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
      const { role, projectId, note } = body;
      const invite = { id, tokenHash: hashSecret(secret), role, projectId, expiresAt, createdBy, note };
      await accounts.createInvite(invite, now());
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
      const account = await known(params.id);
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
    async 'POST /api/people/{id}/reset'({ caller, params }) {
      giverOf(caller);
      const account = await known(params.id);
      if (account.disabled)
        throw new ApiError(409, 'disabled', `${account.name} is shut out; let them in first (Change)`);
      return resetLink(accounts, account.id, { now: now(), hours: RESET_HOURS });
    },
    async 'DELETE /api/people/{id}'({ caller, params, body }) {
      const by = giverOf(caller);
      const account = await known(params.id);
      if (account.id === caller.id)
        throw new ApiError(400, 'self', 'nobody can delete their own account; ask another owner');
      if (body.confirm !== account.name)
        throw new ApiError(400, 'confirm', `expected ${account.name} typed once more; nothing was deleted`);
      await noteDeletion(accounts, { what: 'account', id: account.id, name: account.name, by, at: now() });
      await accounts.removeAccount(account.id);
      return { ok: true };
    },
    async 'POST /api/projects/{project}/people'({ caller, params, body }) {
      giverOf(caller);
      mayHandOn(caller, params.project);
      const account = await accounts.accountByName(body.name);
      if (account === undefined || account.disabled)
        throw new ApiError(404, 'person', `nobody here is called ${body.name}; invite them with a link`);
      const role = roleSchema.parse(account.role);
      if (role !== 'owner') mayGrant(caller, role);
      if (role !== 'owner') await accounts.setMember(account.id, params.project, true);
      return { person: await personOf(account) };
    },
    async 'DELETE /api/projects/{project}/people/{id}'({ caller, params }) {
      giverOf(caller);
      const account = await known(params.id);
      if (!(await accounts.projectsOf(account.id)).includes(params.project))
        throw new ApiError(404, 'person', `${params.id} is not in project ${params.project}`);
      mayGrant(caller, roleSchema.parse(account.role));
      await accounts.setMember(account.id, params.project, false);
      return { ok: true };
    },
  };
}
