import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { DataError } from './errors.ts';
import { fileError, onPath } from './files.ts';

export interface Line {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

const MAX_LINE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 10;

/** Whether a file starts with the gzip magic bytes. */
function isGzip(path: string): boolean {
  return onPath(path, () => {
    const head = Buffer.alloc(2);
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, 2, 0);
    } finally {
      closeSync(file);
    }
    return head[0] === 0x1f && head[1] === 0x8b;
  });
}

/**
 * Lines of a text file, plain or gzip (told by its first bytes), one at a time. Refuses, naming file and line: a byte
 * that is not UTF-8, a line over the limit, a truncated gzip stream, an empty file. Blank lines are skipped.
 */
export async function* readLines(
  path: string,
  { maxLineBytes = MAX_LINE_BYTES }: { maxLineBytes?: number } = {},
): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const file = isGzip(path) ? createReadStream(path).pipe(createGunzip()) : createReadStream(path);
  let line = 1;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let any = false;
  const decode = (bytes: Buffer): string => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new DataError('utf8', `${path}:${line}: expected UTF-8 text, got other bytes; convert the file`, { cause });
    }
  };
  const tooLong = () =>
    new DataError(
      'line',
      `${path}:${line}: expected at most ${maxLineBytes} bytes on a line, got more; split the record`,
    );
  try {
    for await (const chunk of file as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        const piece = chunk.subarray(start, end);
        if (pendingBytes + piece.length > maxLineBytes) throw tooLong();
        const text = decode(pending.length === 0 ? piece : Buffer.concat([...pending, piece]));
        pending = [];
        pendingBytes = 0;
        start = end + 1;
        if (text.trim() !== '') {
          any = true;
          yield { line, text };
        }
        line += 1;
      }
      const rest = chunk.subarray(start);
      if (rest.length > 0) pending.push(rest);
      pendingBytes += rest.length;
      if (pendingBytes > maxLineBytes) throw tooLong();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR') {
      throw new DataError(
        'gzip',
        `${path}:${line}: expected a whole gzip file, got a truncated or damaged one; fetch it again`,
        {
          cause: error,
        },
      );
    }
    throw fileError(path, error);
  }
  if (pendingBytes > 0) {
    any = true;
    yield { line, text: decode(Buffer.concat(pending)) };
  }
  if (!any) throw new DataError('empty', `${path}: expected records, got an empty file`);
}

/** Parses one line as JSON of a schema; the error names file, line and field. */
export function parseLine<T>(path: string, { line, text }: Line, schema: z.ZodType<T>): T {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const got = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new DataError(
      'json',
      `${path}:${line}: expected a JSON value, got ${JSON.stringify(got)}; mend or drop the line`,
      {
        cause,
      },
    );
  }
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.') || 'record';
  throw new DataError('field', `${path}:${line}: ${field}: ${issue.message}; mend or drop the line`);
}

/** Records of a JSON Lines file. */
export async function* readJsonLines<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  for await (const line of readLines(path)) yield parseLine(path, line, schema);
}
