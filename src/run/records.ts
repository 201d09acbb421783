import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { digestValue, merkleRoot } from './canonical.ts';

/** One entry of a run's append-only log. `hash` covers everything else in it, `prevHash` chains it to the one before. */
export const runRecordSchema = z.strictObject({
  seq: z.int(),
  /** ISO 8601. */
  at: z.string(),
  type: z.string(),
  body: z.unknown(),
  prevHash: z.string(),
  hash: z.string(),
});
export type RunRecord = Readonly<z.infer<typeof runRecordSchema>>;

export const GENESIS = '0'.repeat(64);

/** The record that follows `previous` (none for the first). */
export function chainRecord(
  previous: RunRecord | undefined,
  entry: { readonly type: string; readonly body: unknown; readonly at: string },
): RunRecord {
  const { type, body, at } = entry;
  const unhashed = { seq: (previous?.seq ?? -1) + 1, at, type, body, prevHash: previous?.hash ?? GENESIS };
  return { ...unhashed, hash: digestValue(unhashed) };
}

/** The first record that breaks the chain and why; undefined for a sound one. */
export function chainFault(records: readonly RunRecord[]): { seq: number; why: string } | undefined {
  let prevHash = GENESIS;
  for (const [i, record] of records.entries()) {
    const { hash, ...rest } = record;
    if (record.seq !== i) return { seq: i, why: `sequence number ${record.seq} where ${i} is due` };
    if (record.prevHash !== prevHash) return { seq: i, why: 'it does not follow the record before it' };
    if (digestValue(rest) !== hash) return { seq: i, why: 'its content does not have the recorded hash' };
    prevHash = hash;
  }
  return undefined;
}

/** RFC 6962 root over the record hashes. */
export const recordsRoot = (records: readonly RunRecord[]): string =>
  merkleRoot(records.map((record) => utf8ToBytes(record.hash)));
