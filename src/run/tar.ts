import { utf8ToBytes } from '@noble/hashes/utils.js';
import { DataError } from './errors.ts';
import type { Folder } from './folder.ts';

/**
 * Archives of files in the form of tar that every system unpacks (ustar, POSIX.1-1988). What is written is files alone, each with
 * the same rights and no time, so that the same files give the same bytes. What is read may be a stranger's: anything but
 * regular files and folders at places inside the archive is refused before one byte of it is used.
 */
export const TAR_BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MOST_BYTES = 0o77777777777;
const MOST_ENTRIES = 100_000;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A file of an archive: where its bytes lie. */
export interface TarEntry {
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}

const refuse = (why: string): DataError =>
  new DataError('archive', `expected an archive of plain files (tar, ustar), got ${why}; pack the folder anew`);

/** Why a path is not one inside an archive; undefined for one that is. */
export function pathFault(path: string): string | undefined {
  if (/\p{Cc}|\\/u.test(path)) return 'a name with control characters or backslashes';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'an absolute path';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'a path that leads elsewhere';
  return undefined;
}

/** Name and prefix of a path, as the header has them. */
function split(path: string): { readonly name: Uint8Array; readonly prefix: Uint8Array } {
  const whole = utf8ToBytes(path);
  if (whole.length <= NAME_BYTES) return { name: whole, prefix: new Uint8Array() };
  for (let at = whole.length - NAME_BYTES - 1; at <= PREFIX_BYTES && at < whole.length; at++)
    if (whole[at] === 0x2f && at > 0) return { name: whole.subarray(at + 1), prefix: whole.subarray(0, at) };
  throw new DataError('archive', `${path}: expected a path that an archive can hold, got one that is too long`);
}

/** The header of a file. */
export function tarHeader(path: string, bytes: number): Uint8Array {
  const fault = pathFault(path);
  if (fault !== undefined) throw refuse(`${JSON.stringify(path)}, ${fault}`);
  if (bytes > MOST_BYTES) throw new DataError('archive', `${path}: expected at most ${MOST_BYTES} bytes, got ${bytes}`);
  const header = new Uint8Array(TAR_BLOCK);
  const { name, prefix } = split(path);
  header.set(name, 0);
  const put = (at: number, text: string) => header.set(utf8ToBytes(text), at);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${bytes.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\x0000');
  header.set(prefix, 345);
  put(148, `${sumOf(header).toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** Zeros that fill the last block of a file. */
export const tarFill = (bytes: number): Uint8Array => new Uint8Array((TAR_BLOCK - (bytes % TAR_BLOCK)) % TAR_BLOCK);
/** What ends an archive. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * TAR_BLOCK);

/** The largest file that an archive takes in. */
const FILE_BYTES = 1024 ** 3;

/** The bytes of an archive of folders, each below a path of its own (`''`, or one that ends with a slash). */
export function* tarParts(folders: readonly (readonly [below: string, folder: Folder])[]): Generator<Uint8Array> {
  for (const [below, folder] of folders)
    for (const path of folder.paths()) {
      const bytes = folder.read(path, FILE_BYTES);
      yield tarHeader(`${below}${path}`, bytes.length);
      yield bytes;
      yield tarFill(bytes.length);
    }
  yield tarEnd();
}

/** Sum of a header's bytes, its own field taken as spaces. */
const sumOf = (header: Uint8Array): number =>
  header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

function textAt(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  // What stands behind the end of a name is read by some and not by others.
  if (end >= 0 && !isZero(field.subarray(end))) throw refuse('a name with something behind its end');
  try {
    return UTF8.decode(end < 0 ? field : field.subarray(0, end));
  } catch {
    throw refuse('a name that is no UTF-8');
  }
}

function octalAt(header: Uint8Array, at: number, length: number): number {
  const digits = /^ *([0-7]+)[\0 ]*$/.exec(String.fromCharCode(...header.subarray(at, at + length)))?.[1];
  if (digits === undefined) throw refuse('a damaged header');
  return Number.parseInt(digits, 8);
}

/** What a header says; undefined for a folder. */
function entryOf(header: Uint8Array, at: number): TarEntry | undefined {
  if (octalAt(header, 148, 8) !== sumOf(header)) throw refuse('a header whose sum is another');
  const magic = String.fromCharCode(...header.subarray(257, 265));
  if (magic !== 'ustar\x0000' && magic !== 'ustar  \0') throw refuse('another format of archive');
  // Where GNU keeps other things, POSIX keeps the beginning of a long name.
  const prefix = magic === 'ustar\x0000' ? textAt(header, 345, PREFIX_BYTES) : '';
  const name = textAt(header, 0, NAME_BYTES);
  const type = String.fromCharCode(header[156]!);
  const path = `${prefix === '' ? '' : `${prefix}/`}${name}`.replace(/^\.\//, '');
  const bytes = octalAt(header, 124, 12);
  if (type === '5' && bytes === 0) {
    const fault = path === '' ? undefined : pathFault(path.replace(/\/$/, ''));
    if (fault !== undefined) throw refuse(fault);
    return undefined;
  }
  if (type !== '0' && type !== '\0')
    throw refuse(type === '1' || type === '2' ? 'a link' : 'something that is no file, or a file with attributes');
  const fault = pathFault(path);
  if (fault !== undefined) throw refuse(fault);
  return { path, at: at + TAR_BLOCK, bytes };
}

/** Names that one system or another would take for the same, or that cannot stand together. */
function refuseClashes(entries: readonly TarEntry[]): void {
  const seen = new Set<string>();
  for (const { path } of entries) {
    const key = path.normalize('NFC').toLowerCase();
    if (seen.has(key)) throw refuse('two files of one name');
    seen.add(key);
  }
  for (const { path } of entries) {
    const parts = path.normalize('NFC').toLowerCase().split('/');
    for (let n = 1; n < parts.length; n++)
      if (seen.has(parts.slice(0, n).join('/'))) throw refuse('a file and a folder of one name');
  }
}

/**
 * Files of an archive. `read` gives the bytes from a place on.
 *
 * @throws DataError for what is no archive, was cut, or holds anything but plain files at places of their own inside it.
 */
export function tarEntries(read: (at: number, length: number) => Uint8Array, size: number): TarEntry[] {
  const entries: TarEntry[] = [];
  if (size % TAR_BLOCK !== 0 || size < 2 * TAR_BLOCK) throw refuse('something else, or one that was cut');
  let at = 0;
  for (; at < size; ) {
    const header = read(at, TAR_BLOCK);
    if (isZero(header)) break;
    const entry = entryOf(header, at);
    if (entry !== undefined) entries.push(entry);
    if (entries.length > MOST_ENTRIES) throw refuse(`more than ${MOST_ENTRIES} files`);
    const end = at + TAR_BLOCK + (entry?.bytes ?? 0);
    const fill = tarFill(entry?.bytes ?? 0).length;
    if (!isZero(read(end, fill))) throw refuse('something between two files');
    at = end + fill;
  }
  if (at + 2 * TAR_BLOCK > size) throw refuse('one that was cut');
  for (; at < size; at += TAR_BLOCK) if (!isZero(read(at, TAR_BLOCK))) throw refuse('something behind its end');
  refuseClashes(entries);
  return entries;
}
