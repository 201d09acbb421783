import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fileError, onPath, writeFileAtomic } from './files.ts';
import { readBytes } from './lines.ts';
import { PIECE_BYTES, readInto, withRegularFile } from './regular-file.ts';
import { tarEntries } from './tar.ts';

/** Writes an archive as a gzip file, whole or not at all. The same files give the same bytes. */
export async function writeArchive(out: string, parts: Iterable<Uint8Array>): Promise<void> {
  const partial = `${out}.partial-${process.pid}`;
  try {
    onPath(out, () => mkdirSync(dirname(out), { recursive: true }));
    await pipeline(Readable.from(parts), createGzip(), createWriteStream(partial));
    renameSync(partial, out);
  } catch (error) {
    rmSync(partial, { force: true });
    throw fileError(out, error);
  }
}

/** Bytes of an open file from a place on, in pieces. */
function* pieces(file: number, at: number, bytes: number): Generator<Uint8Array> {
  for (let done = 0; done < bytes; ) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, bytes - done));
    const got = readInto(file, piece, at + done);
    if (got === 0) return;
    yield piece.subarray(0, got);
    done += got;
  }
}

/**
 * Unpacks an archive, plain or gzip, into a folder that is there for as long as it is used. Nothing is written of one that holds
 * anything but plain files at places of their own inside it.
 */
export async function withUnpacked<T>(archive: string, use: (folder: string) => Promise<T>): Promise<T> {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-archive-'));
  try {
    const plain = join(place, 'archive.tar');
    await pipeline(Readable.from(readBytes(archive)), createWriteStream(plain));
    const folder = join(place, 'unpacked');
    mkdirSync(folder);
    withRegularFile(plain, (file, size) => {
      const read = (at: number, length: number) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readInto(file, bytes, at));
      };
      for (const { path, at, bytes } of tarEntries(read, size))
        writeFileAtomic(join(folder, path), pieces(file, at, bytes));
    });
    rmSync(plain);
    return await use(folder);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
