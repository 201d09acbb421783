import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DataError, parseLine } from '../run/index.ts';
import { fileError, onPath, readRegularFile } from '../run/node.ts';
import type { AnswerCache } from './client.ts';
import { type Answered, answeredSchema } from './protocol.ts';

const rowSchema = z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), answer: answeredSchema });

/** The largest file of answers that is read whole. */
const FILE_BYTES = 1024 * 1024 * 1024;

/** A cache in a file that only grows, one answer a line. */
export interface AnswerFile extends AnswerCache {
  /** Answers that were there when it was opened. */
  readonly kept: number;
  close(): void;
}

/**
 * Opens the answers of a folder. A torn last line, left by a kill in the middle of a write, is cut off: its question is asked again.
 */
export function openAnswerFile(path: string): AnswerFile {
  const bytes = existsSync(path) ? readRegularFile(path, FILE_BYTES) : Buffer.alloc(0);
  const whole = bytes.lastIndexOf(10) + 1;
  const answers = new Map<string, Answered>();
  for (const [i, text] of bytes.subarray(0, whole).toString('utf8').split('\n').entries()) {
    if (text.trim() === '') continue;
    const { digest, answer } = parseLine(path, { line: i + 1, text }, rowSchema);
    answers.set(digest, answer);
  }
  const file = onPath(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  });
  ftruncateSync(file, whole);
  const kept = answers.size;
  let at = whole;
  return {
    kept,
    get: (digest) => answers.get(digest),
    put(digest, answer) {
      const row = Buffer.from(`${JSON.stringify({ digest, answer })}\n`);
      if (at + row.length > FILE_BYTES)
        throw new DataError('size', `${path}: expected at most ${FILE_BYTES} bytes of answers; use another --out`);
      try {
        for (let done = 0; done < row.length; ) done += writeSync(file, row, done);
      } catch (error) {
        // A full disk takes a part of a row, behind which no other may stand.
        ftruncateSync(file, at);
        throw fileError(path, error);
      }
      at += row.length;
      answers.set(digest, answer);
    },
    close: () => closeSync(file),
  };
}
