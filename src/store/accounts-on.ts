import type { Kysely } from 'kysely';
import { type AccountTables, nameKey, toAccount, toInvite, toKey, toWebhook } from './account-tables.ts';
import type { Account, Accounts, Giver } from './accounts.ts';
import type { Connection } from './connection.ts';
import { prepared } from './prepared.ts';
import { isSecretSetting, settingContext, type Vault, webhookContext } from './secrets.ts';

type Db = Kysely<AccountTables>;
/** For single reads, and for writing in a transaction that is durable when it returns. */
interface Database {
  readonly vault: Vault;
  readonly db: Db;
  readonly write: <T>(effect: (trx: Db) => Promise<T>) => Promise<T>;
}

/** Adds the row unless its name is taken. */
async function insertAccount(db: Db, account: Account): Promise<Account | undefined> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('accounts')
    .values({
      id: account.id,
      name: account.name,
      name_key: nameKey(account.name),
      role: account.role,
      rater_id: account.raterId,
      password_hash: account.passwordHash,
      created_at: account.createdAt,
      disabled: Number(account.disabled),
    })
    .onConflict((conflict) => conflict.column('name_key').doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows ?? 0) === 1 ? account : undefined;
}

/** The invitation of a token, unless it has expired. */
const openInvite = (db: Db, tokenHash: string, now: string) =>
  db
    .selectFrom('invites')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();

/**
 * Ends links that set a new password: those to an account, and an owner's. A link does not say who made it, and owners alone
 * do: all go, and are soon made anew.
 */
async function endResets(db: Db, accountId: string): Promise<void> {
  const isOwner = await db
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', accountId)
    .where('role', '=', 'owner')
    .executeTakeFirst();
  const ended = db.deleteFrom('resets');
  await (isOwner === undefined ? ended.where('account_id', '=', accountId) : ended).execute();
}

async function takeBack(db: Db, accountId: string): Promise<void> {
  await endResets(db, accountId);
  await db.deleteFrom('api_keys').where('created_by', '=', accountId).execute();
  await db.deleteFrom('invites').where('created_by', '=', accountId).execute();
}

/** People, and the projects they belong to. */
function people({
  db,
  write,
}: Database): Pick<
  Accounts,
  | 'createAccount'
  | 'accountById'
  | 'accountByName'
  | 'accountByRater'
  | 'accounts'
  | 'updateAccount'
  | 'projectsOf'
  | 'setProjects'
  | 'setMember'
  | 'removeAccount'
  | 'forgetProject'
  | 'givers'
  | 'shutOut'
  | 'takeBackGiven'
> {
  const oneAccount = (column: 'id' | 'name_key' | 'rater_id', value: string) =>
    db
      .selectFrom('accounts')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
      .then((row) => (row === undefined ? undefined : toAccount(row)));

  return {
    createAccount: (account, { onlyFirst = false } = {}) =>
      write(async (trx) => {
        if (onlyFirst) {
          // A fixed row that only one transaction can add decides who is first, on either database.
          const claim = await trx
            .insertInto('settings')
            .values({ key: 'first-account', value: JSON.stringify(account.id) })
            .onConflict((conflict) => conflict.column('key').doNothing())
            .executeTakeFirst();
          if (Number(claim.numInsertedOrUpdatedRows ?? 0) === 0) return undefined;
        }
        return insertAccount(trx, account);
      }),
    accountById: (id) => oneAccount('id', id),
    accountByName: (name) => oneAccount('name_key', nameKey(name)),
    accountByRater: (raterId) => oneAccount('rater_id', raterId),
    accounts: async () =>
      (await db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id').execute()).map(toAccount),
    updateAccount: (id, { role, disabled, passwordHash }) =>
      write(async (trx) => {
        const change = {
          ...(role !== undefined && { role }),
          ...(disabled !== undefined && { disabled: Number(disabled) }),
          ...(passwordHash !== undefined && { password_hash: passwordHash }),
        };
        if (role !== undefined && role !== 'owner') await endResets(trx, id);
        if (Object.keys(change).length > 0)
          await trx.updateTable('accounts').set(change).where('id', '=', id).execute();
      }),
    projectsOf: async (accountId) =>
      (await db.selectFrom('account_projects').select('project_id').where('account_id', '=', accountId).execute()).map(
        (row) => row.project_id,
      ),
    setProjects: (accountId, projectIds) =>
      write(async (trx) => {
        await trx.deleteFrom('account_projects').where('account_id', '=', accountId).execute();
        const rows = [...new Set(projectIds)].map((project_id) => ({ account_id: accountId, project_id }));
        if (rows.length > 0) await trx.insertInto('account_projects').values(rows).execute();
      }),
    setMember: (account_id, project_id, member) =>
      write(async (trx) => {
        await trx
          .deleteFrom('account_projects')
          .where('account_id', '=', account_id)
          .where('project_id', '=', project_id)
          .execute();
        if (member) await trx.insertInto('account_projects').values({ account_id, project_id }).execute();
      }),
    forgetProject: (projectId) =>
      write(async (trx) => {
        for (const table of ['account_projects', 'api_keys', 'invites', 'webhooks'] as const)
          await trx.deleteFrom(table).where('project_id', '=', projectId).execute();
      }),
    removeAccount: (accountId) =>
      write(async (trx) => {
        await takeBack(trx, accountId);
        for (const table of ['sessions', 'account_projects', 'resets'] as const)
          await trx.deleteFrom(table).where('account_id', '=', accountId).execute();
        await trx.deleteFrom('webhooks').where('created_by', '=', accountId).execute();
        const { numDeletedRows } = await trx.deleteFrom('accounts').where('id', '=', accountId).executeTakeFirst();
        return Number(numDeletedRows) === 1;
      }),
    async givers(accountIds) {
      if (accountIds.length === 0) return new Map();
      const rows = await db
        .selectFrom('accounts')
        .leftJoin('account_projects', 'account_projects.account_id', 'accounts.id')
        .select(['accounts.id', 'accounts.role', 'account_projects.project_id'])
        .where('accounts.id', 'in', [...new Set(accountIds)])
        .where('disabled', '=', 0)
        .execute();
      const found = new Map<string, Giver & { readonly projects: string[] }>();
      for (const { id, role, project_id } of rows) {
        const giver = found.get(id) ?? { id, role, projects: [] };
        if (project_id !== null) giver.projects.push(project_id);
        found.set(id, giver);
      }
      return found;
    },
    shutOut: (accountId) =>
      write(async (trx) => {
        await trx.updateTable('accounts').set({ disabled: 1 }).where('id', '=', accountId).execute();
        await trx.deleteFrom('sessions').where('account_id', '=', accountId).execute();
        await takeBack(trx, accountId);
      }),
    takeBackGiven: (accountId) => write((trx) => takeBack(trx, accountId)),
  };
}

/** Sessions of people who signed in. */
function sessions({
  db,
  write,
}: Database): Pick<Accounts, 'createSession' | 'accountOfSession' | 'endSession' | 'endSessions'> {
  // A row for each project, one without for none.
  const sessionQuery = prepared(['tokenHash', 'now'], (places) =>
    db
      .selectFrom('sessions')
      .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
      .leftJoin('account_projects', 'account_projects.account_id', 'accounts.id')
      .selectAll('accounts')
      .select('account_projects.project_id')
      .where('token_hash', '=', places.tokenHash)
      .where('expires_at', '>', places.now)
      .where('disabled', '=', 0),
  );
  return {
    createSession: ({ tokenHash, accountId, expiresAt, now }) =>
      write(async (trx) => {
        await trx.deleteFrom('sessions').where('expires_at', '<=', now).execute();
        await trx
          .insertInto('sessions')
          .values({ token_hash: tokenHash, account_id: accountId, expires_at: expiresAt })
          .execute();
      }),
    async accountOfSession(tokenHash, now) {
      const { rows } = await db.executeQuery(sessionQuery({ tokenHash, now }));
      const [row] = rows;
      if (row === undefined) return undefined;
      return { ...toAccount(row), projects: rows.flatMap(({ project_id }) => project_id ?? []) };
    },
    endSession: (tokenHash) =>
      write(async (trx) => {
        await trx.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
      }),
    endSessions: (accountId, exceptTokenHash) =>
      write(async (trx) => {
        let query = trx.deleteFrom('sessions').where('account_id', '=', accountId);
        if (exceptTokenHash !== undefined) query = query.where('token_hash', '<>', exceptTokenHash);
        await query.execute();
      }),
  };
}

/** Invitations, each good for one account. */
function invites({
  db,
  write,
}: Database): Pick<
  Accounts,
  'createInvite' | 'inviteByToken' | 'invites' | 'removeInvite' | 'acceptInvite' | 'joinByInvite'
> {
  return {
    createInvite: (invite, now) =>
      write(async (trx) => {
        await trx.deleteFrom('invites').where('expires_at', '<=', now).execute();
        await trx
          .insertInto('invites')
          .values({
            id: invite.id,
            token_hash: invite.tokenHash,
            role: invite.role,
            project_id: invite.projectId,
            expires_at: invite.expiresAt,
            created_by: invite.createdBy,
            note: invite.note,
          })
          .execute();
      }),
    async inviteByToken(tokenHash, now) {
      const row = await openInvite(db, tokenHash, now);
      return row === undefined ? undefined : toInvite(row);
    },
    invites: async (now) =>
      (await db.selectFrom('invites').selectAll().where('expires_at', '>', now).orderBy('expires_at').execute()).map(
        toInvite,
      ),
    removeInvite: (id) =>
      write(async (trx) => {
        await trx.deleteFrom('invites').where('id', '=', id).execute();
      }),
    acceptInvite: (tokenHash, account, { now, alike = () => false }) =>
      write(async (trx) => {
        // The row is locked until the end, so that whoever comes next sees the name.
        await trx
          .insertInto('settings')
          .values({ key: 'naming', value: 'true' })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: 'true' }))
          .execute();
        const row = await openInvite(trx, tokenHash, now);
        if (row === undefined) return 'no-invite';
        const names = await trx.selectFrom('accounts').select('name').execute();
        if (names.some(({ name }) => alike(name, account.name))) return 'name-taken';
        const made = await insertAccount(trx, { ...account, role: row.role });
        if (made === undefined) return 'name-taken';
        // Two callers may both have read it; only one deletes it.
        const { numDeletedRows } = await trx.deleteFrom('invites').where('id', '=', row.id).executeTakeFirst();
        if (Number(numDeletedRows) === 0) {
          await trx.deleteFrom('accounts').where('id', '=', made.id).execute();
          return 'no-invite';
        }
        if (row.project_id !== null) {
          await trx
            .insertInto('account_projects')
            .values({ account_id: made.id, project_id: row.project_id })
            .execute();
        }
        return made;
      }),
    joinByInvite: (tokenHash, accountId, now) =>
      write(async (trx) => {
        const row = await openInvite(trx, tokenHash, now);
        if (row === undefined || row.project_id === null) return false;
        const { numDeletedRows } = await trx.deleteFrom('invites').where('id', '=', row.id).executeTakeFirst();
        if (Number(numDeletedRows) === 0) return false;
        await trx
          .insertInto('account_projects')
          .values({ account_id: accountId, project_id: row.project_id })
          .onConflict((conflict) => conflict.columns(['account_id', 'project_id']).doNothing())
          .execute();
        return true;
      }),
  };
}

/** Links that set a new password. */
function resets({ db, write }: Database): Pick<Accounts, 'createReset' | 'accountOfReset' | 'resetPassword'> {
  const find = async (on: Db, tokenHash: string, now: string) => {
    const row = await on
      .selectFrom('resets')
      .innerJoin('accounts', 'accounts.id', 'resets.account_id')
      .selectAll('accounts')
      .where('resets.token_hash', '=', tokenHash)
      .where('resets.expires_at', '>', now)
      .where('accounts.disabled', '=', 0)
      .executeTakeFirst();
    return row === undefined ? undefined : toAccount(row);
  };
  return {
    createReset: ({ tokenHash, accountId, expiresAt, now }) =>
      write(async (trx) => {
        await trx
          .deleteFrom('resets')
          .where((eb) => eb.or([eb('expires_at', '<=', now), eb('account_id', '=', accountId)]))
          .execute();
        await trx
          .insertInto('resets')
          .values({ token_hash: tokenHash, account_id: accountId, expires_at: expiresAt })
          .execute();
      }),
    accountOfReset: (tokenHash, now) => find(db, tokenHash, now),
    resetPassword: (tokenHash, passwordHash, now) =>
      write(async (trx) => {
        const account = await find(trx, tokenHash, now);
        // Of two callers who both read it, one deletes it.
        const { numDeletedRows } = await trx
          .deleteFrom('resets')
          .where('token_hash', '=', tokenHash)
          .executeTakeFirst();
        if (account === undefined || Number(numDeletedRows) === 0) return undefined;
        await trx.updateTable('accounts').set({ password_hash: passwordHash }).where('id', '=', account.id).execute();
        await trx.deleteFrom('sessions').where('account_id', '=', account.id).execute();
        await takeBack(trx, account.id);
        return { ...account, passwordHash };
      }),
  };
}

/** Keys of scripts. */
function keys({ db, write }: Database): Pick<Accounts, 'createKey' | 'keyBySecret' | 'keys' | 'removeKey'> {
  return {
    createKey: (key) =>
      write(async (trx) => {
        await trx
          .insertInto('api_keys')
          .values({
            id: key.id,
            name: key.name,
            secret_hash: key.secretHash,
            role: key.role,
            project_id: key.projectId,
            created_by: key.createdBy,
            created_at: key.createdAt,
            last_used_at: key.lastUsedAt,
          })
          .execute();
      }),
    async keyBySecret(secretHash, now) {
      const row = await db.selectFrom('api_keys').selectAll().where('secret_hash', '=', secretHash).executeTakeFirst();
      if (row === undefined) return undefined;
      // Noted by the minute: a busy script would otherwise write at every call.
      if (row.last_used_at === null || Date.parse(now) - Date.parse(row.last_used_at) > 60_000) {
        await write(async (trx) => {
          await trx.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', row.id).execute();
        });
      }
      return toKey(row);
    },
    keys: async () => (await db.selectFrom('api_keys').selectAll().orderBy('created_at').execute()).map(toKey),
    removeKey: (id) =>
      write(async (trx) => {
        await trx.deleteFrom('api_keys').where('id', '=', id).execute();
      }),
  };
}

/** Webhooks and how their deliveries went. */
function webhooks({
  db,
  write,
  vault,
}: Database): Pick<Accounts, 'createWebhook' | 'webhooks' | 'removeWebhook' | 'noteDelivery'> {
  return {
    createWebhook: (webhook) =>
      write(async (trx) => {
        await trx
          .insertInto('webhooks')
          .values({
            id: webhook.id,
            url: vault.seal(webhook.url, webhookContext(webhook.id, 'url')),
            project_id: webhook.projectId,
            events: JSON.stringify(webhook.events),
            secret: vault.seal(webhook.secret, webhookContext(webhook.id, 'secret')),
            created_by: webhook.createdBy,
            created_at: webhook.createdAt,
            failures: webhook.failures,
          })
          .execute();
      }),
    webhooks: async () =>
      (await db.selectFrom('webhooks').selectAll().orderBy('created_at').execute()).map((row) => ({
        ...toWebhook(row),
        url: vault.open(row.url, webhookContext(row.id, 'url')),
        secret: vault.open(row.secret, webhookContext(row.id, 'secret')),
      })),
    removeWebhook: (id) =>
      write(async (trx) => {
        await trx.deleteFrom('webhooks').where('id', '=', id).execute();
      }),
    noteDelivery: (id, delivered) =>
      write(async (trx) => {
        await trx
          .updateTable('webhooks')
          .set((eb) => ({ failures: delivered ? 0 : eb('failures', '+', 1) }))
          .where('id', '=', id)
          .execute();
      }),
  };
}

/** Settings: JSON by key. */
function settings({
  db,
  write,
  vault,
}: Database): Pick<Accounts, 'setting' | 'settings' | 'setSetting' | 'settingOrFirst'> {
  /** Secrets among the settings are texts. */
  const toText = (key: string, value: unknown): string =>
    JSON.stringify(isSecretSetting(key) ? vault.seal(String(value), settingContext(key)) : value);
  const toValue = (key: string, text: string): unknown => {
    const value = JSON.parse(text) as unknown;
    return isSecretSetting(key) ? vault.open(String(value), settingContext(key)) : value;
  };
  return {
    async setting(key) {
      const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
      return row === undefined ? undefined : toValue(key, row.value);
    },
    async settings(keys) {
      if (keys.length === 0) return new Map();
      const rows = await db.selectFrom('settings').selectAll().where('key', 'in', keys).execute();
      return new Map(rows.map(({ key, value }) => [key, toValue(key, value)]));
    },
    setSetting: (key, value) =>
      write(async (trx) => {
        const text = toText(key, value);
        await trx
          .insertInto('settings')
          .values({ key, value: text })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: text }))
          .execute();
      }),
    settingOrFirst: (key, value) =>
      write(async (trx) => {
        await trx
          .insertInto('settings')
          .values({ key, value: toText(key, value) })
          .onConflict((conflict) => conflict.column('key').doNothing())
          .execute();
        const row = await trx.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirstOrThrow();
        return toValue(key, row.value);
      }),
  };
}

/** Accounts in the same database as the judgments. */
export function accountsOn(connection: Connection, vault: Vault): Accounts {
  const database: Database = {
    vault,
    // Both sorts of tables lie in one database; each side knows its own.
    db: connection.db as unknown as Db,
    write: (effect) => connection.write((trx) => effect(trx as unknown as Db)),
  };
  return {
    ...people(database),
    ...sessions(database),
    ...invites(database),
    ...resets(database),
    ...keys(database),
    ...webhooks(database),
    ...settings(database),
  };
}
