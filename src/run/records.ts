import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { digestValue, merkleLeaf, merkleRoot, merkleRootsOf } from './canonical.ts';
import { DataError } from './errors.ts';
import { parseJson } from './json-text.ts';
import { hasTooManyLines, MOST_LINES } from './text-lines.ts';

const hexSchema = z.string().regex(/^([0-9a-f]{32}|[0-9a-f]{64})$/, 'expected hex');

/**
 * One entry of a run's append-only log. `hash` covers everything else in it, `prevHash` chains it to the one before. A salted
 * record hashes a commitment to its body, so that a public copy may hold the commitment (`bodyDigest`) in the body's place;
 * records from before that hash the body itself.
 */
export const runRecordSchema = z
  .strictObject({
    seq: z.int(),
    /** ISO 8601. */
    at: z.string(),
    type: z.string(),
    /** Makes the commitment to a short body one that nobody can guess. */
    salt: hexSchema.exactOptional(),
    /** Undefined where it is withheld. */
    body: z.unknown().optional(),
    /** Commitment to a body that is withheld. */
    bodyDigest: hexSchema.exactOptional(),
    prevHash: z.string(),
    hash: z.string(),
  })
  .refine(
    ({ salt, body, bodyDigest }) =>
      (bodyDigest === undefined) === (body !== undefined) && (salt === undefined || body !== undefined),
    {
      error: 'expected a body, or the digest of one',
    },
  );
type Stored = z.infer<typeof runRecordSchema>;
export type RunRecord = Readonly<Omit<Stored, 'body'> & { body: unknown }>;

export const GENESIS = '0'.repeat(64);

/** Commitment to a body: nobody tells the body from it who has not the salt. */
export const commitBody = (salt: string, body: unknown): string => digestValue([salt, body]);

/** Hash of a record: over the commitment to its body where it is salted or withheld, over the body where it is neither. */
function recordHash({ seq, at, type, salt, body, bodyDigest, prevHash }: Omit<RunRecord, 'hash'>): string {
  const committed = bodyDigest ?? (salt === undefined ? undefined : commitBody(salt, body));
  return digestValue(
    committed === undefined ? { seq, at, type, body, prevHash } : { seq, at, type, bodyDigest: committed, prevHash },
  );
}

/** The record that follows `previous` (none for the first). */
export function chainRecord(
  previous: RunRecord | undefined,
  entry: { readonly type: string; readonly body: unknown; readonly at: string; readonly salt?: string },
): RunRecord {
  const { type, body, at, salt } = entry;
  const place = { seq: (previous?.seq ?? -1) + 1, at, type };
  const unhashed = { ...place, ...(salt !== undefined && { salt }), body, prevHash: previous?.hash ?? GENESIS };
  return { ...unhashed, hash: recordHash(unhashed) };
}

/** A record as a public copy holds it: everything but its body. A record from before salts cannot be had so. */
export function withheldRecord({
  seq,
  at,
  type,
  salt,
  body,
  prevHash,
  hash,
}: RunRecord): Omit<RunRecord, 'body'> | undefined {
  if (salt === undefined) return undefined;
  return { seq, at, type, bodyDigest: commitBody(salt, body), prevHash, hash };
}

/** The first record that breaks the chain and why; undefined for a sound one. */
export function chainFault(records: readonly RunRecord[]): { seq: number; why: string } | undefined {
  let prevHash = GENESIS;
  for (const [i, record] of records.entries()) {
    const { hash, ...rest } = record;
    if (record.seq !== i) return { seq: i, why: `sequence number ${record.seq} where ${i} is due` };
    if (record.prevHash !== prevHash) return { seq: i, why: 'it does not follow the record before it' };
    if (recordHash(rest) !== hash) return { seq: i, why: 'its content does not have the recorded hash' };
    prevHash = hash;
  }
  return undefined;
}

/** RFC 6962 roots over the hashes of the first so many records, for each of some counts. */
export const recordsRoots = (records: readonly RunRecord[], counts: ReadonlySet<number>): ReadonlyMap<number, string> =>
  merkleRootsOf(
    records.map(({ hash }) => merkleLeaf(utf8ToBytes(hash))),
    counts,
  );

/** RFC 6962 root over the record hashes. */
export const recordsRoot = (records: readonly RunRecord[]): string =>
  merkleRoot(records.map((record) => utf8ToBytes(record.hash)));

const NEWLINE = 10;
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Whole records of a log; a torn last line (no newline at its end) is not one. `bytes` is where they end. */
export function parseRecords(name: string, content: Uint8Array): { records: RunRecord[]; bytes: number } {
  const bytes = content.lastIndexOf(NEWLINE) + 1;
  const text = UTF8.decode(content.subarray(0, bytes));
  if (hasTooManyLines(text))
    throw new DataError('lines', `${name}: expected at most ${MOST_LINES} lines, got more; the log was altered`);
  const lines = text.split('\n').slice(0, -1);
  const records = lines.map((line, i): RunRecord => {
    try {
      const record = runRecordSchema.parse(parseJson(line)) as RunRecord;
      // One text for one record: the seal holds records by what they say.
      if (JSON.stringify(record) !== line) throw new SyntaxError('written in another way');
      return record;
    } catch (cause) {
      throw new DataError('record', `${name}:${i + 1}: expected a record of a run; the log was altered`, { cause });
    }
  });
  return { records, bytes };
}
