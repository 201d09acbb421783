/** Right-padded batches of ragged rows. Causal attention never looks right, so padding changes no real position. */

/** Row indices in passes of at most `most` tokens, padding included: rows of like length together, original indices kept. */
export function passes(lengths: readonly number[], most: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const groups: number[][] = [];
  let current: number[] = [];
  for (const row of order) {
    if (current.length > 0 && (current.length + 1) * lengths[row]! > most) {
      groups.push(current);
      current = [];
    }
    current.push(row);
  }
  if (current.length > 0) groups.push(current);
  return groups;
}

export function padIntegers(rows: readonly Int32Array[], time: number): BigInt64Array {
  const padded = new BigInt64Array(rows.length * time);
  for (const [r, row] of rows.entries()) for (let i = 0; i < row.length; i++) padded[r * time + i] = BigInt(row[i]!);
  return padded;
}

export function padFloats(rows: readonly Float32Array[], time: number): Float32Array {
  const padded = new Float32Array(rows.length * time);
  for (const [r, row] of rows.entries()) padded.set(row, r * time);
  return padded;
}

/** 0, 1, …, time − 1. */
export const positions = (time: number): BigInt64Array => BigInt64Array.from({ length: time }, (_, i) => BigInt(i));

/** The rows of a padded [batch, time] output, cut to their lengths. */
export function unpad(values: Float32Array, lengths: readonly number[], time: number): Float32Array[] {
  return lengths.map((length, r) => values.slice(r * time, r * time + length));
}
