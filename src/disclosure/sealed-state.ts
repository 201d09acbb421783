import { type Folder, jsonOfIn, parseJson, recordsIn, textIn } from '../run/index.ts';
import type { Check } from './check.ts';
import { type Committed, commit, openingsSchema, readSalts, type Salts } from './commitments.ts';
import {
  isPublicCopy,
  manifestPaths,
  manifestSchema,
  manifestText,
  oldManifestOf,
  oldManifestSchema,
  render,
} from './seal.ts';
import { MANIFEST, OPENINGS, RECORDS, WITHHELD } from './sealed-files.ts';
import { listFault, readWithheld, withheldCount, withholdingOf } from './withheld.ts';

/** Lines that a public copy withholds, by path; line 0 is a file as a whole. Of a run there are none. */
export type WithheldLines = ReadonlyMap<string, readonly number[]>;

/** What a folder says that it withholds, read without looking at leaves: which rows not to read, and how many they are. */
export function withheldLines(folder: Folder): WithheldLines {
  const found = new Map<string, readonly number[]>();
  if (!isPublicCopy(folder)) return found;
  const { files } = jsonOfIn(folder, OPENINGS, openingsSchema);
  const opened = new Set(files.map(({ path }) => path));
  for (const { path, salts } of files) {
    const lines = salts.flatMap((salt, i) => (salt === null ? [i + 1] : []));
    if (lines.length > 0) found.set(path, lines);
  }
  for (const { path } of jsonOfIn(folder, MANIFEST, manifestSchema).files) if (!opened.has(path)) found.set(path, [0]);
  const bodies = recordsIn(folder, RECORDS).flatMap(({ seq, bodyDigest }) =>
    bodyDigest === undefined ? [] : [seq + 1],
  );
  if (bodies.length > 0) found.set(RECORDS, bodies);
  return found;
}

/** How many rows of some files are withheld. */
export const linesWithheld = (withheld: WithheldLines, paths: Iterable<string>): number =>
  [...new Set(paths)].reduce((sum, path) => sum + (withheld.get(path)?.length ?? 0), 0);

/** Why something that rests on withheld rows is not computed again. */
export const notRecomputable = (count: number): string =>
  `not recomputable: ${count} ${count === 1 ? 'row' : 'rows'} withheld`;

/** Files of a folder against the first version of its manifest. */
function oldFileChecks(folder: Folder, text: string): Check[] {
  const listed = oldManifestSchema.parse(parseJson(text));
  const actual = oldManifestOf(folder);
  const byPath = new Map(actual.map((entry) => [entry.path, entry]));
  const checks = listed.map(({ path, sha256 }): Check => {
    const found = byPath.get(path);
    byPath.delete(path);
    const detail = found === undefined ? 'missing' : found.sha256 === sha256 ? 'digest agrees' : 'digest differs';
    return { name: path, ok: found?.sha256 === sha256, detail };
  });
  for (const path of byPath.keys()) checks.push({ name: path, ok: false, detail: 'not in the manifest' });
  const exact = render(actual) === text;
  return [...checks, { name: MANIFEST, ok: exact, detail: exact ? 'exact bytes' : 'differs from the folder' }];
}

/** A file against what the manifest has of it. */
function fileCheck(
  folder: Folder,
  path: string,
  given: { salts: Salts; root: string; count: number },
): { check: Check; committed?: Committed } {
  try {
    const committed = commit(folder, path, given.salts);
    const ok = committed.root === given.root && committed.count === given.count;
    const detail = ok
      ? 'digest agrees'
      : committed.count === given.count
        ? 'digest differs'
        : `${given.count} rows sealed, ${committed.count} there`;
    return { check: { name: path, ok, detail }, committed };
  } catch (error) {
    return { check: { name: path, ok: false, detail: (error as Error).message } };
  }
}

/** What a public copy withholds against its list. */
function listChecks(folder: Folder, sealDigest: string, withholding: ReturnType<typeof withholdingOf>): Check[] {
  const complete = (ok: boolean, detail: string): Check => ({ name: WITHHELD, ok, detail, aspect: 'completeness' });
  const list = readWithheld(folder);
  const count = withheldCount(withholding);
  if (list === undefined) {
    if (count === 0 && !isPublicCopy(folder)) return [];
    return [complete(false, `${count} rows are withheld, and there is no list of them`)];
  }
  if (list.seal !== sealDigest) return [complete(false, 'belongs to another seal')];
  const fault = listFault(list, withholding);
  const material = list.entries.filter(({ materialToConclusion }) => materialToConclusion).length;
  const told = `${count} rows of ${withholding.size} files withheld, each listed with its reason${material === 0 ? '' : `; ${material} of ${list.entries.length} entries bear on a conclusion`}`;
  return [complete(fault === undefined, fault ?? told)];
}

function newFileChecks(folder: Folder, text: string, sealDigest: string): Check[] {
  const manifest = manifestSchema.parse(parseJson(text));
  const salts = readSalts(folder);
  const there = new Set(manifestPaths(folder));
  const committed: Committed[] = [];
  const absent: { path: string; root: string }[] = [];
  const checks = manifest.files.map(({ path, by, root, count }): Check => {
    if (there.delete(path)) {
      const found = fileCheck(folder, path, { salts, root, count });
      if (found.committed !== undefined) committed.push(found.committed);
      return found.check;
    }
    const isWithheld = salts.of === 'public copy' && by === 'file' && !salts.byPath.has(path);
    if (!isWithheld) return { name: path, ok: false, detail: 'missing' };
    absent.push({ path, root });
    return { name: path, ok: true, open: true, detail: 'withheld as a whole' };
  });
  for (const path of there) checks.push({ name: path, ok: false, detail: 'not in the manifest' });
  // Kinds, order and form of the entries: those that sealing gives to this folder.
  const again = new Map(committed.map((entry) => [entry.path, entry]));
  const due = manifest.files.map((entry) => again.get(entry.path) ?? entry);
  const isOrdered = manifest.files.every(({ path }, i) => i === 0 || manifest.files[i - 1]!.path < path);
  const exact = isOrdered && manifestText(due) === text;
  const records = recordsIn(folder, RECORDS);
  return [
    ...checks,
    { name: MANIFEST, ok: exact, detail: exact ? 'exact bytes' : 'differs from the folder' },
    ...saltsChecks(folder, salts, committed),
    ...listChecks(folder, sealDigest, withholdingOf({ committed, absent, records, recordsPath: RECORDS })),
  ];
}

const SALTS_BYTES = 512 * 1024 * 1024;
/** The salts of a public copy in the one form in which they are written. */
function saltsChecks(folder: Folder, salts: Salts, committed: readonly Committed[]): Check[] {
  if (salts.of === 'run')
    return folder.has(WITHHELD) ? [{ name: WITHHELD, ok: false, detail: 'a run withholds nothing' }] : [];
  const due = committed.map(({ path, salts: each }) => ({ path, salts: [...each] }));
  const text = textIn(folder, OPENINGS, SALTS_BYTES);
  const ok = text === render({ format: 'goodhart-openings-1', files: due });
  return [{ name: OPENINGS, ok, detail: ok ? 'of the files that are there' : 'differs from the folder' }];
}

/** Every file of a sealed folder against its manifest, and what is withheld against its list. */
export function fileChecks(folder: Folder, manifest: string, sealDigest: string): Check[] {
  return Array.isArray(parseJson(manifest))
    ? oldFileChecks(folder, manifest)
    : newFileChecks(folder, manifest, sealDigest);
}
