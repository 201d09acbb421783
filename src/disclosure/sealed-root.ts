import { DataError, type Folder } from '../run/index.ts';
import { SEAL } from './sealed-files.ts';

/**
 * Where the sealed run lies in what somebody chose: a run folder, a folder that holds one, or an audit pack. `''` is all of it,
 * else a path that ends with a slash.
 *
 * @throws DataError where there is none, or several next to each other.
 */
export function sealedRootOf(paths: readonly string[]): string {
  const roots = paths
    .filter((path) => path === SEAL || path.endsWith(`/${SEAL}`))
    .map((path) => path.slice(0, -SEAL.length));
  const depth = (root: string) => root.split('/').length;
  const least = roots.reduce((fewest, root) => Math.min(fewest, depth(root)), Number.POSITIVE_INFINITY);
  const shallowest = roots.filter((root) => depth(root) === least);
  if (shallowest.length === 1) return shallowest[0]!;
  const got = shallowest.length === 0 ? 'none' : `${shallowest.length}: choose one of them`;
  throw new DataError('sealed', `expected a sealed run, with ${SEAL}, got ${got}`);
}

/** What lies below a path of a folder, as a folder of its own. */
export function folderBelow(folder: Folder, root: string): Folder {
  if (root === '') return folder;
  const inside = (path: string) => path.startsWith(root);
  const here = (path: string) => `${root}${path}`;
  return {
    name: `${folder.name}/${root.slice(0, -1)}`,
    paths: () =>
      folder
        .paths()
        .filter(inside)
        .map((path) => path.slice(root.length)),
    strangers: () =>
      folder
        .strangers()
        .filter(({ path }) => inside(path))
        .map(({ path, what }) => ({ path: path.slice(root.length), what })),
    has: (path) => folder.has(here(path)),
    size: (path) => folder.size(here(path)),
    read: (path, limit) => folder.read(here(path), limit),
    digest: (path) => folder.digest(here(path)),
  };
}
