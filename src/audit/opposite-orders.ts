import { dot, sigmoid } from '../stats/index.ts';

/** Votes on one pair of replies in two types: how many preferred the first, of how many. */
export interface TwoTypes {
  readonly a: { readonly first: number; readonly n: number };
  readonly b: { readonly first: number; readonly n: number };
}

/** How clear a pair can be in a type: log-odds of a vote for the reply that the type prefers. None below is an order. */
const UNCLEAR = 0;
const CLEAR = [0.5, 1, 1.6, 2.4, 4];
/** Steps of a search from nowhere, and of one from a fit nearby; halvings of where a bound can be. */
const LONG = 250;
const SHORT = 60;
const HALVINGS = 8;
/** Share of opposite orders from which it is searched. */
const START = 0.1;
/** Cells of equal votes, with how often each stands. */
interface Cell {
  readonly votes: TwoTypes;
  readonly count: number;
}

function cellsOf(pairs: readonly TwoTypes[]): Cell[] {
  const cells = new Map<string, { votes: TwoTypes; count: number }>();
  for (const votes of pairs) {
    const key = [votes.a.first, votes.a.n, votes.b.first, votes.b.n].join('/');
    const own = cells.get(key) ?? { votes, count: 0 };
    own.count += 1;
    cells.set(key, own);
  }
  return [...cells.values()];
}

const likelihood = ({ first, n }: TwoTypes['a'], logit: number): number =>
  sigmoid(logit) ** first * sigmoid(-logit) ** (n - first);

/** Of every cell at how clear the pair is in both types: its likelihood, either reply being the preferred one. */
function tableOf(cells: readonly Cell[], clarities: readonly (readonly [number, number])[]): Float64Array[] {
  return cells.map(({ votes: { a, b } }) =>
    Float64Array.from(
      clarities,
      ([inA, inB]) => (likelihood(a, inA) * likelihood(b, inB) + likelihood(a, -inA) * likelihood(b, -inB)) / 2,
    ),
  );
}

/** Every two clarities: in the same direction, or not clear in one type; and in opposite directions. */
const ALIKE = [UNCLEAR, ...CLEAR].flatMap((a) => [UNCLEAR, ...CLEAR].map((b) => [a, b] as const));
const OPPOSITE = CLEAR.flatMap((a) => CLEAR.map((b) => [a, -b] as const));

/** Moves weights to what they explain, all together summing to `total`. */
function moved(weights: Float64Array, explained: Float64Array, total: number): Float64Array {
  const sum = explained.reduce((x, y) => x + y, 0);
  return sum === 0 ? weights : explained.map((own) => (own / sum) * total);
}

interface Fit {
  readonly value: number;
  readonly share: number;
  readonly alike: Float64Array;
  readonly opposite: Float64Array;
}

const sumOf = (values: Float64Array): number => values.reduce((x, y) => x + y, 0);

interface Search {
  readonly steps: number;
  /** Share that is held; fitted where none is given. */
  readonly fixed?: number;
  readonly from?: Fit;
}

/** Largest log-likelihood at a share of opposite orders, by expectation and maximisation. */
function climb(
  cells: readonly Cell[],
  tables: { readonly alike: Float64Array[]; readonly opposite: Float64Array[] },
  { steps, fixed, from }: Search,
): Fit {
  let share = fixed ?? START;
  const even = (length: number, total: number) => new Float64Array(length).fill(total / length);
  // Nothing that stands at zero ever leaves it: a little of what is even keeps all within reach.
  const near = (own: Float64Array | undefined, length: number, total: number) =>
    own === undefined
      ? even(length, total)
      : moved(
          own,
          own.map((weight) => weight + 1e-4),
          total,
        );
  let alike = near(from?.alike, ALIKE.length, 1 - share);
  let opposite = near(from?.opposite, OPPOSITE.length, share);
  let value = 0;
  for (let step = 0; step < steps; step++) {
    const [inAlike, inOpposite] = [new Float64Array(ALIKE.length), new Float64Array(OPPOSITE.length)];
    value = 0;
    for (const [c, { count }] of cells.entries()) {
      const [one, other] = [tables.alike[c]!, tables.opposite[c]!];
      const sum = dot(alike, one) + dot(opposite, other);
      value += count * Math.log(sum);
      const each = count / sum;
      for (let g = 0; g < one.length; g++) inAlike[g]! += each * alike[g]! * one[g]!;
      for (let g = 0; g < other.length; g++) inOpposite[g]! += each * opposite[g]! * other[g]!;
    }
    if (fixed === undefined) share = sumOf(inOpposite) / (sumOf(inAlike) + sumOf(inOpposite));
    alike = moved(alike, inAlike, 1 - share);
    opposite = moved(opposite, inOpposite, share);
  }
  return { value, share, alike, opposite };
}

/**
 * The share of pairs that two types of feedback order oppositely. How clear a pair is in either type has any joint distribution
 * (Laird 1978), so that types of different noise, and pairs that are hard in one or both, explain what they can; what they cannot,
 * opposite orders must. Interval by profile likelihood at `z` standard errors.
 */
export function oppositeOrders(pairs: readonly TwoTypes[], z: number) {
  const cells = cellsOf(pairs);
  const tables = { alike: tableOf(cells, ALIKE), opposite: tableOf(cells, OPPOSITE) };
  const none = climb(cells, tables, { steps: LONG, fixed: 0 });
  const free = climb(cells, tables, { steps: LONG });
  const top = none.value > free.value ? none : free;
  const limit = top.value - (z * z) / 2;
  const bound = (far: Fit) => {
    if (far.value >= limit) return far.share;
    let [inside, beyond] = [top.share, far.share];
    for (let i = 0; i < HALVINGS; i++) {
      const half = (inside + beyond) / 2;
      if (climb(cells, tables, { steps: SHORT, fixed: half, from: free }).value >= limit) inside = half;
      else beyond = half;
    }
    // The last one that is known to lie outside: steps are few, and a narrower interval would be theirs.
    return beyond;
  };
  return { share: top.share, low: bound(none), high: bound(climb(cells, tables, { steps: SHORT, fixed: 1 })) };
}
