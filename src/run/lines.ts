import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { DataError } from './errors.ts';
import { fileError } from './files.ts';
import { type Line, parseLine } from './named-json.ts';
import { readInto, readRegularFile, withRegularFile } from './regular-file.ts';
import { linesOfText } from './text-lines.ts';

/** A line before decoding, and where it starts in the unpacked text. */
export interface ByteLine {
  readonly line: number;
  readonly at: number;
  readonly bytes: Buffer;
  /** The file ended without a newline: whoever writes it may be in the middle of this line. */
  readonly torn?: true;
}

/** What reading refuses; each refusal says its limit. */
export interface ReadLimits {
  /** One line or record. */
  readonly lineBytes: number;
  /** A compressed file, unpacked. */
  readonly unpackedBytes: number;
  /** Unpacked over packed size, once more than `ratioFromBytes` came out: text packs 3 to 30 times, a zip bomb 1,000 times. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

const MIB = 1024 * 1024;
export const READ_LIMITS: ReadLimits = {
  lineBytes: 8 * MIB,
  unpackedBytes: 16 * 1024 * MIB,
  ratio: 250,
  ratioFromBytes: 16 * MIB,
};

export interface ReadOptions {
  readonly limits?: Partial<ReadLimits>;
  /** Bytes of the file consumed so far, before unpacking. */
  readonly onBytes?: ((consumed: number) => void) | undefined;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 10;
const BOM = '\ufeff';

/** The lines of a text file that is held whole; behind the last newline there is one more, empty unless it was torn. */
export const linesOfFile = (path: string, limit: number): string[] =>
  linesOfText(path, readRegularFile(path, limit).toString('utf8'));

/** The first bytes of a regular file, fewer when it is shorter. A pipe, which has no beginning to come back to, is refused. */
export const fileHead = (path: string, length: number): Buffer =>
  withRegularFile(path, (file) => {
    const head = Buffer.alloc(length);
    return head.subarray(0, readInto(file, head, 0));
  });

/** Whether bytes are the start of a gzip file. */
export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/**
 * The bytes of a file, plain or gzip (told by its first bytes), in chunks. Refuses a truncated gzip stream, and one that
 * unpacks to more than the limits allow, before more than the limit was unpacked.
 */
export async function* readBytes(path: string, options: ReadOptions = {}): AsyncGenerator<Buffer> {
  const limits = { ...READ_LIMITS, ...options.limits };
  const packed = isGzip(fileHead(path, 2));
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  // `pipeline` hands an error of either stream to the reader of the last one.
  const stream = packed ? pipeline(source, createGunzip(), () => {}) : source;
  let unpacked = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      if (packed && unpacked > limits.unpackedBytes) {
        const limit = `at most ${limits.unpackedBytes} bytes unpacked`;
        throw new DataError('unpacked', `${path}: expected ${limit}, got more; split the file`);
      }
      if (packed && unpacked > limits.ratioFromBytes && unpacked > limits.ratio * Math.max(1, source.bytesRead)) {
        const got = `${unpacked} from ${source.bytesRead} bytes so far`;
        throw new DataError(
          'ratio',
          `${path}: expected gzip that unpacks to at most ${limits.ratio} times its size, got ${got}; unpack it yourself if you trust it`,
        );
      }
      options.onBytes?.(source.bytesRead);
      yield chunk;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') {
      const want = 'expected a whole gzip file, got a truncated or damaged one; fetch it again';
      throw new DataError('gzip', `${path}: ${want}`, { cause: error });
    }
    throw fileError(path, error);
  }
}

/** Lines of a file as bytes, without their newline. A line over the limit is refused without being held in memory. */
export async function* readByteLines(path: string, options: ReadOptions = {}): AsyncGenerator<ByteLine> {
  const { lineBytes } = { ...READ_LIMITS, ...options.limits };
  let line = 1;
  let at = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const check = (bytes: number) => {
    if (bytes > lineBytes) {
      const want = `expected at most ${lineBytes} bytes on a line, got more; split the record`;
      throw new DataError('line', `${path}:${line}: ${want}`);
    }
  };
  try {
    for await (const chunk of readBytes(path, options)) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        const piece = chunk.subarray(start, end);
        check(pendingBytes + piece.length);
        const bytes = pending.length === 0 ? piece : Buffer.concat([...pending, piece]);
        pending = [];
        pendingBytes = 0;
        start = end + 1;
        yield { line, at, bytes };
        at += bytes.length + 1;
        line += 1;
      }
      const rest = chunk.subarray(start);
      if (rest.length > 0) pending.push(rest);
      pendingBytes += rest.length;
      check(pendingBytes);
    }
  } catch (error) {
    if (error instanceof DataError && error.code === 'gzip') {
      throw new DataError('gzip', error.message.replace(`${path}:`, `${path}:${line}:`), { cause: error.cause });
    }
    throw error;
  }
  if (pendingBytes > 0) yield { line, at, bytes: Buffer.concat(pending), torn: true };
}

/** Bytes as UTF-8; a byte order mark is kept, since in the middle of a text it is a character like any other. */
export function decodeUtf8(bytes: Uint8Array, place: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new DataError('utf8', `${place}: expected UTF-8 text, got other bytes; convert the file`, { cause });
  }
}

/**
 * Lines of a text file, plain or gzip, one at a time. Refuses, naming file and line: a byte that is not UTF-8, a line
 * over the limit, a truncated gzip stream, an empty file. Blank lines are skipped, a byte order mark at the start too.
 * With `badLine` a line that is not UTF-8 is handed over there and reading goes on.
 */
export async function* readLines(
  path: string,
  options: ReadOptions & { maxLineBytes?: number; badLine?: (line: number, error: DataError) => void } = {},
): AsyncGenerator<Line> {
  const { maxLineBytes, badLine } = options;
  const limits = { ...options.limits, ...(maxLineBytes !== undefined && { lineBytes: maxLineBytes }) };
  let any = false;
  for await (const { line, bytes } of readByteLines(path, { ...options, limits })) {
    let text: string;
    try {
      text = decodeUtf8(bytes, `${path}:${line}`);
    } catch (error) {
      if (badLine === undefined || !(error instanceof DataError)) throw error;
      any = true;
      badLine(line, error);
      continue;
    }
    if (line === 1 && text.startsWith(BOM)) text = text.slice(1);
    if (text.trim() === '') continue;
    any = true;
    yield { line, text };
  }
  if (!any) throw new DataError('empty', `${path}: expected records, got an empty file`);
}

/** Records of a JSON Lines file. */
export async function* readJsonLines<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  for await (const line of readLines(path)) yield parseLine(path, line, schema);
}

/**
 * Records of a JSON Lines file that somebody may still be writing: a last line without its newline is not there yet, and no
 * line at all is no fault.
 */
export async function* readGrowingLines<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  for await (const { line, bytes, torn } of readByteLines(path)) {
    if (torn === true) return;
    yield parseLine(path, { line, text: decodeUtf8(bytes, `${path}:${line}`) }, schema);
  }
}
