import { readFile, stat } from 'node:fs/promises';
import { DataError, own } from '../run/index.ts';
import { pathWithin } from '../run/node.ts';

/** Content types by ending of the files that the Studio hands out. */
const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  jsonl: 'application/x-ndjson; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The largest file that is handed out whole. */
const MOST_BYTES = 256 * 1024 * 1024;

/** A file below a folder with its content type; undefined for what is not there or lies outside. */
export async function containedFile(
  folder: string,
  path: string,
): Promise<{ bytes: Uint8Array; type: string } | undefined> {
  const wanted = pathWithin(folder, path);
  if (wanted === undefined) return undefined;
  const found = await stat(wanted).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  if (found.size > MOST_BYTES)
    throw new DataError(
      'size',
      `${path}: expected at most ${MOST_BYTES} bytes, got ${found.size}; take it from the folder`,
    );
  const bytes = await readFile(wanted).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return { bytes, type: own(TYPES, wanted.split('.').at(-1)!) ?? 'application/octet-stream' };
}
