import { binomialTwoSided, type Comparisons, fitPreferences, sigmoid, styleDifference } from '../../stats/index.ts';
import { BOTH_BAD, type QualityColumns, TIE, WORK } from './columns.ts';
import { type Effect, effect, type ShareEstimate, share } from './estimates.ts';
import { CommonOddsRatio } from './mantel-haenszel.ts';

/** Votes on an item of two replies: by which reply was shown first, and which was chosen. */
interface ItemVotes {
  readonly item: number;
  /** counts[first shown][chosen], decided votes with a recorded order. */
  readonly counts: readonly [[number, number], [number, number]];
  /** Ties by first shown. */
  readonly ties: [number, number];
  /** Decided votes for each reply, order known or not. */
  readonly decided: [number, number];
}

export interface PositionBias {
  /** Decided votes for the reply shown first; p is the binomial test against one half. */
  readonly first: (ShareEstimate & { readonly p: number }) | null;
  /** Log-odds that standing first adds to a reply. */
  readonly order: Effect;
  /** How `order` was estimated. */
  readonly method: 'bradley-terry' | 'within-items';
  /** Items judged in both orders: only these tell place and reply apart within an item. */
  readonly itemsInBothOrders: number;
}

export interface LengthBias {
  /** Decided votes for the longer reply, of those between replies of different length. */
  readonly longer: ShareEstimate | null;
  /** Log-odds per unit of (length − other) / (length + other), from 0 for equal to 1 for nothing beside something. */
  readonly logistic: Effect;
  /** The same beside the strengths of the replies, where replies recur in several items. */
  readonly bradleyTerry: Effect;
}

/** Work comparisons of items with two replies, by item. */
function itemVotes(columns: QualityColumns): ItemVotes[] {
  const byItem = new Map<number, ItemVotes>();
  for (let row = 0; row < columns.n; row++) {
    const choice = columns.choice[row]!;
    if (columns.purpose[row] !== WORK || choice <= BOTH_BAD) continue;
    const item = columns.item[row]!;
    if (columns.items[item]!.replies.length !== 2) continue;
    let own = byItem.get(item);
    if (own === undefined) {
      own = {
        item,
        counts: [
          [0, 0],
          [0, 0],
        ],
        ties: [0, 0],
        decided: [0, 0],
      };
      byItem.set(item, own);
    }
    const first = columns.shownFirst[row]! as -1 | 0 | 1;
    if (choice === TIE) {
      if (first >= 0) own.ties[first as 0 | 1] += 1;
      continue;
    }
    own.decided[choice as 0 | 1] += 1;
    if (first >= 0) own.counts[first as 0 | 1][choice as 0 | 1] += 1;
  }
  return [...byItem.values()];
}

/** Numbers for the replies by id, and whether any is compared in more than one item. */
function contestants(columns: QualityColumns, votes: readonly ItemVotes[]) {
  const at = new Map<string, number>();
  const of = votes.map(({ item }) =>
    columns.items[item]!.replies.map(({ id }) => {
      if (!at.has(id)) at.set(id, at.size);
      return at.get(id)!;
    }),
  );
  return { count: at.size, of, recur: at.size < 2 * votes.length };
}

/** A weak prior on strengths keeps replies that always won finite; it hardly touches what all items share. */
const RIDGE = 0.1;

/** Contests by item and order, with a term for the order and one for length; null where no reply recurs. */
function strengthFit(columns: QualityColumns, votes: readonly ItemVotes[]): ReturnType<typeof fitPreferences> | null {
  const { count, of, recur } = contestants(columns, votes);
  if (!recur) return null;
  const rows: [first: number, second: number, wins: number, losses: number, ties: number, length: number][] = [];
  for (const [v, { item, counts, ties }] of votes.entries()) {
    const lengths = columns.items[item]!.replies.map((reply) => reply.text.length);
    for (const first of [0, 1] as const) {
      const second = (1 - first) as 0 | 1;
      const [wins, losses, tied] = [counts[first][first], counts[first][second], ties[first]];
      // A pair of one reply with itself is no contest.
      if (wins + losses + tied === 0 || of[v]![0] === of[v]![1]) continue;
      const length = styleDifference(lengths[first]!, lengths[second]!);
      rows.push([of[v]![first]!, of[v]![second]!, wins, losses, tied, length]);
    }
  }
  const column = (k: number) => Float64Array.from(rows, (row) => row[k]!);
  const data: Comparisons = {
    contestants: count,
    first: Int32Array.from(rows, (row) => row[0]),
    second: Int32Array.from(rows, (row) => row[1]),
    firstWins: column(2),
    secondWins: column(3),
    ...(rows.some((row) => row[4] > 0) && { ties: column(4) }),
    covariates: [{ name: 'length', values: column(5) }],
  };
  return fitPreferences(data, { ridge: RIDGE, order: true });
}

/** Logistic regression through the origin of the choice on length, with a standard error that takes items as drawn whole. */
function lengthSlope(columns: QualityColumns, votes: readonly ItemVotes[]): Effect {
  const rows = votes.flatMap(({ item, decided }) => {
    const [a, b] = columns.items[item]!.replies.map((reply) => reply.text.length) as [number, number];
    return a === b || decided[0] + decided[1] === 0 ? [] : [{ x: styleDifference(a, b), decided }];
  });
  const n = rows.reduce((sum, { decided }) => sum + decided[0] + decided[1], 0);
  if (rows.length < 10) return { undefined: 'fewer than 10 items have decided votes on replies of different length' };
  let slope = 0;
  const sums = () => {
    let [gradient, information, squares] = [0, 0, 0];
    for (const { x, decided } of rows) {
      const p = sigmoid(slope * x);
      const score = x * (decided[0] * (1 - p) - decided[1] * p);
      gradient += score;
      squares += score * score;
      information += (decided[0] + decided[1]) * p * (1 - p) * x * x;
    }
    return { gradient, information, squares };
  };
  for (let i = 0; i < 50; i++) {
    const { gradient, information } = sums();
    const step = Math.max(-2, Math.min(2, gradient / information));
    slope += step;
    if (Math.abs(slope) > 50) return { undefined: 'length separates all choices, so no finite slope exists' };
    if (Math.abs(step) < 1e-10) break;
  }
  const { information, squares } = sums();
  return effect(slope, Math.sqrt((squares * rows.length) / (rows.length - 1)) / information, n);
}

/** Preference for a place and for length over the whole pool. */
export function biasOf(columns: QualityColumns): { position: PositionBias; length: LengthBias } {
  const votes = itemVotes(columns);
  let [first, placed, both, longer, sized] = [0, 0, 0, 0, 0];
  const within = new CommonOddsRatio();
  for (const { item, counts, decided } of votes) {
    const [a, b] = counts;
    first += a[0] + b[1];
    placed += a[0] + a[1] + b[0] + b[1];
    if (a[0] + a[1] > 0 && b[0] + b[1] > 0) both += 1;
    within.add(a[0], a[1], b[0], b[1]);
    const lengths = columns.items[item]!.replies.map((reply) => reply.text.length) as [number, number];
    if (lengths[0] !== lengths[1]) {
      longer += decided[lengths[0] > lengths[1] ? 0 : 1];
      sized += decided[0] + decided[1];
    }
  }
  const fit = placed === 0 ? null : strengthFit(columns, votes);
  const coefficient = (name: string): Effect => {
    if (fit === null) return { undefined: 'no reply is compared in more than one item' };
    if ('undefined' in fit) return fit;
    const found = fit.inference.coefficient(name);
    return 'undefined' in found ? found : effect(found.value, found.standardError, found.n);
  };
  // The item's own odds ratio compares both orders of one pair, so it is twice the bonus of one place.
  const doubled = within.logOdds();
  const stratified: Effect =
    'undefined' in doubled
      ? { undefined: placed === 0 ? 'the order shown was not recorded' : doubled.undefined }
      : effect(doubled.value / 2, doubled.standardError / 2, doubled.n);
  const shown = share(first, placed);
  return {
    position: {
      first: shown === null ? null : { ...shown, p: binomialTwoSided(first, placed) },
      order: fit === null ? stratified : coefficient('order'),
      method: fit === null ? 'within-items' : 'bradley-terry',
      itemsInBothOrders: both,
    },
    length: {
      longer: share(longer, sized),
      logistic: lengthSlope(columns, votes),
      bradleyTerry: coefficient('length'),
    },
  };
}
