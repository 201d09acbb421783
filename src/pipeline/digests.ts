import { statSync } from 'node:fs';
import { own } from '../run/index.ts';
import { digestFile, filesBelow, onPath, pathWithin } from '../run/node.ts';

/** Digests of files by path below a run folder. */
export type Digests = Readonly<Record<string, string>>;

/** Digests of this process by path, with what would change if the file did. */
const known = new Map<string, { readonly mark: string; readonly digest: string }>();

function markOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/** SHA-256 of a file, in hex. One that did not change since it was last asked for is not read again. */
export function digestOf(path: string): string {
  return onPath(path, () => {
    const mark = markOf(path);
    const earlier = known.get(path);
    if (earlier?.mark === mark) return earlier.digest;
    const { sha256 } = digestFile(path);
    known.set(path, { mark, digest: sha256 });
    return sha256;
  });
}

/** Digests of files; a folder stands for every file in it, and one that is missing is left out. */
export function digestsOf(folder: string, files: readonly string[]): Digests {
  const found = files.flatMap((file) => {
    // Names come out of records, which a stranger may have written.
    const path = pathWithin(folder, file);
    if (path === undefined) return [];
    return statSync(path).isDirectory() ? filesBelow(path).map((name) => `${file}/${name}`) : [file];
  });
  return Object.fromEntries([...new Set(found)].sort().map((file) => [file, digestOf(`${folder}/${file}`)]));
}

export const sameDigests = (a: Digests, b: Digests): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => own(a, name) === own(b, name));
};
