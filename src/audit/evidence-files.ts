import { DataError, exactTextIn, type Folder, type Line, linesOfText, parseLine, placeIn } from '../run/index.ts';
import { EVIDENCE, EVIDENCE_KINDS, type Evidence, type EvidenceKindId, evidenceKind } from './evidence/index.ts';

/** Where evidence is read from, file by file. */
export interface EvidenceSource {
  has(file: string): boolean;
  /** What messages call a file. */
  place(file: string): string;
  /** Lines that are not blank. */
  lines(file: string): AsyncIterable<Line> | Iterable<Line>;
}

/** Where a kind stands: at its place in a run folder, or by its name alone in a folder of nothing but evidence. */
function fileOfKind({ has }: EvidenceSource, id: EvidenceKindId): string | undefined {
  const { file } = EVIDENCE[id];
  return [file, file.slice(file.lastIndexOf('/') + 1)].find(has);
}

/** The most text of evidence that is read, packed or not: it is held whole, and takes several times as much in memory. */
const MOST_CHARACTERS = 1024 * 1024 * 1024;
export interface EvidenceBounds {
  readonly characters?: number;
}

/** All evidence of some kinds; a row that is none of its kind is a `DataError` with its line. */
export async function evidenceFrom(
  source: EvidenceSource,
  kinds: readonly EvidenceKindId[] = EVIDENCE_KINDS,
  { characters = MOST_CHARACTERS }: EvidenceBounds = {},
): Promise<Evidence> {
  const evidence: Partial<Record<EvidenceKindId, readonly unknown[]>> = {};
  let left = characters;
  for (const id of kinds) {
    const file = fileOfKind(source, id);
    if (file === undefined) continue;
    const rows: unknown[] = [];
    const { row } = evidenceKind(id);
    for await (const line of source.lines(file)) {
      left -= line.text.length;
      if (left < 0)
        throw new DataError(
          'size',
          `${source.place(file)}:${line.line}: expected at most ${characters} characters of evidence in all files together, got more; leave rows out`,
        );
      rows.push(parseLine(source.place(file), line, row));
    }
    evidence[id] = rows;
  }
  return evidence as Evidence;
}

/** The largest file of evidence that is read whole. */
const WHOLE_BYTES = 512 * 1024 * 1024;

/** All evidence of a folder, wherever it lies. */
export const evidenceIn = (folder: Folder, kinds?: readonly EvidenceKindId[]): Promise<Evidence> =>
  evidenceFrom(
    {
      has: folder.has,
      place: (file) => placeIn(folder, file),
      lines: (file) => {
        const text = exactTextIn(folder, file, WHOLE_BYTES);
        if (text === undefined)
          throw new DataError('utf8', `${placeIn(folder, file)}: expected UTF-8 text, got other bytes`);
        return linesOfText(placeIn(folder, file), text).flatMap((line, i): Line[] =>
          line.trim() === '' ? [] : [{ line: i + 1, text: line }],
        );
      },
    },
    kinds,
  );
