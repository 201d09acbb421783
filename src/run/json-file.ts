import type { z } from 'zod';
import { DataError } from './errors.ts';
import { writeFileAtomic } from './files.ts';
import { parseJson } from './json-text.ts';
import { readRegularFile } from './regular-file.ts';

/** The largest JSON file that is read whole. */
const JSON_BYTES = 256 * 1024 * 1024;

/** A JSON file, or one line saying what is wrong with it. `limit` is the most bytes that are read. */
export function readJson(path: string, limit = JSON_BYTES): unknown {
  const text = readRegularFile(path, limit).toString('utf8');
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DataError('json', `${path}: expected JSON, got ${(cause as Error).message}`, { cause });
  }
}

/** A JSON file of a schema; the error names the file and the field. */
export function readJsonOf<T>(path: string, schema: z.ZodType<T>, limit = JSON_BYTES): T {
  const result = schema.safeParse(readJson(path, limit));
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DataError('field', `${path}: ${issue.path.join('.') || 'file'}: ${issue.message}; mend the file`);
}

/** Pretty JSON, atomically. Numbers JSON has no name for (NaN) are refused rather than turned into null. */
export function writeJson(path: string, value: unknown): void {
  const text = JSON.stringify(
    value,
    (key, v) => {
      if (typeof v === 'number' && !Number.isFinite(v))
        throw new TypeError(`${path}: ${key} is ${v}, which JSON cannot hold`);
      return v;
    },
    2,
  );
  writeFileAtomic(path, `${text}\n`);
}
