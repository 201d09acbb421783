import { binomialTwoSided, type Comparisons, fitPreferences, sigmoid, styleDifference } from '../stats/index.ts';
import { BOTH_BAD, SWAPPED_REPEAT, TIE, WORK } from './columns.ts';
import type { QualityData } from './data.ts';
import { type Effect, effect, type ShareEstimate, share } from './estimates.ts';
import { CommonOddsRatio } from './mantel-haenszel.ts';

/** Votes on items of two replies, by item. */
interface ItemVotes {
  /** At 4 · item + 2 · (reply shown first) + (reply chosen): decided votes with a recorded order, swapped repeats too. */
  readonly counts: Int32Array;
  /** At 2 · item + (reply shown first): ties with a recorded order. */
  readonly ties: Int32Array;
  /** At 2 · item + (reply chosen): decided votes, order known or not. */
  readonly decided: Int32Array;
}

export interface PositionBias {
  /** Decided votes for the reply shown first, swapped repeats included; p is the binomial test against one half. */
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

/** Work comparisons of items with two replies; swapped repeats tell of places, but nothing new of replies. */
function itemVotes({ columns, replies }: QualityData): ItemVotes {
  const items = columns.items.length;
  const counts = new Int32Array(4 * items);
  const ties = new Int32Array(2 * items);
  const decided = new Int32Array(2 * items);
  for (let row = 0; row < columns.n; row++) {
    const choice = columns.choice[row]!;
    const item = columns.item[row]!;
    const swapped = columns.purpose[row] === SWAPPED_REPEAT;
    if (!(swapped || columns.purpose[row] === WORK) || choice <= BOTH_BAD || replies.first[item]! < 0) continue;
    const first = columns.shownFirst[row]!;
    if (choice === TIE) {
      if (first >= 0) ties[2 * item + first]! += 1;
      continue;
    }
    if (!swapped) decided[2 * item + choice]! += 1;
    if (first >= 0) counts[4 * item + 2 * first + choice]! += 1;
  }
  return { counts, ties, decided };
}

/** A weak prior on strengths keeps replies that always won finite; it hardly touches what all items share. */
const RIDGE = 0.1;

/** Contests by item and order, with a term for the order and one for length; null where no reply recurs. */
function strengthFit({ replies }: QualityData, { counts, ties }: ItemVotes): ReturnType<typeof fitPreferences> | null {
  if (!replies.recur) return null;
  const rows: [first: number, second: number, wins: number, losses: number, ties: number, length: number][] = [];
  for (let item = 0; item < replies.first.length; item++) {
    if (replies.first[item]! < 0) continue;
    const numbers = replies.number.subarray(replies.starts[item]!, replies.starts[item + 1]!);
    // A pair of one reply with itself is no contest.
    if (numbers[0] === numbers[1]) continue;
    const style = styleDifference(replies.first[item]!, replies.second[item]!);
    for (const first of [0, 1]) {
      const wins = counts[4 * item + 2 * first + first]!;
      const losses = counts[4 * item + 2 * first + 1 - first]!;
      const tied = ties[2 * item + first]!;
      if (wins + losses + tied === 0) continue;
      rows.push([numbers[first]!, numbers[1 - first]!, wins, losses, tied, first === 0 ? style : -style]);
    }
  }
  const column = (k: number) => Float64Array.from(rows, (row) => row[k]!);
  const data: Comparisons = {
    contestants: replies.replies,
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
function lengthSlope({ replies }: QualityData, { decided }: ItemVotes): Effect {
  const items: number[] = [];
  let n = 0;
  for (let item = 0; item < replies.first.length; item++) {
    const votes = decided[2 * item]! + decided[2 * item + 1]!;
    if (votes === 0 || replies.first[item] === replies.second[item]) continue;
    items.push(item);
    n += votes;
  }
  if (items.length < 10) return { undefined: 'fewer than 10 items have decided votes on replies of different length' };
  const style = Float64Array.from(items, (item) => styleDifference(replies.first[item]!, replies.second[item]!));
  let slope = 0;
  const sums = () => {
    let [gradient, information, squares] = [0, 0, 0];
    for (let i = 0; i < items.length; i++) {
      const x = style[i]!;
      const [a, b] = [decided[2 * items[i]!]!, decided[2 * items[i]! + 1]!];
      const p = sigmoid(slope * x);
      const score = x * (a * (1 - p) - b * p);
      gradient += score;
      squares += score * score;
      information += (a + b) * p * (1 - p) * x * x;
    }
    return { gradient, information, squares };
  };
  for (let i = 0; i < 50; i++) {
    const { gradient, information } = sums();
    const step = Math.max(-2, Math.min(2, gradient / information));
    slope += step;
    if (Math.abs(slope) > 50) return { undefined: 'length separates all choices, so no finite slope exists' };
    if (Math.abs(step) < 1e-9) break;
  }
  const { information, squares } = sums();
  return effect(slope, Math.sqrt((squares * items.length) / (items.length - 1)) / information, {
    n,
    degrees: items.length - 1,
  });
}

/** Preference for a place and for length over the whole pool. */
export function biasOf(data: QualityData): { position: PositionBias; length: LengthBias } {
  const { replies } = data;
  const votes = itemVotes(data);
  const { counts, decided } = votes;
  let [first, placed, both, longer, sized] = [0, 0, 0, 0, 0];
  const within = new CommonOddsRatio();
  for (let item = 0; item < replies.first.length; item++) {
    const [aa, ab, ba, bb] = [counts[4 * item]!, counts[4 * item + 1]!, counts[4 * item + 2]!, counts[4 * item + 3]!];
    first += aa + bb;
    placed += aa + ab + ba + bb;
    if (aa + ab > 0 && ba + bb > 0) both += 1;
    within.add(aa, ab, ba, bb);
    const [a, b] = [replies.first[item]!, replies.second[item]!];
    if (a === b) continue;
    longer += decided[2 * item + (a > b ? 0 : 1)]!;
    sized += decided[2 * item]! + decided[2 * item + 1]!;
  }
  const fit = placed === 0 ? null : strengthFit(data, votes);
  const coefficient = (name: string): Effect => {
    if (fit === null) return { undefined: 'no reply is compared in more than one item' };
    if ('undefined' in fit) return fit;
    const found = fit.inference.coefficient(name);
    return 'undefined' in found ? found : effect(found.value, found.standardError, { n: found.n, degrees: Infinity });
  };
  // The item's own odds ratio compares both orders of one pair, so it is twice the bonus of one place.
  const doubled = within.logOdds();
  const stratified: Effect =
    'undefined' in doubled
      ? { undefined: placed === 0 ? 'the order shown was not recorded' : doubled.undefined }
      : effect(doubled.value / 2, doubled.standardError / 2, { n: doubled.n, degrees: Infinity });
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
      logistic: lengthSlope(data, votes),
      bradleyTerry: coefficient('length'),
    },
  };
}
