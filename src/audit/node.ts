/** Evidence on disk: one JSON Lines file for each kind. */
import { statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { hintFor, UsageError } from '../run/index.ts';
import { fileOf, filesBelow, readLines, requireRegularFiles, writeFileAtomic } from '../run/node.ts';
import { EVIDENCE, EVIDENCE_KINDS, type Evidence, type EvidenceKindId, evidenceKind } from './evidence/index.ts';
import { type EvidenceBounds, evidenceFrom } from './evidence-files.ts';

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
      const hint = hintFor(basename(file), [...places.keys()], 'docs/evidence.md names every file; move it elsewhere');
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

/** All evidence that a run folder, or a folder of evidence files, holds; every row is checked. */
export const loadEvidence = (
  folder: string,
  kinds?: readonly EvidenceKindId[],
  bounds?: EvidenceBounds,
): Promise<Evidence> =>
  evidenceFrom(
    {
      has: (file) => fileOf(folder, file) !== undefined,
      place: (file) => join(folder, file),
      // An empty file holds no rows, and that is no fault.
      lines: (file) => (statSync(join(folder, file)).size === 0 ? [] : readLines(join(folder, file))),
    },
    kinds,
    bounds,
  );

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
