import { WIDEST_ROW } from '../model/index.ts';
import type { Feed } from './graphs.ts';

/**
 * Ragged sequences as rows of tokens without padding between them: several sequences stand side by side in a row, and
 * sequences that begin alike share their common beginning, which is computed once. A row is a forest in depth-first order:
 * a token sees those before it whose subtree it stands in. Values at a token are those of the sequence alone.
 */

/** A shorter common beginning is not worth standing next to each other for. */
const SHORTEST_SHARED = 4;
/** Widths tried for a row; the one with the least work is taken. */
const WIDTHS = [96, 112, 128, 144, 160, 192, 224, 256, 320, WIDEST_ROW];
/** Work of attention per token and per token of row width, in units of the work of everything else per token. */
const ATTENTION_SHARE = 1 / 1000;

/** Rows of one pass, [rows, time] each, row-major. */
export interface Pass {
  readonly rows: number;
  readonly time: number;
  readonly tokens: BigInt64Array;
  /** Place of a token in its sequence. */
  readonly positions: BigInt64Array;
  /** Where in the row a token's subtree ends: tokens from there on do not see it. */
  readonly ends: BigInt64Array;
  /** Sequences of this pass, by index, and where in the flattened rows each of their tokens stands. */
  readonly sequences: readonly { readonly index: number; readonly at: Int32Array }[];
}

/** Sequences next to each other in one row: the first in full, of the others what comes after the beginning they share. */
interface Chunk {
  readonly members: readonly { readonly index: number; readonly shared: number }[];
  readonly size: number;
}

function sharedLength(a: Int32Array, b: Int32Array): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a[n] === b[n]) n++;
  return n;
}

function compareTokens(a: Int32Array, b: Int32Array): number {
  const n = sharedLength(a, b);
  return n < a.length && n < b.length ? a[n]! - b[n]! : a.length - b.length;
}

/** Chunks of at most `width` tokens (or one sequence), from sequences in lexicographic order. */
function chunksOf(
  sequences: readonly Int32Array[],
  order: readonly number[],
  { shared, width }: { readonly shared: readonly number[]; readonly width: number },
): Chunk[] {
  const chunks: Chunk[] = [];
  let members: { index: number; shared: number }[] = [];
  let size = 0;
  for (const [k, index] of order.entries()) {
    const { length } = sequences[index]!;
    const added = length - shared[k]!;
    if (members.length > 0 && (shared[k]! < SHORTEST_SHARED || size + added > width)) {
      chunks.push({ members, size });
      members = [];
      size = 0;
    }
    members.push({ index, shared: members.length === 0 ? 0 : shared[k]! });
    size += members.length === 1 ? length : added;
  }
  if (members.length > 0) chunks.push({ members, size });
  return chunks;
}

/** Chunks into rows of at most `width`: the largest first, each into the fullest row that has room (best fit decreasing). */
function rowsOf(chunks: readonly Chunk[], width: number): Chunk[][] {
  const sorted = [...chunks].sort((a, b) => b.size - a.size || a.members[0]!.index - b.members[0]!.index);
  // Rows by the room they have left.
  const byRoom: Chunk[][][] = Array.from({ length: width + 1 }, () => []);
  const rows: Chunk[][] = [];
  for (const chunk of sorted) {
    let room = chunk.size;
    while (room <= width && byRoom[room]!.length === 0) room++;
    const row = room <= width ? byRoom[room]!.pop()! : [];
    if (row.length === 0) {
      rows.push(row);
      room = Math.max(width, chunk.size);
    }
    row.push(chunk);
    if (room - chunk.size <= width) byRoom[room - chunk.size]!.push(row);
  }
  return rows;
}

const widthOf = (row: readonly Chunk[]) => row.reduce((sum, { size }) => sum + size, 0);

function layOut(rows: readonly (readonly Chunk[])[], sequences: readonly Int32Array[]): Pass {
  const time = Math.max(...rows.map(widthOf));
  const size = rows.length * time;
  const [tokens, positions, ends] = [new BigInt64Array(size), new BigInt64Array(size), new BigInt64Array(size)];
  const placed: { index: number; at: Int32Array }[] = [];
  for (const [r, row] of rows.entries()) {
    const base = r * time;
    let next = 0;
    for (const { members } of row) {
      let before: Int32Array = new Int32Array(0);
      for (const { index, shared } of members) {
        const sequence = sequences[index]!;
        const at = new Int32Array(sequence.length);
        at.set(before.subarray(0, shared));
        for (let i = shared; i < sequence.length; i++) {
          const flat = base + next++;
          at[i] = flat;
          tokens[flat] = BigInt(sequence[i]!);
          positions[flat] = BigInt(i);
        }
        // All that stand on this sequence's path reach to its end; a later sibling moves shared ones on.
        for (const flat of at) ends[flat] = BigInt(next);
        placed.push({ index, at });
        before = at;
      }
    }
    // A padded token sees itself only.
    for (; next < time; next++) ends[base + next] = BigInt(next + 1);
  }
  return { rows: rows.length, time, tokens, positions, ends, sequences: placed };
}

/** The graph inputs that a pass gives whatever is asked of it. */
export function passFeeds({ rows, time, tokens, positions, ends }: Pass): Record<string, Feed> {
  const shape = [rows, time];
  const order = BigInt64Array.from({ length: time }, (_, i) => BigInt(i));
  return { tokens: [tokens, shape], positions: [positions, shape], ends: [ends, shape], order: [order, [time]] };
}

/** Rows of like width together, widest first, as many as a pass holds. */
function passesOf(rows: readonly Chunk[][], most: number): Chunk[][][] {
  const sorted = [...rows].sort((a, b) => widthOf(b) - widthOf(a));
  const passes: Chunk[][][] = [];
  for (let start = 0; start < sorted.length; ) {
    const count = Math.max(1, Math.floor(most / widthOf(sorted[start]!)));
    passes.push(sorted.slice(start, start + count));
    start += count;
  }
  return passes;
}

/** Work of passes, padding included. */
const workOf = (passes: readonly Chunk[][][]): number =>
  passes.reduce((sum, rows) => {
    const width = widthOf(rows[0]!);
    return sum + rows.length * width * (1 + width * ATTENTION_SHARE);
  }, 0);

/**
 * Every sequence in exactly one pass of at most `most` tokens, padding included, or of a row as long as the longest sequence
 * where that is longer. The same sequences give the same passes.
 */
export function pack(sequences: readonly Int32Array[], most: number): Pass[] {
  const longest = sequences.reduce((most, s) => Math.max(most, s.length), 0);
  const order = sequences.map((_, i) => i).sort((a, b) => compareTokens(sequences[a]!, sequences[b]!) || a - b);
  const shared = order.map((index, k) => (k === 0 ? 0 : sharedLength(sequences[order[k - 1]!]!, sequences[index]!)));
  let best: { passes: Chunk[][][]; work: number } | undefined;
  for (const width of new Set(WIDTHS.map((w) => Math.max(Math.min(w, most), longest)))) {
    const passes = passesOf(rowsOf(chunksOf(sequences, order, { shared, width }), width), most);
    const work = workOf(passes);
    if (best === undefined || work < best.work) best = { passes, work };
  }
  return best!.passes.map((rows) => layOut(rows, sequences));
}
