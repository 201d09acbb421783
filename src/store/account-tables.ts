import type { Selectable } from 'kysely';
import type { Account, ApiKey, Invite, Webhook } from './accounts.ts';

/** Tables of accounts (migrations 2, 4 and 6). Flags are 0 or 1; JSON is text. */
export interface AccountTables {
  accounts: {
    id: string;
    name: string;
    /** The name in lower case: what is unique. */
    name_key: string;
    role: string;
    rater_id: string;
    password_hash: string;
    created_at: string;
    disabled: number;
  };
  account_projects: { account_id: string; project_id: string };
  sessions: { token_hash: string; account_id: string; expires_at: string };
  invites: {
    id: string;
    token_hash: string;
    role: string;
    project_id: string | null;
    expires_at: string;
    created_by: string;
    note: string;
  };
  resets: { token_hash: string; account_id: string; expires_at: string };
  api_keys: {
    id: string;
    name: string;
    secret_hash: string;
    role: string;
    project_id: string | null;
    created_by: string;
    created_at: string;
    last_used_at: string | null;
  };
  webhooks: {
    id: string;
    url: string;
    project_id: string | null;
    events: string;
    secret: string;
    created_at: string;
    failures: number;
    created_by: string;
  };
  settings: { key: string; value: string };
}

export const nameKey = (name: string) => name.normalize('NFKC').toLowerCase();

export const toAccount = (row: Selectable<AccountTables['accounts']>): Account => ({
  id: row.id,
  name: row.name,
  role: row.role,
  raterId: row.rater_id,
  passwordHash: row.password_hash,
  createdAt: row.created_at,
  disabled: row.disabled === 1,
});
export const toInvite = (row: Selectable<AccountTables['invites']>): Invite => ({
  id: row.id,
  tokenHash: row.token_hash,
  role: row.role,
  projectId: row.project_id,
  expiresAt: row.expires_at,
  createdBy: row.created_by,
  note: row.note,
});
export const toKey = (row: Selectable<AccountTables['api_keys']>): ApiKey => ({
  id: row.id,
  name: row.name,
  secretHash: row.secret_hash,
  role: row.role,
  projectId: row.project_id,
  createdBy: row.created_by,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});
export const toWebhook = (row: Selectable<AccountTables['webhooks']>): Webhook => ({
  id: row.id,
  url: row.url,
  projectId: row.project_id,
  events: JSON.parse(row.events) as string[],
  secret: row.secret,
  createdBy: row.created_by,
  createdAt: row.created_at,
  failures: row.failures,
});
