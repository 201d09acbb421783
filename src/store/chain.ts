import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { FeedbackRecord, RecordOf } from '../feedback/index.ts';
import { ERASABLE, recordKey } from '../feedback/index.ts';
import { canonicalJson, GENESIS } from '../run/index.ts';
import { chunks } from './connection.ts';
import { recordRows } from './read.ts';
import type { Tables } from './schema.ts';
import { projectOf } from './values.ts';
import { recordUpdates } from './write-rows.ts';

/**
 * The chain of a history. A record enters it by a commitment, SHA-256 over a salt of its own and its body; its hash is
 * SHA-256 over the hash before and that commitment. Erasing a record destroys body and salt and leaves the commitment, so
 * that every hash still follows from the one before, and nobody can try out what the body may have been.
 */
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const newSalt = (): string => randomBytes(16).toString('hex');
export const commitmentTo = (salt: string, body: string): string => sha256(`${salt}\n${body}`);
/** Hash of a record in its place: it covers everything before. */
export const chainHash = (before: string, commitment: string): string => sha256(`${before}\n${commitment}`);

/** How a record that comes in enters the chain: what is left of an erased one brings its commitment along. */
export function enterChain(
  before: string,
  { record, body, salt = newSalt() }: { record: FeedbackRecord; body: string; salt?: string | undefined },
): { readonly salt: string | null; readonly hash: string } {
  if (record.type === 'erased') return { salt: null, hash: chainHash(before, record.commitment) };
  return { salt, hash: chainHash(before, commitmentTo(salt, body)) };
}

/** A stored record with what erasing it takes. */
export type RecordRow = Pick<Tables['records'], 'seq' | 'id' | 'type' | 'rater' | 'item' | 'body' | 'salt'>;

/** Commitment of a stored record; undefined where its salt is missing, which no version of this schema leaves out. */
export function commitmentOf({ type, body, salt }: Pick<RecordRow, 'type' | 'body' | 'salt'>): string | undefined {
  if (type === 'erased') return (JSON.parse(body) as RecordOf<'erased'>).commitment;
  return salt === null ? undefined : commitmentTo(salt, body);
}

/** What is left of a record once it is erased; undefined for what cannot be, or has been. */
export function tombstoneOf(row: RecordRow, at: string): { record: RecordOf<'erased'>; body: string } | undefined {
  const was = ERASABLE.find((type) => type === row.type);
  const commitment = commitmentOf(row);
  if (was === undefined || commitment === undefined) return undefined;
  const before = JSON.parse(row.body) as FeedbackRecord;
  const { id, raterId, itemId } = recordKey(before);
  const record = {
    type: 'erased' as const,
    ...{ id, projectId: projectOf(before), raterId, at, was, commitment },
    ...(itemId !== null && { itemId }),
  };
  return { record, body: canonicalJson(record) };
}

/**
 * Brings the histories of a database into the salted chain, as they are: the hash of each record was, before, taken over
 * the hash before and its body. From a record on that does not follow so, nothing is touched: `check` goes on finding it.
 */
export async function saltHistories(trx: Kysely<Tables>): Promise<void> {
  const projects = await trx.selectFrom('project_state').select(['project', 'head']).execute();
  for (const { project, head } of projects) {
    let [old, hash] = [GENESIS, GENESIS];
    let sound = true;
    let rows: (Pick<Tables['records'], 'project' | 'seq'> & { salt: string; hash: string })[] = [];
    const write = async () => {
      for (const some of chunks(rows, 1000))
        for (const statement of recordUpdates(trx, ['salt', 'hash'], some)) await trx.executeQuery(statement);
      rows = [];
    };
    for await (const row of recordRows(trx, project)) {
      old = sha256(`${old}\n${row.body}`);
      if (old !== row.hash) {
        sound = false;
        break;
      }
      const salt = newSalt();
      hash = chainHash(hash, commitmentTo(salt, row.body));
      rows.push({ project, seq: row.seq, salt, hash });
      if (rows.length >= 1000) await write();
    }
    await write();
    if (sound && old === head)
      await trx.updateTable('project_state').set({ head: hash }).where('project', '=', project).execute();
  }
}
