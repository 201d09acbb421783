import { recordsIn, UsageError } from '../run/index.ts';
import { diskFolder, readJsonOf } from '../run/node.ts';
import { type Row, readSalts, rowsOf, saltOf } from './commitments.ts';
import { rowSchema } from './opened-row.ts';
import { manifestPaths, requireRun } from './seal.ts';
import { RECORDS } from './sealed-files.ts';

/** Reads an opening that somebody gave. */
export const readOpening = (path: string): Row => readJsonOf(path, rowSchema);

/** `path:line`, or a path alone for a file as a whole. */
function placeOf(text: string): { readonly path: string; readonly line: number } {
  const [, path, line] = /^(.*?)(?::(\d+))?$/s.exec(text)!;
  return { path: path!, line: Number(line ?? 0) };
}

/** Opens one row of a run: its text and its salt, for an auditor who has the public copy. It opens nothing else. */
export function openRow(run: string, place: string): Row {
  const folder = diskFolder(run);
  requireRun(folder);
  const { path, line } = placeOf(place);
  const none = (what: string) =>
    new UsageError(
      'row',
      `--row ${place}: expected a row of the run, got ${what}; for example feedback/judgments.jsonl:17`,
    );
  if (path === RECORDS) {
    const record = recordsIn(folder, RECORDS)[line - 1];
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
