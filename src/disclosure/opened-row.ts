import { z } from 'zod';
import { commitBody, type Folder, jsonOfIn, parseJson, recordsIn } from '../run/index.ts';
import type { Check } from './check.ts';
import { commit, leafOf, type Row, readSalts } from './commitments.ts';
import { manifestPaths, manifestSchema } from './seal.ts';
import { MANIFEST, RECORDS } from './sealed-files.ts';

/** An opening as it stands in a file: of a row of a file, of a file as a whole, or of the body of a record. */
export const rowSchema = z.strictObject({
  path: z.string(),
  line: z.int().nonnegative(),
  row: z.union([z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })]),
  salt: z.string(),
});

/** The leaf that a folder has at a place; undefined where it has none. */
function leafAt(folder: Folder, { path, line }: Row): string | undefined {
  if (path === RECORDS) {
    const record = recordsIn(folder, RECORDS)[line - 1];
    return record?.bodyDigest ?? (record?.salt === undefined ? undefined : commitBody(record.salt, record.body));
  }
  const entry = jsonOfIn(folder, MANIFEST, manifestSchema).files.find((file) => file.path === path);
  if (entry === undefined) return undefined;
  if (entry.by === 'file') return line === 0 ? entry.root : undefined;
  return manifestPaths(folder).includes(path) ? commit(folder, path, readSalts(folder)).leaves[line - 1] : undefined;
}

/** Whether a row that somebody opened is the one that was sealed at its place. */
export function openingCheck(folder: Folder, row: Row): Check {
  const name = `opened ${row.path}${row.line === 0 ? '' : ` line ${row.line}`}`;
  const leaf = leafAt(folder, row);
  if (leaf === undefined) return { name, ok: false, detail: 'nothing is sealed at that place' };
  let own: string;
  try {
    own = row.path === RECORDS ? commitBody(row.salt, parseJson(String(row.row))) : leafOf(row);
  } catch {
    return { name, ok: false, detail: 'expected a body of JSON' };
  }
  return {
    name,
    ok: own === leaf,
    detail: own === leaf ? 'is the row that was sealed' : 'is another row than the sealed one',
  };
}
