import type { Comparisons } from './comparisons.ts';

/** Strong components of the graph "has beaten or tied": within one, every strength is finite relative to the others. */
export interface Connectivity {
  readonly components: number;
  /** Component of each contestant. */
  readonly componentOf: Int32Array;
  readonly sizes: Int32Array;
  /** One component: the condition for a finite maximum of the likelihood (Zermelo 1929, Ford 1957). */
  readonly connected: boolean;
  /** When not connected: which contestants stand apart, and how. */
  readonly reason?: string;
}

/** Out-edges from the better to the worse in compressed rows; a tie goes both ways. */
function outEdges({ contestants, first, second, firstWins, secondWins, ties }: Comparisons) {
  const rows = new Int32Array(contestants + 1);
  const each = (visit: (from: number, to: number) => void) => {
    for (let e = 0; e < first.length; e++) {
      const tied = ties !== undefined && ties[e]! > 0;
      if (tied || firstWins[e]! > 0) visit(first[e]!, second[e]!);
      if (tied || secondWins[e]! > 0) visit(second[e]!, first[e]!);
    }
  };
  each((from) => {
    rows[from + 1]! += 1;
  });
  for (let i = 0; i < contestants; i++) rows[i + 1]! += rows[i]!;
  const to = new Int32Array(rows[contestants]!);
  const at = rows.slice(0, contestants);
  each((from, target) => {
    to[at[from]!] = target;
    at[from]! += 1;
  });
  return { rows, to };
}

/** Strong components by Tarjan's algorithm (1972), without recursion. */
function tarjan(contestants: number, rows: Int32Array, to: Int32Array): { count: number; of: Int32Array } {
  const index = new Int32Array(contestants).fill(-1);
  const low = new Int32Array(contestants);
  const of = new Int32Array(contestants).fill(-1);
  const next = rows.slice(0, contestants);
  const open = new Int32Array(contestants);
  const path = new Int32Array(contestants);
  let [visited, opened, count] = [0, 0, 0];
  for (let root = 0; root < contestants; root++) {
    if (index[root]! >= 0) continue;
    let depth = 0;
    path[depth] = root;
    while (depth >= 0) {
      const at = path[depth]!;
      if (index[at]! < 0) {
        index[at] = visited;
        low[at] = visited;
        visited += 1;
        open[opened++] = at;
      }
      let child = -1;
      while (child < 0 && next[at]! < rows[at + 1]!) {
        const target = to[next[at]!]!;
        next[at]! += 1;
        if (index[target]! < 0) child = target;
        else if (of[target]! < 0) low[at] = Math.min(low[at]!, index[target]!);
      }
      if (child >= 0) {
        depth += 1;
        path[depth] = child;
        continue;
      }
      if (low[at] === index[at]) {
        let member: number;
        do {
          opened -= 1;
          member = open[opened]!;
          of[member] = count;
        } while (member !== at);
        count += 1;
      }
      depth -= 1;
      if (depth >= 0) low[path[depth]!] = Math.min(low[path[depth]!]!, low[at]!);
    }
  }
  return { count, of };
}

/** Names a few contestants of a component. */
function name(members: readonly number[], size: number): string {
  const shown = members.join(', ');
  return size === 1 ? `contestant ${shown}` : `contestants ${shown}${size > members.length ? ` … (${size})` : ''}`;
}

/** Whether the comparisons connect all contestants, and, if not, the smallest component that stands apart. */
export function connectivity(data: Comparisons): Connectivity {
  const { contestants } = data;
  const { rows, to } = outEdges(data);
  const { count, of } = tarjan(contestants, rows, to);
  const sizes = new Int32Array(count);
  for (const c of of) sizes[c]! += 1;
  if (count <= 1) return { components: count, componentOf: of, sizes, connected: true };
  const beats = new Uint8Array(count);
  const loses = new Uint8Array(count);
  for (let i = 0; i < contestants; i++) {
    for (let k = rows[i]!; k < rows[i + 1]!; k++) {
      if (of[to[k]!] === of[i]) continue;
      beats[of[i]!] = 1;
      loses[of[to[k]!]!] = 1;
    }
  }
  // Every acyclic graph has an end: some component lacks wins over the others, losses to them, or both.
  let apart = -1;
  for (let c = 0; c < count; c++) {
    if (beats[c] === 1 && loses[c] === 1) continue;
    if (apart < 0 || sizes[c]! < sizes[apart]!) apart = c;
  }
  const members: number[] = [];
  for (let i = 0; i < contestants && members.length < 5; i++) if (of[i] === apart) members.push(i);
  const how =
    beats[apart] === 0 && loses[apart] === 0
      ? 'never compared with the others'
      : beats[apart] === 1
        ? 'never beaten or tied by any of the others'
        : 'never better than or tied with any of the others';
  const reason = `${count} groups of contestants are not connected by results in both directions: ${name(members, sizes[apart]!)} ${sizes[apart] === 1 ? 'was' : 'were'} ${how}`;
  return { components: count, componentOf: of, sizes, connected: false, reason };
}
