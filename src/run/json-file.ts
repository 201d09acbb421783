import type { z } from 'zod';
import { writeFileAtomic } from './files.ts';
import { namedJson, namedValue } from './named-json.ts';
import { readRegularFile } from './regular-file.ts';

/** The largest JSON file that is read whole. */
const JSON_BYTES = 256 * 1024 * 1024;

/** A JSON file, or one line saying what is wrong with it. `limit` is the most bytes that are read. */
export function readJson(path: string, limit = JSON_BYTES): unknown {
  return namedJson(path, readRegularFile(path, limit).toString('utf8'));
}

/** A JSON file of a schema; the error names the file and the field. */
export const readJsonOf = <T>(path: string, schema: z.ZodType<T>, limit = JSON_BYTES): T =>
  namedValue(schema, path, readJson(path, limit));

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
