import type { Comparisons } from './comparisons.ts';

/** A spanning forest of the comparison graph, parents before children. */
export interface SpanningForest {
  readonly order: Int32Array;
  /** Parent of each contestant, −1 for a root. */
  readonly parent: Int32Array;
  /** Contest that joins a contestant to its parent. */
  readonly contest: Int32Array;
}

/** A spanning forest of largest total weight: Kruskal (1956). */
export function heaviestForest({ contestants, first, second }: Comparisons, weight: Float64Array): SpanningForest {
  const byWeight = new Uint32Array(weight.length).map((_, e) => e).sort((a, b) => weight[b]! - weight[a]!);
  const leader = new Int32Array(contestants).map((_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (leader[at] !== at) {
      leader[at] = leader[leader[at]!]!;
      at = leader[at]!;
    }
    return at;
  };
  const chosen: number[] = [];
  for (const e of byWeight) {
    if (!(weight[e]! > 0)) continue;
    const [a, b] = [find(first[e]!), find(second[e]!)];
    if (a === b) continue;
    leader[a] = b;
    chosen.push(e);
  }
  const rows = new Int32Array(contestants + 1);
  for (const e of chosen) {
    rows[first[e]! + 1]! += 1;
    rows[second[e]! + 1]! += 1;
  }
  for (let i = 0; i < contestants; i++) rows[i + 1]! += rows[i]!;
  const fill = rows.slice(0, contestants);
  const edges = new Int32Array(2 * chosen.length);
  for (const e of chosen) {
    for (const i of [first[e]!, second[e]!]) {
      edges[fill[i]!] = e;
      fill[i]! += 1;
    }
  }
  const order = new Int32Array(contestants);
  const parent = new Int32Array(contestants).fill(-2);
  const contest = new Int32Array(contestants).fill(-1);
  let count = 0;
  for (let root = 0; root < contestants; root++) {
    if (parent[root] !== -2) continue;
    parent[root] = -1;
    order[count++] = root;
    for (let at = count - 1; at < count; at++) {
      const i = order[at]!;
      for (let k = rows[i]!; k < rows[i + 1]!; k++) {
        const e = edges[k]!;
        const other = first[e] === i ? second[e]! : first[e]!;
        if (parent[other] !== -2) continue;
        parent[other] = i;
        contest[other] = e;
        order[count++] = other;
      }
    }
  }
  return { order, parent, contest };
}

/**
 * Solver with the forest's part of a weighted Laplacian plus ridge·I, exact and linear in contestants. Preconditions long
 * thin comparison graphs, on which the diagonal alone fails (Vaidya's idea; Spielman and Woo 2009 bound its steps).
 * Without a ridge the roots are set to 0.
 */
export function forestSolver(
  { order, parent, contest }: SpanningForest,
  weight: Float64Array,
  ridge: number,
): (rhs: Float64Array, out: Float64Array) => void {
  const n = order.length;
  // What a contestant's subtree adds to it, seen from the parent: sums of positive terms, so nothing cancels.
  const below = new Float64Array(n).fill(ridge);
  for (let k = n - 1; k >= 0; k--) {
    const i = order[k]!;
    const up = parent[i]!;
    if (up < 0) continue;
    const w = weight[contest[i]!]!;
    below[up]! += (w * below[i]!) / (w + below[i]!);
  }
  return (rhs, out) => {
    for (let i = 0; i < n; i++) out[i] = rhs[i]!;
    for (let k = n - 1; k >= 0; k--) {
      const i = order[k]!;
      const up = parent[i]!;
      if (up < 0) continue;
      const w = weight[contest[i]!]!;
      out[up]! += (w / (w + below[i]!)) * out[i]!;
    }
    for (let k = 0; k < n; k++) {
      const i = order[k]!;
      const up = parent[i]!;
      if (up < 0) out[i] = ridge > 0 ? out[i]! / below[i]! : 0;
      else {
        const w = weight[contest[i]!]!;
        out[i] = (out[i]! + w * out[up]!) / (w + below[i]!);
      }
    }
  };
}
