/** Evidence on disk: one JSON Lines file for each kind. */
import { statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { DataError, suggest, UsageError } from '../run/index.ts';
import { fileOf, filesBelow, parseLine, readLines, requireRegularFiles, writeFileAtomic } from '../run/node.ts';
import { EVIDENCE, EVIDENCE_KINDS, type Evidence, type EvidenceKindId, evidenceKind } from './evidence/index.ts';

/** Where a kind stands: at its place in a run folder, or by its name alone in a folder of nothing but evidence. */
function pathOf(folder: string, id: EvidenceKindId): string | undefined {
  const { file } = EVIDENCE[id];
  return fileOf(folder, file) ?? fileOf(folder, basename(file));
}

/** Endings of files that hold data: one of these that no kind reads was meant to be read. */
const DATA = new Set(['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.parquet', '.gz', '.zst', '.zip']);

/**
 * Refuses what in a folder of nothing but evidence would be passed over in silence: a data file that no kind reads, which is
 * more often a slip of the pen, and a kind that stands in two files. A note beside the evidence is no data.
 */
export function requireEvidenceFolder(folder: string): void {
  if (!statSync(folder).isDirectory())
    throw new UsageError('folder', `${folder}: expected a folder, got a file; give the folder that it lies in`);
  requireRegularFiles(folder);
  const places = new Map(
    EVIDENCE_KINDS.flatMap((id) => [EVIDENCE[id].file, basename(EVIDENCE[id].file)].map((file) => [file, id] as const)),
  );
  const seen = new Map<EvidenceKindId, string>();
  for (const file of filesBelow(folder)) {
    const id = places.get(file);
    if (id === undefined) {
      if (!DATA.has(extname(file).toLowerCase())) continue;
      const near = suggest(basename(file), [...places.keys()]);
      const hint =
        near === undefined ? 'docs/evidence.md names every file; move it elsewhere' : `did you mean ${near}?`;
      throw new UsageError('evidence', `${join(folder, file)}: no evidence is read from such a file; ${hint}`);
    }
    const other = seen.get(id);
    if (other !== undefined)
      throw new UsageError(
        'evidence',
        `${folder}: expected one file of ${id}, got ${other} and ${file}; leave one of them out`,
      );
    seen.set(id, file);
  }
}

/** The most text of evidence that is read, packed or not: it is held whole, and takes several times as much in memory. */
const MOST_CHARACTERS = 1024 * 1024 * 1024;

/** Rows of a kind from a file. An empty file holds no rows; a row that is none of its kind is a `DataError` with its line. */
async function rowsOf(
  path: string,
  id: EvidenceKindId,
  left: { characters: number; readonly most: number },
): Promise<unknown[]> {
  const rows: unknown[] = [];
  if (statSync(path).size === 0) return rows;
  const { row } = evidenceKind(id);
  for await (const line of readLines(path)) {
    left.characters -= line.text.length;
    if (left.characters < 0)
      throw new DataError(
        'size',
        `${path}:${line.line}: expected at most ${left.most} characters of evidence in all files together, got more; leave rows out`,
      );
    rows.push(parseLine(path, line, row));
  }
  return rows;
}

/** All evidence that a run folder, or a folder of evidence files, holds; every row is checked. */
export async function loadEvidence(
  folder: string,
  kinds: readonly EvidenceKindId[] = EVIDENCE_KINDS,
  { characters = MOST_CHARACTERS }: { readonly characters?: number } = {},
): Promise<Evidence> {
  const evidence: Partial<Record<EvidenceKindId, readonly unknown[]>> = {};
  const left = { characters, most: characters };
  for (const id of kinds) {
    const path = pathOf(folder, id);
    if (path !== undefined) evidence[id] = await rowsOf(path, id, left);
  }
  return evidence as Evidence;
}

/** A row as one line; numbers that JSON has no name for are refused here rather than when somebody reads them. */
const lineOf = (file: string, row: unknown): string =>
  `${JSON.stringify(row, (key, v) => {
    if (typeof v === 'number' && !Number.isFinite(v))
      throw new TypeError(`${file}: ${key} is ${v}, which JSON cannot hold`);
    return v;
  })}\n`;

/** Writes evidence into a run folder, but for the kinds that the run keeps anyway; returns the files written. */
export function writeEvidence(folder: string, evidence: Evidence): string[] {
  return EVIDENCE_KINDS.flatMap((id) => {
    const rows = evidence[id];
    const { file, kept } = evidenceKind(id);
    if (rows === undefined || kept === true) return [];
    writeFileAtomic(join(folder, file), rows.map((row) => lineOf(file, row)).join(''));
    return [file];
  });
}
