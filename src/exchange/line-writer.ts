import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { onPath } from '../run/node.ts';

/** What was written: enough for a card, and to check the file later. */
export interface WrittenFile {
  readonly name: string;
  readonly records: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes text in large pieces, with its digest. */
export interface TextWriter {
  /** Bytes written so far, buffered ones included. */
  readonly at: number;
  write(text: string): void;
  /** Reads back a part of what was written. */
  read(at: number, bytes: number): string;
  close(): { readonly bytes: number; readonly sha256: string };
  /** Closes without finishing; nothing after `close`. */
  abandon(): void;
}

const PIECE = 64 * 1024;

/** A writer of a new file; `durable` waits at the end until the disk has it. */
export function textWriter(path: string, { durable = true }: { durable?: boolean } = {}): TextWriter {
  const file = onPath(path, () => openSync(path, 'w+'));
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(PIECE);
  let [used, flushed] = [0, 0];
  let open = true;
  const put = (bytes: Uint8Array) => {
    hash.update(bytes);
    onPath(path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, flushed + at);
    });
    flushed += bytes.length;
  };
  const flush = () => {
    if (used === 0) return;
    put(buffer.subarray(0, used));
    used = 0;
  };
  return {
    get at() {
      return flushed + used;
    },
    write(text) {
      // A UTF-16 unit takes three bytes at most.
      if (text.length * 3 > PIECE - used) flush();
      if (text.length * 3 > PIECE) put(Buffer.from(text));
      else used += buffer.write(text, used);
    },
    read(at, bytes) {
      flush();
      const part = Buffer.alloc(bytes);
      onPath(path, () => readSync(file, part, 0, bytes, at));
      return part.toString('utf8');
    },
    close() {
      flush();
      onPath(path, () => {
        if (durable) fsyncSync(file);
        closeSync(file);
      });
      open = false;
      return { bytes: flushed, sha256: hash.digest('hex') };
    },
    abandon() {
      if (open) closeSync(file);
      open = false;
    },
  };
}
