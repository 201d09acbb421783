import { hashSecret, newId, newSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import { ROUTES, type SESSION_ROUTES, webhookSchema } from '../../contract/index.ts';
import { isTheirs, mayGrant, mayHandOn, personOf, roleSchema, theirs } from './grants.ts';
import type { SessionServices } from './sign-in.ts';

type Keys = Pick<
  typeof SESSION_ROUTES,
  | 'GET /api/keys'
  | 'POST /api/keys'
  | 'DELETE /api/keys/{id}'
  | 'GET /api/webhooks'
  | 'POST /api/webhooks'
  | 'DELETE /api/webhooks/{id}'
  | 'GET /api/roles'
>;

/** Keys and webhooks of scripts, and the table of who may do what. */
export function keyHandlers({ accounts, now }: Pick<SessionServices, 'accounts' | 'now'>): Handlers<Keys> {
  return {
    async 'GET /api/keys'({ caller }) {
      const keys = (await accounts.keys()).filter((key) => isTheirs(caller, key));
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
      const createdBy = personOf(caller);
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
      await accounts.createKey({ ...key, secretHash: hashSecret(secret), createdBy });
      return { key, secret };
    },
    async 'DELETE /api/keys/{id}'({ caller, params }) {
      await accounts.removeKey(theirs(caller, await accounts.keys(), params.id).id);
      return { ok: true };
    },
    async 'GET /api/webhooks'({ caller }) {
      // Parsing leaves the secrets out. An address may be one too: whose it is not does not see it.
      const webhooks = (await accounts.webhooks()).filter((webhook) => isTheirs(caller, webhook));
      return { webhooks: webhooks.map((webhook) => webhookSchema.parse(webhook)) };
    },
    async 'POST /api/webhooks'({ caller, body }) {
      const createdBy = personOf(caller);
      mayHandOn(caller, body.projectId);
      const webhook = { id: newId('webhook'), ...body, createdAt: now(), failures: 0 };
      // Standard Webhooks: the prefix tells the library that the rest is base64.
      const secret = `whsec_${Buffer.from(newSecret(), 'base64url').toString('base64')}`;
      await accounts.createWebhook({ ...webhook, secret, createdBy });
      return { webhook, secret };
    },
    async 'DELETE /api/webhooks/{id}'({ caller, params }) {
      await accounts.removeWebhook(theirs(caller, await accounts.webhooks(), params.id).id);
      return { ok: true };
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
