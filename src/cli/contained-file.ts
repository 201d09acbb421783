import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { own } from '../run/index.ts';

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
  const root = resolve(folder);
  const wanted = resolve(root, path);
  if (!wanted.startsWith(`${root}/`)) return undefined;
  try {
    return { bytes: await readFile(wanted), type: own(TYPES, wanted.split('.').at(-1)!) ?? 'application/octet-stream' };
  } catch {
    return undefined;
  }
}
