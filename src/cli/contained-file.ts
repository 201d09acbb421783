import { readFile, stat } from 'node:fs/promises';
import { own } from '../run/index.ts';
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

/** A file below a folder with its content type; undefined for what is not there or lies outside. */
export async function containedFile(
  folder: string,
  path: string,
): Promise<{ bytes: Uint8Array; type: string } | undefined> {
  const wanted = pathWithin(folder, path);
  if (wanted === undefined) return undefined;
  try {
    if (!(await stat(wanted)).isFile()) return undefined;
    return { bytes: await readFile(wanted), type: own(TYPES, wanted.split('.').at(-1)!) ?? 'application/octet-stream' };
  } catch {
    return undefined;
  }
}
