import { z } from 'zod';
import { commitBody, parseJson, UsageError } from '../run/index.ts';
import { readJsonOf, readRecords } from '../run/node.ts';
import type { Check } from './check.ts';
import { commit, leafOf, type Row, readSalts, rowsOf, saltOf } from './commitments.ts';
import { manifestPaths, manifestSchema, requireRun } from './seal.ts';
import { MANIFEST, RECORDS } from './sealed-files.ts';

/** An opening as it stands in a file: of a row of a file, of a file as a whole, or of the body of a record. */
export const rowSchema = z.strictObject({
  path: z.string(),
  line: z.int().nonnegative(),
  row: z.union([z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })]),
  salt: z.string(),
});

/** Reads an opening that somebody gave. */
export const readOpening = (path: string): Row => readJsonOf(path, rowSchema);

/** `path:line`, or a path alone for a file as a whole. */
function placeOf(text: string): { readonly path: string; readonly line: number } {
  const [, path, line] = /^(.*?)(?::(\d+))?$/s.exec(text)!;
  return { path: path!, line: Number(line ?? 0) };
}

/** Opens one row of a run: its text and its salt, for an auditor who has the public copy. It opens nothing else. */
export function openRow(folder: string, place: string): Row {
  requireRun(folder);
  const { path, line } = placeOf(place);
  const none = (what: string) =>
    new UsageError(
      'row',
      `--row ${place}: expected a row of the run, got ${what}; for example feedback/judgments.jsonl:17`,
    );
  if (path === RECORDS) {
    const record = readRecords(`${folder}/${RECORDS}`).records[line - 1];
    if (record === undefined) throw none('no such record');
    if (record.salt === undefined) throw none('a record from before records had salts');
    return { path, line, row: JSON.stringify(record.body), salt: record.salt };
  }
  if (!manifestPaths(folder).includes(path)) throw none('no such file');
  const salts = readSalts(folder);
  const { by, rows } = rowsOf(folder, path);
  const row = by === 'file' ? (line === 0 ? rows[0] : undefined) : rows[line - 1];
  if (row === undefined) throw none(by === 'file' ? 'a line of a file that is one row' : `one of ${rows.length} lines`);
  if (salts.of !== 'run') throw none('a public copy');
  return { path, line, row, salt: saltOf(salts.secret, { path, line, row }) };
}

/** The leaf that a folder has at a place; undefined where it has none. */
function leafAt(folder: string, { path, line }: Row): string | undefined {
  if (path === RECORDS) {
    const record = readRecords(`${folder}/${RECORDS}`).records[line - 1];
    return record?.bodyDigest ?? (record?.salt === undefined ? undefined : commitBody(record.salt, record.body));
  }
  const entry = readJsonOf(`${folder}/${MANIFEST}`, manifestSchema).files.find((file) => file.path === path);
  if (entry === undefined) return undefined;
  if (entry.by === 'file') return line === 0 ? entry.root : undefined;
  return manifestPaths(folder).includes(path) ? commit(folder, path, readSalts(folder)).leaves[line - 1] : undefined;
}

/** Whether a row that somebody opened is the one that was sealed at its place. */
export function openingCheck(folder: string, row: Row): Check {
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
