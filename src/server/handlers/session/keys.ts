import { hashSecret, newId, newSecret } from '../../access/secrets.ts';
import { ApiError, type Handlers } from '../../api.ts';
import { ROUTES, type SESSION_ROUTES, webhookSchema } from '../../contract/index.ts';
import { mayGrant, mayHandOn, roleSchema } from './grants.ts';
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
      return { ok: true };
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
