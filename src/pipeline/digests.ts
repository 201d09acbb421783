import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { filesBelow, onPath } from '../run/node.ts';

/** Digests of files by path below a run folder. */
export type Digests = Readonly<Record<string, string>>;

const CHUNK = 1 << 20;

/** Digests of this process by path, with what would change if the file did. */
const known = new Map<string, { readonly mark: string; readonly digest: string }>();

function markOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/** SHA-256 of a file of any size, in hex. One that did not change since it was last asked for is not read again. */
export function digestFile(path: string): string {
  return onPath(path, () => {
    const mark = markOf(path);
    const earlier = known.get(path);
    if (earlier?.mark === mark) return earlier.digest;
    const hash = createHash('sha256');
    const file = openSync(path, 'r');
    try {
      const chunk = Buffer.allocUnsafe(CHUNK);
      for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) hash.update(chunk.subarray(0, n));
    } finally {
      closeSync(file);
    }
    const digest = hash.digest('hex');
    known.set(path, { mark, digest });
    return digest;
  });
}

/** Digests of files; a folder stands for every file in it, and one that is missing is left out. */
export function digestsOf(folder: string, files: readonly string[]): Digests {
  const found = files.flatMap((file) => {
    const path = `${folder}/${file}`;
    if (!existsSync(path)) return [];
    return statSync(path).isDirectory() ? filesBelow(path).map((name) => `${file}/${name}`) : [file];
  });
  return Object.fromEntries([...new Set(found)].sort().map((file) => [file, digestFile(`${folder}/${file}`)]));
}

export const sameDigests = (a: Digests, b: Digests): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
};
