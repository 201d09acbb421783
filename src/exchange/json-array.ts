import { DataError } from '../run/index.ts';
import { READ_LIMITS, type ReadOptions, readBytes } from '../run/node.ts';

/** One element of a JSON array as it stands in the file. */
export interface ArrayElement {
  /** Line on which it starts, and its number in the array; both from 1. */
  readonly line: number;
  readonly n: number;
  readonly bytes: Buffer;
}

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);
const BOM = [0xef, 0xbb, 0xbf];

/**
 * Elements of a file that is one JSON array, cut apart without parsing the whole: quotes and brackets are followed, and
 * what lies between two commas of the outer array is an element. Refuses an element over the limit and an array without
 * its end; whether an element is JSON is the reader's question.
 */
export async function* readJsonArray(path: string, options: ReadOptions = {}): AsyncGenerator<ArrayElement> {
  const { lineBytes } = { ...READ_LIMITS, ...options.limits };
  let [line, startLine, n, depth] = [1, 1, 0, 0];
  let [inString, escaped, done] = [false, false, false];
  let offset = 0;
  let pieces: Buffer[] = [];
  let held = 0;
  const fail = (want: string): never => {
    throw new DataError('json', `${path}:${line}: ${want}`);
  };
  for await (const chunk of readBytes(path, options)) {
    // Where the element of this chunk begins; −1 outside of one.
    let from = held > 0 ? 0 : -1;
    for (let i = 0; i < chunk.length; i++, offset++) {
      const byte = chunk[i]!;
      if (byte === NEWLINE) line += 1;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      if (SPACE.has(byte) || (offset < 3 && byte === BOM[offset])) continue;
      if (done) fail('expected nothing after the JSON array; use JSON Lines for several values');
      if (depth === 0) {
        if (byte !== 0x5b) fail('expected a JSON array, which starts with [');
        depth = 1;
        continue;
      }
      const ends = depth === 1 && (byte === COMMA || CLOSE.has(byte));
      if (ends) {
        const inside = from >= 0;
        if (inside) {
          const piece = chunk.subarray(from, i);
          if (held + piece.length > lineBytes) fail(tooLong(lineBytes));
          n += 1;
          yield { line: startLine, n, bytes: Buffer.concat([...pieces, piece]) };
        } else if (byte === COMMA || n > 0) fail('expected an element, got nothing between commas');
        pieces = [];
        held = 0;
        from = -1;
        if (byte !== COMMA) done = true;
        continue;
      }
      if (from < 0) {
        from = i;
        startLine = line;
      }
      if (byte === QUOTE) inString = true;
      else if (OPEN.has(byte)) depth += 1;
      else if (CLOSE.has(byte)) depth -= 1;
    }
    if (from >= 0) {
      const piece = chunk.subarray(from);
      pieces.push(piece);
      held += piece.length;
      if (held > lineBytes) fail(tooLong(lineBytes));
    }
  }
  if (!done) {
    if (depth === 0) throw new DataError('empty', `${path}: expected records, got an empty file`);
    fail('expected the end of the JSON array, got the end of the file; fetch it again');
  }
}

const tooLong = (limit: number) => `expected at most ${limit} bytes for one element, got more; split the record`;
