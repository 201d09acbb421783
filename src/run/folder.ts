import type { z } from 'zod';
import { digestBytes } from './canonical.ts';
import { DataError } from './errors.ts';
import { namedJson, namedValue } from './named-json.ts';
import { parseRecords, type RunRecord } from './records.ts';

/**
 * A folder as its readers see it, wherever it lies: on a disk, in an archive, or chosen in a browser. Paths have forward slashes;
 * one that leads out of the folder, or through a link, is a path of nothing.
 */
export interface Folder {
  /** What messages call it. */
  readonly name: string;
  /** Paths of its regular files, sorted. */
  paths(): readonly string[];
  /** What it holds that is neither a file nor a folder, with what it is: nothing else is read of a folder that has any. */
  strangers(): readonly { readonly path: string; readonly what: string }[];
  has(path: string): boolean;
  size(path: string): number;
  /** Bytes of a file that is there. @throws DataError where they are more than the limit. */
  read(path: string, limit: number): Uint8Array;
  /** Size and SHA-256 in hex, read in pieces: no file is too large. */
  digest(path: string): { readonly bytes: number; readonly sha256: string };
}

/** The largest file of JSON that is read whole. */
const JSON_BYTES = 256 * 1024 * 1024;
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });
const STRICT = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** The name of a file in messages. */
export const placeIn = ({ name }: Folder, path: string): string => `${name}/${path}`;

/** A file as text; bytes that are no UTF-8 show as a mark. */
export const textIn = (folder: Folder, path: string, limit = JSON_BYTES): string =>
  LENIENT.decode(folder.read(path, limit));

/** A file as text; undefined where it is none, byte by byte. */
export function exactTextIn(folder: Folder, path: string, limit: number): string | undefined {
  const bytes = folder.read(path, limit);
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A JSON file, or one line saying what is wrong with it. */
export const jsonIn = (folder: Folder, path: string, limit?: number): unknown =>
  namedJson(placeIn(folder, path), textIn(folder, path, limit));

/** A JSON file of a schema; the error names the file and the field. */
export const jsonOfIn = <T>(folder: Folder, path: string, schema: z.ZodType<T>, limit?: number): T =>
  namedValue(schema, placeIn(folder, path), jsonIn(folder, path, limit));

/** Whole records of a log; none where there is no log. */
export const recordsIn = (folder: Folder, path: string): RunRecord[] =>
  folder.has(path) ? parseRecords(placeIn(folder, path), folder.read(path, JSON_BYTES)).records : [];

/** A folder whose files are bytes at hand, by their paths. */
export function memoryFolder(name: string, files: ReadonlyMap<string, Uint8Array>): Folder {
  const at = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new DataError('file', `${name}/${path}: no such file`);
    return bytes;
  };
  return {
    name,
    paths: () => [...files.keys()].sort(),
    strangers: () => [],
    has: (path) => files.has(path),
    size: (path) => at(path).length,
    read: (path, limit) => withinLimit(`${name}/${path}`, at(path), limit),
    digest: (path) => ({ bytes: at(path).length, sha256: digestBytes(at(path)) }),
  };
}

function withinLimit(place: string, bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length > limit)
    throw new DataError('size', `${place}: expected at most ${limit} bytes, got ${bytes.length}; split it`);
  return bytes;
}
