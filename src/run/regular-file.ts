import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { DataError } from './errors.ts';
import { onPath } from './files.ts';

/** Bytes that one call of the system or of a hash takes: some take no more than 2^31 − 1. */
export const PIECE_BYTES = 64 * 1024 * 1024;
const DIGEST_BYTES = 4 * 1024 * 1024;

const kindOf = (entry: Pick<Dirent, 'isDirectory' | 'isFIFO' | 'isSocket' | 'isSymbolicLink'>): string =>
  entry.isSymbolicLink()
    ? 'a link'
    : entry.isDirectory()
      ? 'a folder'
      : entry.isFIFO()
        ? 'a pipe'
        : entry.isSocket()
          ? 'a socket'
          : 'a device';

/**
 * Opens a regular file and hands over its descriptor and size. A pipe would wait for a writer and a device may have no end:
 * neither is opened for longer than it takes to see what it is.
 */
export function withRegularFile<T>(path: string, use: (file: number, bytes: number) => T): T {
  return onPath(path, () => {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = fstatSync(file);
      if (!stat.isFile())
        throw new DataError('file', `${path}: expected a regular file, got ${kindOf(stat)}; remove it`);
      return use(file, stat.size);
    } finally {
      closeSync(file);
    }
  });
}

/** Fills an array from a place of an open file; returns how many bytes there were. */
export function readInto(file: number, into: Uint8Array, at: number): number {
  let done = 0;
  for (let got = -1; got !== 0 && done < into.length; done += got)
    got = readSync(file, into, done, Math.min(PIECE_BYTES, into.length - done), at + done);
  return done;
}

/** A regular file whole, if it is no larger than a limit. */
export const readRegularFile = (path: string, limit: number): Buffer =>
  withRegularFile(path, (file, bytes) => {
    if (bytes > limit) throw new DataError('size', `${path}: expected at most ${limit} bytes, got ${bytes}; split it`);
    const content = Buffer.alloc(bytes);
    return content.subarray(0, readInto(file, content, 0));
  });

/** Takes bytes into a hash, whatever their number. */
export function hashBytes(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) hash.update(bytes.subarray(at, at + PIECE_BYTES));
}

/** Size and SHA-256 of a regular file, read in pieces: no file is too large. `hash` may have taken in what goes before. */
export const digestFile = (path: string, hash: Hash = createHash('sha256')): { bytes: number; sha256: string } =>
  withRegularFile(path, (file, size) => {
    // One byte more than there is said to be tells the end.
    const piece = Buffer.allocUnsafe(Math.min(DIGEST_BYTES, size + 1));
    let bytes = 0;
    for (let got = readInto(file, piece, 0); got > 0; got = readInto(file, piece, bytes)) {
      hash.update(piece.subarray(0, got));
      bytes += got;
    }
    return { bytes, sha256: hash.digest('hex') };
  });

/** A file is bytes that somebody stored: one that claims many times what it takes on the disk keeps a reader busy for nothing. */
const HOLLOW = { fromBytes: 64 * 1024 * 1024, ratio: 64 };
function isHollow(path: string): boolean {
  const { size, blocks } = lstatSync(path);
  // Windows says nothing of blocks.
  return size > HOLLOW.fromBytes && blocks !== undefined && size > HOLLOW.ratio * 512 * blocks;
}

/** What lies below a folder and is neither a regular file of real bytes nor a folder, as relative paths with what it is. */
export function strangersBelow(folder: string, prefix = ''): { path: string; what: string }[] {
  return onPath(folder, () => readdirSync(join(folder, prefix), { withFileTypes: true })).flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) return strangersBelow(folder, path);
    if (entry.isFile()) return isHollow(join(folder, path)) ? [{ path, what: 'a file of nothing but holes' }] : [];
    return [{ path, what: kindOf(entry) }];
  });
}

/** Refuses a folder that holds links, pipes or devices: a reader of a stranger's folder would leave it, or wait for ever. */
export function requireRegularFiles(folder: string): void {
  const [first] = strangersBelow(folder);
  if (first === undefined) return;
  const where = `${folder}/${first.path}`;
  throw new DataError('file', `${where}: expected a regular file or a folder, got ${first.what}; remove it`);
}

/** What stands at a path, a link as itself; undefined where nothing does, also where the path goes on below a file. */
export const entryAt = (path: string): Stats | undefined => statOrNothing(() => lstatSync(path));
/** What a path leads to, links followed; undefined where that is nothing. */
export const targetAt = (path: string): Stats | undefined => statOrNothing(() => statSync(path));

/** `throwIfNoEntry: false` of Node still throws below a file. */
function statOrNothing(read: () => Stats): Stats | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

/** A regular file of a folder by its path; undefined where there is nothing, refused where it is a link or anything else. */
export function fileOf(folder: string, path: string): string | undefined {
  const within = pathWithin(folder, path);
  if (within !== undefined && lstatSync(within).isFile()) return within;
  const where = join(folder, path);
  if (entryAt(where) === undefined) return undefined;
  throw new DataError(
    'file',
    `${where}: expected a regular file of that folder, not a link or anything else; remove it`,
  );
}

/**
 * The real path of what lies below a folder; undefined where there is none, or where the path leads out of the folder or
 * through a link. Only what this gives is read of a folder that may be a stranger's.
 */
export function pathWithin(folder: string, path: string): string | undefined {
  if (path.includes('\0')) return undefined;
  try {
    const root = realpathSync(folder);
    const wanted = join(root, path);
    return wanted.startsWith(root + sep) && realpathSync(wanted) === wanted ? wanted : undefined;
  } catch {
    return undefined;
  }
}
