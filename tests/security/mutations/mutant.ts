import { type Folder, memoryFolder, tarEnd, tarEntries, tarFill, tarHeader } from '../../../src/run/index.ts';
import { diskFolder } from '../../../src/run/node.ts';
import type { Rng } from '../../../src/stats/index.ts';
import type { SignedRun } from '../forgery/signed-forgeries.ts';

/** Files of a sealed folder by their paths. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What a mutation starts from: an honest folder, and what a forger may have besides. */
export interface Honest {
  readonly files: Files;
  readonly signed: SignedRun;
}

/** A mutation of an honest folder, as whoever verifies gets it. */
export interface Mutant {
  readonly what: string;
  /** Throws where the folder cannot even be opened; that is refused too. */
  open(): Folder;
}
export type Draw = (honest: Honest, rng: Rng) => Mutant | undefined;

export const textOf = (files: Files, path: string): string => Buffer.from(files.get(path)!).toString('utf8');
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
export const lined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** All files of a folder on the disk. */
export function filesOf(path: string): Files {
  const folder = diskFolder(path);
  return new Map(folder.paths().map((file) => [file, Uint8Array.from(folder.read(file, 2 ** 30))]));
}

/** A mutant of files that have other contents, or none. Undefined where nothing is another. */
export function edited(
  files: Files,
  edits: ReadonlyMap<string, string | Uint8Array | null>,
  what: string,
): Mutant | undefined {
  const after = new Map(files);
  let isSame = true;
  for (const [path, content] of edits) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const before = files.get(path);
    if (bytes === null ? before !== undefined : before === undefined || !Buffer.from(before).equals(bytes))
      isSame = false;
    if (bytes === null) after.delete(path);
    else after.set(path, Uint8Array.from(bytes));
  }
  return isSame ? undefined : { what, open: () => memoryFolder('mutant', after) };
}

/** The files as one archive, with each header changed by its place. */
export function archiveOf(
  files: Files,
  change: (header: Uint8Array, path: string) => Uint8Array = (header) => header,
): Buffer {
  const parts = [...files].flatMap(([path, bytes]) => [
    change(tarHeader(path, bytes.length), path),
    bytes,
    tarFill(bytes.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

/** A header with bytes at a place, and the sum that fits. */
export function headerWith(header: Uint8Array, at: number, text: string): Uint8Array {
  const made = Uint8Array.from(header);
  made.set(Buffer.from(text, 'latin1'), at);
  made.fill(0x20, 148, 156);
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return made;
}

/** The folder that an archive holds, read as whoever opens one does. */
export function openArchive(archive: Uint8Array): Folder {
  const entries = tarEntries((at, length) => archive.subarray(at, at + length), archive.length);
  return memoryFolder(
    'archive',
    new Map(entries.map(({ path, at, bytes }) => [path, archive.subarray(at, at + bytes)])),
  );
}
