import type { Datum, LossName } from '../engine/index.ts';
import type { Wanted } from '../model/index.ts';
import type { Feed } from './graphs.ts';
import type { Pass } from './packing.ts';

/**
 * What is asked of a pass: an edge is a token with the target it should predict. Sequences that share a beginning share its
 * tokens; where they part, one token has several edges.
 */
export interface Edges {
  readonly wanted: Wanted;
  readonly count: number;
  /** Inputs of the graph, one entry per edge (for `all`, per token of the pass). */
  readonly feeds: Readonly<Record<string, Feed>>;
  /** For every sequence of the pass, in its order: where among the edges each of its positions stands. */
  readonly places: readonly Int32Array[];
}

/** Above this share of a pass's tokens, all are computed: picking rows and putting their gradients back costs more. */
const ALL_ABOVE = 0.9;
/** Below this share, rows are picked behind the last attention. */
const EARLY_BELOW = 0.75;

function wantedOf(edges: number, tokens: number, several: boolean): Wanted {
  if (!several && edges >= ALL_ABOVE * tokens) return 'all';
  return edges < EARLY_BELOW * tokens ? 'early' : 'late';
}

interface Edge {
  readonly flat: number;
  readonly datum: Datum;
  readonly position: number;
}

/** Edges of a pass over data. Where nothing is learned, equal edges are computed once. */
export function edgesOf(pass: Pass, data: readonly Datum[], loss: LossName | undefined): Edges {
  const edges: Edge[] = [];
  const silent = new Map<number, number>();
  // Whether a token has more than one edge.
  let several = false;
  const used = new Uint8Array(pass.tokens.length);
  const learns = ({ weights, advantages }: Datum, t: number) =>
    loss !== undefined && (loss === 'cross_entropy' ? weights?.[t] !== 0 : advantages![t] !== 0);
  const places = pass.sequences.map(({ index, at }) => {
    const datum = data[index]!;
    return at.map((flat, position) => {
      const key = flat * 2 ** 21 + datum.targets[position]!;
      const loud = learns(datum, position);
      const known = loud ? undefined : silent.get(key);
      if (known !== undefined) return known;
      if (!loud) silent.set(key, edges.length);
      if (used[flat] === 1) several = true;
      used[flat] = 1;
      edges.push({ flat, datum, position });
      return edges.length - 1;
    });
  });
  const wanted = wantedOf(edges.length, pass.tokens.length, several);
  const all = wanted === 'all';
  const count = all ? pass.tokens.length : edges.length;
  const slot = (i: number) => (all ? edges[i]!.flat : i);
  const floats = (pick: (datum: Datum) => Float32Array | undefined, fallback: number): Feed => {
    const values = new Float32Array(count);
    for (const [i, { datum, position }] of edges.entries()) values[slot(i)] = pick(datum)?.[position] ?? fallback;
    return [values, [count]];
  };
  const targets = new BigInt64Array(count);
  const rows = new BigInt64Array(all ? 0 : count);
  for (const [i, { flat, datum, position }] of edges.entries()) {
    targets[slot(i)] = BigInt(datum.targets[position]!);
    if (!all) rows[i] = BigInt(flat);
  }
  return {
    wanted,
    count,
    feeds: {
      targets: [targets, [count]],
      weights: floats((d) => d.weights, 1),
      oldLogprobs: floats((d) => d.logprobs, 0),
      advantages: floats((d) => d.advantages, 0),
      ...(all ? {} : { rows: [rows, [count]] as const }),
    },
    places: all ? places.map((place) => place.map((i) => edges[i]!.flat)) : places,
  };
}
