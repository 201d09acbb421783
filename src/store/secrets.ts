import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { UsageError } from '../run/index.ts';
import type { AccountTables } from './account-tables.ts';
import type { Connection } from './connection.ts';

/**
 * What the database keeps that anybody could use as it is, encrypted under a key from outside it: the secrets and addresses
 * of webhooks, and the key that seals tasks. Passwords, links and keys of scripts are hashed, and need no key.
 */
const SECRET_SETTINGS: readonly string[] = ['sealing-key'];
export const isSecretSetting = (key: string): boolean => SECRET_SETTINGS.includes(key);

const ALGORITHM = 'aes-256-gcm';
const [IV_BYTES, TAG_BYTES] = [12, 16];
const SEALED = 'sealed:1:';
/** The setting that names the key by which secrets are sealed. */
const MARKER = 'secrets-key';
const LEAST_CHARACTERS = 32;

/** A key of secrets. */
export interface SecretsKey {
  readonly bytes: Buffer;
  /** Tells keys apart and says nothing about them. */
  readonly id: string;
}

/** A key from a text of 32 characters or more, such as `openssl rand -base64 32` prints; `from` names it in messages. */
export function secretsKeyOf(text: string, from: string): SecretsKey {
  const given = text.trim();
  if (given.length < LEAST_CHARACTERS)
    throw new UsageError(
      'secrets-key',
      `${from}: expected a key of at least ${LEAST_CHARACTERS} characters, got ${given.length}; make one with openssl rand -base64 32`,
    );
  const bytes = Buffer.from(hkdfSync('sha256', given, 'goodhart', 'secrets', 32));
  return { bytes, id: createHash('sha256').update('id').update(bytes).digest('hex').slice(0, 12) };
}

/** Seals texts on their way into the database, and opens them on their way out. */
export interface Vault {
  /** `context` must be the same to open it: one row's secret does not open in another's place. */
  seal(text: string, context: string): string;
  /** Texts that were never sealed are given as they are. */
  open(text: string, context: string): string;
}

const isSealed = (text: string) => text.startsWith(SEALED);
const locked = (place: string) =>
  new UsageError(
    'secrets-key',
    `${place}: expected the key of this store's secrets, got none; give it by GOODHART_SECRETS_KEY_FILE or GOODHART_SECRETS_KEY`,
  );

/** Without a key texts are kept as they are, and sealed ones cannot be read. */
export function vaultOf(place: string, key: SecretsKey | undefined): Vault {
  return {
    seal(text, context) {
      if (key === undefined) return text;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key.bytes, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${SEALED}${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    open(text, context) {
      if (!isSealed(text)) return text;
      if (key === undefined) throw locked(place);
      const bytes = Buffer.from(text.slice(SEALED.length), 'base64url');
      try {
        const decipher = createDecipheriv(ALGORITHM, key.bytes, bytes.subarray(0, IV_BYTES))
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new UsageError('secrets-key', `${place}: the secret ${context} was altered, or sealed with another key`);
      }
    },
  };
}

export const webhookContext = (id: string, column: 'secret' | 'url'): string => `webhook/${id}/${column}`;
export const settingContext = (key: string): string => `setting/${key}`;

type Db = Kysely<AccountTables>;

async function markerIn(db: Db): Promise<string | undefined> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', MARKER).executeTakeFirst();
  return row === undefined ? undefined : String(JSON.parse(row.value));
}

/** Seals every secret anew, with one vault to read by and one to write by; how many were not sealed so before. */
async function resealAll(db: Db, from: Vault, to: { readonly vault: Vault; readonly fresh: boolean }): Promise<number> {
  let sealed = 0;
  const again = (text: string, context: string): string => {
    if (!to.fresh && isSealed(text)) return text;
    sealed += 1;
    return to.vault.seal(from.open(text, context), context);
  };
  for (const { id, secret, url } of await db.selectFrom('webhooks').select(['id', 'secret', 'url']).execute()) {
    const change = { secret: again(secret, webhookContext(id, 'secret')), url: again(url, webhookContext(id, 'url')) };
    if (change.secret === secret && change.url === url) continue;
    await db.updateTable('webhooks').set(change).where('id', '=', id).execute();
  }
  for (const { key, value } of await db
    .selectFrom('settings')
    .selectAll()
    .where('key', 'in', SECRET_SETTINGS)
    .execute()) {
    const change = JSON.stringify(again(String(JSON.parse(value)), settingContext(key)));
    if (change === value) continue;
    await db.updateTable('settings').set({ value: change }).where('key', '=', key).execute();
  }
  return sealed;
}

/** Writes down the key in use; the row stays locked until the end, so that one process seals at a time. */
async function mark(db: Db, value: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ key: MARKER, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

/**
 * The vault of a store. The first time that a key is given, what was kept in the clear is sealed; later, what a process
 * without the key added. Another key than that of before is refused.
 */
export async function openVault(connection: Connection, key: SecretsKey | undefined): Promise<Vault> {
  const { place } = connection;
  const vault = vaultOf(place, key);
  if (key === undefined) return vault;
  const sealed = await connection.write(async (trx) => {
    const db = trx as unknown as Db;
    // Of two that come first, one waits here for the other.
    const first = { key: MARKER, value: JSON.stringify(key.id) };
    await db
      .insertInto('settings')
      .values(first)
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    const known = await markerIn(db);
    if (known !== key.id)
      throw new UsageError(
        'secrets-key',
        `${place}: expected the key ${known} of this store's secrets, got the key ${key.id}; give that one, or change keys with goodhart store rekey`,
      );
    return resealAll(db, vault, { vault, fresh: false });
  });
  // What was in the clear is in freed pages and the log yet.
  if (sealed > 0) await connection.scrub();
  return vault;
}

/** Changes the key of a store's secrets, all at once; how many secrets were sealed anew. */
export async function changeSecretsKey(
  connection: Connection,
  { from, to }: { readonly from: SecretsKey | undefined; readonly to: SecretsKey },
): Promise<number> {
  const vault = await openVault(connection, from);
  const sealed = await connection.write(async (trx) => {
    const db = trx as unknown as Db;
    if (from === undefined && (await markerIn(db)) !== undefined) throw locked(connection.place);
    await mark(db, JSON.stringify(to.id));
    return resealAll(db, vault, { vault: vaultOf(connection.place, to), fresh: true });
  });
  await connection.scrub();
  return sealed;
}
