import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import {
  canonicalJson,
  DataError,
  exactTextIn,
  type Folder,
  hasTooManyLines,
  jsonOfIn,
  merkleLeaf,
  merkleRootOf,
} from '../run/index.ts';
import { OPENINGS, SECRET } from './sealed-files.ts';

/**
 * Commitments to what a run holds, row by row. A row of a JSON Lines file is a leaf, and so is any other file as a whole; a
 * leaf is `[salt, path, line, row]` as canonical JSON, and the leaves of a file have one Merkle root (RFC 6962), which the
 * manifest holds. A row can then be shown or withheld without another seal: its leaf stays, and without the salt nobody can
 * try out what the row may be.
 */
export type Salt = string;

const hexSchema = z.string().regex(/^[0-9a-f]{64}$/, 'expected 32 bytes in hex');
const secretSchema = z.strictObject({ format: z.literal('goodhart-secret-1'), secret: hexSchema });
export type Secret = z.infer<typeof secretSchema>;

/** Salts of a public copy: of each file one for each leaf, in order; null where it is withheld. */
export const openingsSchema = z.strictObject({
  format: z.literal('goodhart-openings-1'),
  files: z.array(z.strictObject({ path: z.string(), salts: z.array(hexSchema.nullable()) })),
});
export type Openings = z.infer<typeof openingsSchema>;

/** The salt of a row follows from the secret and all that the row is: another row never has the same. */
export const saltOf = ({ secret }: Secret, row: Omit<Row, 'salt'>): Salt =>
  bytesToHex(hmac(sha256, hexToBytes(secret), utf8ToBytes(canonicalJson([row.path, row.line, row.row]))));

/** A row with its salt: what opens its leaf. Lines count from 1; line 0 is a file as a whole. */
export interface Row {
  readonly path: string;
  readonly line: number;
  /** Text of the line, or size and digest of the file. */
  readonly row: string | { readonly bytes: number; readonly sha256: string };
  readonly salt: Salt;
}

/** Leaf hash of a row, in hex. */
export const leafOf = ({ salt, path, line, row }: Row): string =>
  merkleLeaf(utf8ToBytes(canonicalJson([salt, path, line, row])));

/** The largest file that is committed to row by row; a larger one is one leaf. */
const ROWS_BYTES = 256 * 1024 * 1024;

/** Lines of a JSON Lines file; undefined where it is none, is too large, has too many, or does not end with its last line. */
export function linesOf(folder: Folder, path: string): string[] | undefined {
  if (!path.endsWith('.jsonl') || folder.size(path) > ROWS_BYTES) return undefined;
  const text = exactTextIn(folder, path, ROWS_BYTES);
  if (text === undefined || hasTooManyLines(text)) return undefined;
  const lines = text.split('\n');
  return lines.pop() === '' ? lines : undefined;
}

/** What a file is committed to by. */
export const commitmentSchema = z.strictObject({
  path: z.string(),
  /** By its lines, or as a whole. */
  by: z.enum(['lines', 'file']),
  count: z.int().nonnegative(),
  root: hexSchema,
});
export type Commitment = z.infer<typeof commitmentSchema>;

/** The line that stands for a withheld one. */
export const withheldLine = (leaf: string): string => canonicalJson({ withheld: leaf });
/** The same, read: a row of no kind of evidence. */
export const withheldRowSchema = z.strictObject({ withheld: hexSchema });
const WITHHELD_LINE = /^\{"withheld":"([0-9a-f]{64})"\}$/;

/** Salts of a folder: of a run by its secret, of a public copy by what it opens. */
export type Salts =
  | { readonly of: 'run'; readonly secret: Secret }
  | { readonly of: 'public copy'; readonly byPath: ReadonlyMap<string, readonly (Salt | null)[]> };

/** The salts of a folder. @throws DataError where they are missing, damaged, or there twice. */
export function readSalts(folder: Folder): Salts {
  const [secret, openings] = [SECRET, OPENINGS].map(folder.has);
  if (secret === openings) {
    const got = secret ? 'both' : 'neither';
    throw new DataError('salts', `expected ${SECRET} of a run or ${OPENINGS} of a public copy, got ${got}`);
  }
  if (secret) return { of: 'run', secret: jsonOfIn(folder, SECRET, secretSchema) };
  const { files } = jsonOfIn(folder, OPENINGS, openingsSchema);
  return { of: 'public copy', byPath: new Map(files.map(({ path, salts }) => [path, salts])) };
}

/** The secret of a run; undefined where it has none yet. */
export const readSecret = (folder: Folder): Secret | undefined =>
  folder.has(SECRET) ? jsonOfIn(folder, SECRET, secretSchema) : undefined;

/** A file with its rows opened as far as they are: the commitment, the salts, and the leaves. */
export interface Committed extends Commitment {
  readonly salts: readonly (Salt | null)[];
  readonly leaves: readonly string[];
}

/** Rows of a file as leaves are made of them. */
export function rowsOf(
  folder: Folder,
  path: string,
): { readonly by: Commitment['by']; readonly rows: readonly Row['row'][] } {
  const lines = linesOf(folder, path);
  return lines === undefined ? { by: 'file', rows: [folder.digest(path)] } : { by: 'lines', rows: lines };
}

/** Commits to a file that is there. Fails where a public copy has other rows than salts, or an unreadable row for a withheld one. */
export function commit(folder: Folder, path: string, salts: Salts): Committed {
  const { by, rows } = rowsOf(folder, path);
  const given = salts.of === 'run' ? undefined : salts.byPath.get(path);
  if (salts.of === 'public copy' && given?.length !== rows.length)
    throw new DataError('salts', `${path}: expected ${given?.length ?? 0} rows, got ${rows.length}`);
  const each = rows.map((row, i): { salt: Salt | null; leaf: string } => {
    const place = { path, line: by === 'file' ? 0 : i + 1, row };
    const salt = salts.of === 'run' ? saltOf(salts.secret, place) : given![i]!;
    if (salt !== null) return { salt, leaf: leafOf({ ...place, salt }) };
    const leaf = typeof row === 'string' ? WITHHELD_LINE.exec(row)?.[1] : undefined;
    if (leaf === undefined) throw new DataError('salts', `${path}:${place.line}: expected a withheld row, got another`);
    return { salt, leaf };
  });
  const leaves = each.map(({ leaf }) => leaf);
  return { path, by, count: rows.length, root: merkleRootOf(leaves), salts: each.map(({ salt }) => salt), leaves };
}

/** A secret from 32 random bytes. */
export const secretFrom = (bytes: Uint8Array): Secret => ({
  format: 'goodhart-secret-1',
  secret: bytesToHex(bytes),
});
