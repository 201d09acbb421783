import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { DataError } from './errors.ts';
import { fileError, onPath } from './files.ts';
import { chainFault, chainRecord, parseRecords, type RunRecord } from './records.ts';
import { readRegularFile } from './regular-file.ts';

/** An open, durable, hash-chained log: `append` returns only once the record is on disk. */
export interface RecordLog {
  readonly records: readonly RunRecord[];
  append(type: string, body: unknown): RunRecord;
  close(): void;
}

/** The largest log that is read: some hundred thousand records. */
const LOG_BYTES = 256 * 1024 * 1024;

/** Whole records of a log file; a torn last line (no newline at its end) is not one. */
export function readRecords(path: string): { records: RunRecord[]; bytes: number } {
  if (!existsSync(path)) return { records: [], bytes: 0 };
  return parseRecords(path, readRegularFile(path, LOG_BYTES));
}

/** Opens a log for appending. A torn tail, left by a kill in the middle of a write, was never acknowledged and is cut off.
 * `salt` gives 16 or 32 bytes in hex, others each time. */
export function openRecordLog(
  path: string,
  now: () => string,
  salt: () => string = () => randomBytes(16).toString('hex'),
): RecordLog {
  const { records, bytes } = readRecords(path);
  const fault = chainFault(records);
  if (fault !== undefined)
    throw new DataError('record', `${path}: record ${fault.seq}: ${fault.why}; the log was altered`);
  const file = onPath(path, () => openSync(path, existsSync(path) ? 'r+' : 'w+'));
  ftruncateSync(file, bytes);
  let at = bytes;
  return {
    records,
    append(type, body) {
      const record = chainRecord(records.at(-1), { type, body, at: now(), salt: salt() });
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      try {
        // A nearly full disk takes a part and says so only in the count: a record is acknowledged whole or not at all.
        for (let done = 0; done < line.length; ) done += writeSync(file, line, done, line.length - done, at + done);
        fsyncSync(file);
      } catch (error) {
        throw fileError(path, error);
      }
      at += line.length;
      records.push(record);
      return record;
    },
    close: () => closeSync(file),
  };
}
