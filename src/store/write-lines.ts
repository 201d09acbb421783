import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fileError, onPath } from '../run/node.ts';
import type { Rows } from './store.ts';

/** Texts as lines in pieces of about 64 KiB, so that a million lines are not a million small writes. */
async function* pieces(lines: Rows<string>): AsyncGenerator<string> {
  let piece: string[] = [];
  let size = 0;
  for await (const line of lines) {
    piece.push(line, '\n');
    size += line.length;
    if (size < 65_536) continue;
    yield piece.join('');
    piece = [];
    size = 0;
  }
  if (piece.length > 0) yield piece.join('');
}

/**
 * Streams lines into a file, whole or not at all: a temporary neighbour, fsync, rename. A name ending in `.gz` is
 * compressed.
 */
export async function writeLines(path: string, lines: Rows<string>): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  try {
    onPath(path, () => mkdirSync(dirname(path), { recursive: true }));
    const source = Readable.from(pieces(lines), { objectMode: true });
    const file = createWriteStream(partial, { mode: 0o600 });
    await (path.endsWith('.gz') ? pipeline(source, createGzip({ level: 4 }), file) : pipeline(source, file));
    await syncPath(partial);
    renameSync(partial, path);
    await syncPath(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw fileError(path, error);
  }
}

/** Puts a file, or the names of a folder, on disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Counts and hashes lines as they pass. */
export interface LineTally {
  lines: number;
  readonly hash: Hash;
}
export const lineTally = (): LineTally => ({ lines: 0, hash: createHash('sha256') });
export function tally(counter: LineTally, line: string): string {
  counter.lines += 1;
  counter.hash.update(line).update('\n');
  return line;
}
