import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { parseJson, type RunRecord, UsageError, withheldRecord } from '../run/index.ts';
import { digestFile, diskFolder, readJsonOf, readRecords, writeFileAtomic } from '../run/node.ts';
import { atPointer } from './build.ts';
import { type Committed, commit, linesOf, readSalts, readSecret, withheldLine } from './commitments.ts';
import { manifestPaths, manifestSchema, render, requireRun } from './seal.ts';
import { CLAIMS, MANIFEST, OPENINGS, RECORDS, SEAL, WITHHELD } from './sealed-files.ts';
import { digestOfLeaves, type Grounds, groundsSchema, rangesOf, type WithheldEntry, withheldList } from './withheld.ts';

/** Which rows of which file are withheld, and on what grounds. */
const ruleSchema = groundsSchema.extend({
  file: z.string().min(1),
  /** Lines by number, from 1; left out, every line, or the whole of a file that is no JSON Lines. */
  lines: z.array(z.int().positive()).min(1).optional(),
  /** Only lines in which a pointer (RFC 6901) leads to one of some values. */
  where: z
    .strictObject({
      pointer: z.string().startsWith('/'),
      is: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
    })
    .optional(),
});
export type RedactionRule = Readonly<z.infer<typeof ruleSchema>>;

/** A file of rules: what a public copy of a run withholds. */
export const redactionSchema = z.strictObject({ rules: z.array(ruleSchema).min(1) });
export type Redaction = Readonly<z.infer<typeof redactionSchema>>;

/** What no public copy may be without: the run, its curves, all findings, and the eleven items. */
export const ALWAYS_SHOWN: readonly string[] = [
  'run.json',
  'data.json',
  'metrics.jsonl',
  'findings.json',
  'rates.json',
  'monitors.json',
  'disclosure/disclosure.json',
];

/** Lines of one path that are withheld on some grounds; line 0 is the file as a whole. */
export interface Hidden {
  readonly path: string;
  readonly lines: readonly number[];
  readonly grounds: Grounds;
}

const refused = (rule: RedactionRule, why: string): UsageError =>
  new UsageError('redact', `redaction of ${rule.file}: ${why}`);

const parsedLine = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

function matching(rule: RedactionRule, rows: readonly unknown[]): number[] {
  const { lines, where } = rule;
  const beyond = lines?.find((line) => line > rows.length);
  if (beyond !== undefined) throw refused(rule, `expected lines up to ${rows.length}, got ${beyond}`);
  const wanted = lines === undefined ? undefined : new Set(lines);
  const found = rows.flatMap((row, i) => {
    if (wanted !== undefined && !wanted.has(i + 1)) return [];
    return where === undefined || where.is.includes(atPointer(row, where.pointer) as string) ? [i + 1] : [];
  });
  if (found.length === 0)
    throw refused(rule, 'expected rows to withhold, got none that it is about; check lines and where');
  return found;
}

const groundsOf = ({ file: _, lines: __, where: ___, ...grounds }: RedactionRule): Grounds => grounds;

/** The rows that a rule is about. */
function hiddenBy(folder: string, rule: RedactionRule): Hidden {
  const { file: path, lines, where } = rule;
  const grounds = groundsOf(rule);
  if (ALWAYS_SHOWN.includes(path)) throw refused(rule, 'the file is always shown: no copy may be without it');
  if (path === RECORDS) {
    const { records } = readRecords(`${folder}/${RECORDS}`);
    return { path, lines: matching(rule, records), grounds };
  }
  if (!manifestPaths(diskFolder(folder)).includes(path))
    throw refused(rule, 'expected a file of the run, got none; give its path in the folder');
  const rows = linesOf(diskFolder(folder), path);
  if (rows !== undefined) return { path, lines: matching(rule, rows.map(parsedLine)), grounds };
  if (lines !== undefined || where !== undefined)
    throw refused(rule, 'only files of JSON Lines are withheld line by line; leave lines and where out');
  return { path, lines: [0], grounds };
}

/** Refuses two rules for one row: who would answer for it? */
function refuseTwice(hidden: readonly Hidden[]): void {
  const seen = new Set<string>();
  for (const { path, lines } of hidden) {
    for (const line of lines) {
      const place = line === 0 ? path : `${path}:${line}`;
      if (seen.has(place))
        throw new UsageError('redact', `${place}: expected one rule for each row, got two; narrow one of them`);
      seen.add(place);
    }
  }
}

/**
 * Records whose bodies hold a digest of a file that is not shown whole. Such a digest is over the bare bytes: with all rows but
 * a few at hand, somebody could try out what these are.
 */
function telltaleRecords(folder: string, hidden: readonly Hidden[], records: readonly RunRecord[]): Hidden[] {
  const taken = new Set(hidden.filter(({ path }) => path === RECORDS).flatMap(({ lines }) => lines));
  const found: Hidden[] = [];
  const files = new Map(hidden.filter(({ path }) => path !== RECORDS).map((one) => [one.path, one.grounds]));
  for (const [path, grounds] of files) {
    const { sha256 } = digestFile(`${folder}/${path}`);
    const lines = records.flatMap(({ seq, body }) =>
      !taken.has(seq + 1) && JSON.stringify(body).includes(sha256) ? [seq + 1] : [],
    );
    for (const line of lines) taken.add(line);
    const justification = `holds the digest of ${path}, from which withheld rows could be guessed`;
    if (lines.length > 0) found.push({ path: RECORDS, lines, grounds: { ...grounds, justification } });
  }
  return found;
}

/** All that a redaction withholds of a run. */
export function hiddenOf(folder: string, { rules }: Redaction): Hidden[] {
  requireRun(diskFolder(folder));
  if (readSecret(diskFolder(folder)) === undefined)
    throw new UsageError(
      'redact',
      `${folder}: expected a run sealed with salts, got a seal of an older version; goodhart disclose ${folder} seals it anew`,
    );
  const hidden = rules.map((rule) => hiddenBy(folder, rule));
  refuseTwice(hidden);
  const { records } = readRecords(`${folder}/${RECORDS}`);
  const all = [...hidden, ...telltaleRecords(folder, hidden, records)];
  const bare = all.find(
    ({ path, lines }) => path === RECORDS && lines.some((line) => records[line - 1]!.salt === undefined),
  );
  if (bare !== undefined)
    throw new UsageError(
      'redact',
      `${folder}: expected records with salts, got some from before there were any, which cannot be withheld; such a run can only be shown whole`,
    );
  return all;
}

function entryOf({ path, lines, grounds }: Hidden, leaves: (line: number) => string): WithheldEntry {
  const digest = digestOfLeaves(lines.map(leaves));
  return { ...grounds, status: 'withheld', path, lines: rangesOf(lines), count: lines.length, digest };
}

/** Writes the records with the bodies of some withheld. */
function writeRecords(folder: string, out: string, lines: ReadonlySet<number>): RunRecord[] {
  const { records } = readRecords(`${folder}/${RECORDS}`);
  const shown = records.map((record) => (lines.has(record.seq + 1) ? withheldRecord(record)! : record) as RunRecord);
  writeFileAtomic(`${out}/${RECORDS}`, shown.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return shown;
}

/**
 * Writes the public copy of a run into a new folder: the same seal, manifest and claims, every row that is shown with its salt,
 * and a list of what is withheld. Nothing from which the salts of withheld rows follow is in it.
 */
export function writePublicCopy(folder: string, out: string, hidden: readonly Hidden[]): void {
  const salts = readSalts(diskFolder(folder));
  const manifest = readJsonOf(`${folder}/${MANIFEST}`, manifestSchema);
  const hiddenLines = new Map<string, Set<number>>();
  for (const { path, lines } of hidden) {
    const known = hiddenLines.get(path) ?? new Set();
    for (const line of lines) known.add(line);
    hiddenLines.set(path, known);
  }
  const leaves = new Map<string, Committed>();
  const openings: { path: string; salts: (string | null)[] }[] = [];
  for (const { path } of manifest.files) {
    const lines = hiddenLines.get(path);
    const committed = commit(diskFolder(folder), path, salts);
    leaves.set(path, committed);
    if (lines?.has(0) === true) continue;
    mkdirSync(dirname(`${out}/${path}`), { recursive: true });
    if (lines === undefined) copyFileSync(`${folder}/${path}`, `${out}/${path}`);
    else {
      const rows = linesOf(diskFolder(folder), path)!;
      const shown = rows.map((row, i) => (lines.has(i + 1) ? withheldLine(committed.leaves[i]!) : row));
      writeFileAtomic(`${out}/${path}`, shown.map((row) => `${row}\n`).join(''));
    }
    openings.push({ path, salts: committed.salts.map((salt, i) => (lines?.has(i + 1) === true ? null : salt)) });
  }
  const records = writeRecords(folder, out, hiddenLines.get(RECORDS) ?? new Set());
  for (const path of [MANIFEST, SEAL, CLAIMS])
    try {
      mkdirSync(dirname(`${out}/${path}`), { recursive: true });
      copyFileSync(`${folder}/${path}`, `${out}/${path}`);
    } catch (error) {
      // Nobody has to have signed it.
      if (path !== CLAIMS || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  writeFileAtomic(`${out}/${OPENINGS}`, render({ format: 'goodhart-openings-1', files: openings }));
  const leafOfLine = (path: string) => (line: number) =>
    path === RECORDS
      ? records[line - 1]!.bodyDigest!
      : line === 0
        ? leaves.get(path)!.root
        : leaves.get(path)!.leaves[line - 1]!;
  const list = withheldList(
    digestFile(`${folder}/${SEAL}`).sha256,
    hidden.map((one) => entryOf(one, leafOfLine(one.path))),
  );
  writeFileAtomic(`${out}/${WITHHELD}`, render(list));
}
