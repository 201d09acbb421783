import { z } from 'zod';
import {
  canonicalJson,
  DataError,
  digestValue,
  type Folder,
  merkleRootOf,
  parseJson,
  type RunRecord,
  textIn,
} from '../run/index.ts';
import type { Committed } from './commitments.ts';
import { WITHHELD } from './sealed-files.ts';

/** Why something may be withheld. */
export const REASONS = [
  'trade-secret',
  'cybersecurity',
  'public-safety',
  'national-security',
  'personal-data',
] as const;

/** Somebody's words for what they withhold. */
export const groundsSchema = z.strictObject({
  reason: z.enum(REASONS),
  justification: z.string().min(1),
  /** Who keeps what is withheld. */
  custodian: z.string().min(1),
  /** Until when they keep it. */
  retainUntil: z.iso.date(),
  /** Whether it bears on a conclusion of the disclosure. */
  materialToConclusion: z.boolean(),
  /** Who looked at all of it and found that it may be withheld; null for nobody. */
  reviewedBy: z.string().min(1).nullable().default(null),
});
export type Grounds = Readonly<z.infer<typeof groundsSchema>>;

const hexSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Lines from one to another, both included; `[0, 0]` is a file as a whole. */
const rangeSchema = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);

const entrySchema = groundsSchema.extend({
  status: z.literal('withheld'),
  path: z.string(),
  lines: z.array(rangeSchema).min(1),
  count: z.int().positive(),
  /** Merkle root over the leaves of what is withheld. */
  digest: hexSchema,
  reviewedBy: z.string().min(1).nullable(),
});
export type WithheldEntry = Readonly<z.infer<typeof entrySchema>>;

const bodySchema = z.strictObject({
  format: z.literal('goodhart-withheld-1'),
  /** Digest of the seal that both the run and its public copy have. */
  seal: hexSchema,
  entries: z.array(entrySchema).min(1),
});
/** What a public copy withholds. `digest` is of all the rest: an edit of the list alone shows. */
export const withheldSchema = bodySchema.extend({ digest: hexSchema });
export type WithheldList = Readonly<z.infer<typeof withheldSchema>>;

/** The list with its digest. */
export const withheldList = (seal: string, entries: readonly WithheldEntry[]): WithheldList => {
  const body = { format: 'goodhart-withheld-1' as const, seal, entries: [...entries] };
  return { ...body, digest: digestValue(body) };
};

/** Lines as ranges. */
export function rangesOf(lines: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of [...lines].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}

/** What is withheld of each path: lines by their leaves. Line 0 is a file as a whole. */
export type Withholding = ReadonlyMap<string, ReadonlyMap<number, string>>;

export const withheldCount = (withholding: Withholding, paths: Iterable<string> = withholding.keys()): number =>
  [...paths].reduce((sum, path) => sum + (withholding.get(path)?.size ?? 0), 0);

/** What a folder withholds, as its own files show it: rows that stand for others, files that are listed and not there, bodies. */
export function withholdingOf(input: {
  readonly committed: readonly Committed[];
  readonly absent: readonly { readonly path: string; readonly root: string }[];
  readonly records: readonly RunRecord[];
  readonly recordsPath: string;
}): Withholding {
  const { committed, absent, records, recordsPath } = input;
  const found = new Map<string, Map<number, string>>();
  for (const { path, salts, leaves } of committed) {
    const rows = salts.flatMap((salt, i) => (salt === null ? [[i + 1, leaves[i]!] as const] : []));
    if (rows.length > 0) found.set(path, new Map(rows));
  }
  for (const { path, root } of absent) found.set(path, new Map([[0, root]]));
  const bodies = records.flatMap(({ seq, bodyDigest }) =>
    bodyDigest === undefined ? [] : [[seq + 1, bodyDigest] as const],
  );
  if (bodies.length > 0) found.set(recordsPath, new Map(bodies));
  return found;
}

/** Digest over the leaves of what an entry withholds. */
export const digestOfLeaves = (leaves: readonly string[]): string => merkleRootOf(leaves);

const MOST_LINES = 10_000_000;

/** Lines of an entry; undefined where its ranges are none, overlap, or are out of order. */
function linesOfEntry({ lines }: WithheldEntry): number[] | undefined {
  const all: number[] = [];
  let last = -1;
  for (const [from, to] of lines) {
    if (from <= last || to < from || all.length + to - from > MOST_LINES) return undefined;
    for (let line = from; line <= to; line++) all.push(line);
    last = to;
  }
  return all;
}

/** How a list and what a folder withholds differ; undefined where each row that is withheld is in one entry, and no other. */
export function listFault(list: WithheldList, withholding: Withholding): string | undefined {
  const left = new Map([...withholding].map(([path, rows]) => [path, new Map(rows)]));
  for (const [i, entry] of list.entries.entries()) {
    const { path, count, digest } = entry;
    const where = `entry ${i + 1}, ${path}`;
    const lines = linesOfEntry(entry);
    if (lines === undefined) return `${where}: expected lines in order`;
    const rows = left.get(path);
    const leaves = lines.map((line) => rows?.get(line));
    const strange = lines[leaves.indexOf(undefined)];
    if (strange !== undefined) return `${where}: line ${strange} is not withheld, or is in another entry too`;
    if (count !== lines.length) return `${where}: says ${count} rows, and ${lines.length} are withheld`;
    if (digest !== digestOfLeaves(leaves as string[])) return `${where}: digest of other rows`;
    for (const line of lines) rows!.delete(line);
  }
  const [silent] = [...left].filter(([, rows]) => rows.size > 0);
  if (silent === undefined) return undefined;
  return `${silent[0]}: ${silent[1].size} rows are withheld and not listed (line ${[...silent[1].keys()][0]})`;
}

const LIST_BYTES = 64 * 1024 * 1024;

/** The list of a public copy; undefined where there is none. @throws DataError for one that is not in its canonical form. */
export function readWithheld(folder: Folder): WithheldList | undefined {
  if (!folder.has(WITHHELD)) return undefined;
  const text = textIn(folder, WITHHELD, LIST_BYTES);
  const parsed = withheldSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new DataError(
      'withheld',
      `${WITHHELD}: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`,
    );
  const { digest, ...body } = parsed.data;
  if (`${canonicalJson(parsed.data)}\n` !== text)
    throw new DataError('withheld', `${WITHHELD}: not in its canonical form`);
  if (digestValue(body) !== digest) throw new DataError('withheld', `${WITHHELD}: altered after it was made`);
  return parsed.data;
}

/** The list of a public copy with the digest of its file, which whoever publishes it publishes too. */
export function withheldOf(folder: Folder): { readonly list: WithheldList; readonly digest: string } {
  const list = readWithheld(folder);
  if (list === undefined)
    throw new DataError('withheld', `${folder.name}: expected ${WITHHELD} of a public copy, got none`);
  return { list, digest: folder.digest(WITHHELD).sha256 };
}
