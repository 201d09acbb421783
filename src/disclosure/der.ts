import { DataError } from '../run/index.ts';

/**
 * As much of DER (X.690) as reading a time stamp takes: values of one-byte tags and definite lengths, each with its bytes.
 * Whatever is not that is refused; nothing is read beyond what holds it.
 */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

/** Tags that are read here. */
export const TAG = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Context tags, constructed: `[0]`, `[1]`, … */
  context: (n: number) => 0xa0 + n,
} as const;

const bad = (why: string): DataError => new DataError('der', `expected DER, got ${why}`);

function readDer(bytes: Buffer, at: number): { readonly value: Der; readonly end: number } {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) throw bad('bytes that end early');
  if ((tag & 0x1f) === 0x1f) throw bad('a tag of many bytes');
  const more = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || more > 4 || at + 2 + more > bytes.length) throw bad('a length of no end');
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
  if (more > 0 && (length < 0x80 || bytes[at + 2] === 0)) throw bad('a length with more bytes than it takes');
  const start = at + 2 + more;
  const end = start + length;
  if (end > bytes.length) throw bad('bytes that end early');
  return { value: { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }, end };
}

/** The one value that bytes are. */
export function derOf(bytes: Buffer): Der {
  const { value, end } = readDer(bytes, 0);
  if (end !== bytes.length) throw bad('more behind it');
  return value;
}

/** The values that a constructed one holds, in order. */
export function partsOf({ content }: Der): Der[] {
  const parts: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const { value, end } = readDer(content, at);
    parts.push(value);
    at = end;
  }
  return parts;
}

/** A value that must have a tag. */
export function demand(value: Der | undefined, tag: number, what: string): Der {
  if (value?.tag !== tag) throw bad(`no ${what}`);
  return value;
}

/** An object identifier in dots: `1.2.840.113549`. */
export function oidOf(value: Der | undefined): string {
  const { content } = demand(value, TAG.oid, 'object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw bad('an object identifier beyond all bounds');
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join('.');
}

/** A value of DER from its tag and content. */
export function derFrom(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : undefined;
  if (head === undefined) throw bad('more than it writes');
  return Buffer.concat([Buffer.from(head), content]);
}
