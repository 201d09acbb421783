import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { DataError, type Folder, tarEntries } from '../../run/index.ts';

/** Bytes that lie in a file of the browser, read where they are asked for. */
export interface Piece {
  readonly size: number;
  /** Bytes from a place on; fewer at the end. */
  read(at: number, length: number): Uint8Array;
}

const DIGEST_BYTES = 4 * 1024 * 1024;

/** A folder of pieces by their paths. */
export function pieceFolder(name: string, pieces: ReadonlyMap<string, Piece>): Folder {
  const at = (path: string): Piece => {
    const piece = pieces.get(path);
    if (piece === undefined) throw new DataError('file', `${name}/${path}: no such file`);
    return piece;
  };
  return {
    name,
    paths: () => [...pieces.keys()].sort(),
    strangers: () => [],
    has: (path) => pieces.has(path),
    size: (path) => at(path).size,
    read: (path, limit) => {
      const { size, read } = at(path);
      if (size > limit) throw new DataError('size', `${name}/${path}: expected at most ${limit} bytes, got ${size}`);
      return read(0, size);
    },
    digest: (path) => {
      const { size, read } = at(path);
      const hash = sha256.create();
      for (let from = 0; from < size; from += DIGEST_BYTES)
        hash.update(read(from, Math.min(DIGEST_BYTES, size - from)));
      return { bytes: size, sha256: bytesToHex(hash.digest()) };
    },
  };
}

/** Files of an archive that lies in one piece. */
export const archivePieces = ({ size, read }: Piece): Map<string, Piece> =>
  new Map(
    tarEntries(read, size).map(({ path, at, bytes }): [string, Piece] => [
      path,
      { size: bytes, read: (from, length) => read(at + from, Math.min(length, bytes - from)) },
    ]),
  );
