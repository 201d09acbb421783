import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { onPath } from '../../run/node.ts';

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

const PIECE = 1024 * 1024;

/** A writer of a new file; `durable` waits at the end until the disk has it. */
export function textWriter(path: string, { durable = true }: { durable?: boolean } = {}): TextWriter {
  const file = onPath(path, () => openSync(path, 'w+'));
  const hash = createHash('sha256');
  let pending: string[] = [];
  let pendingBytes = 0;
  let flushed = 0;
  let open = true;
  const flush = () => {
    if (pending.length === 0) return;
    const bytes = Buffer.from(pending.join(''));
    hash.update(bytes);
    onPath(path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, flushed + at);
    });
    flushed += bytes.length;
    pending = [];
    pendingBytes = 0;
  };
  return {
    get at() {
      return flushed + pendingBytes;
    },
    write(text) {
      pending.push(text);
      pendingBytes += Buffer.byteLength(text);
      if (pendingBytes >= PIECE) flush();
    },
    read(at, bytes) {
      flush();
      const buffer = Buffer.alloc(bytes);
      onPath(path, () => readSync(file, buffer, 0, bytes, at));
      return buffer.toString('utf8');
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
