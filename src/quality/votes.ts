import { quantile } from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import type { UnitTable } from './units.ts';

/** Most classes that votes are counted in; rarer values beyond are one class, `other`. */
const MAX_CLASSES = 12;

/**
 * Categorical votes on the units of one question, with the count of each class: what truth estimates and the detectors
 * of agreement read. Ratings are read as below, at or above the median of their criterion.
 */
export interface Votes {
  readonly question: number;
  readonly units: number;
  readonly unitItem: Int32Array;
  readonly unitReply: Int32Array;
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly starts: Uint32Array;
  readonly row: Int32Array;
  readonly rater: Int32Array;
  readonly label: Int32Array;
  /** Unit of each entry. */
  readonly unit: Int32Array;
  /** Votes for class c on unit u at u × classes + c. */
  readonly counts: Int32Array;
}

/** Values of a rating as below (0), at (1) or above (2) the median of their part. */
function thirds({ units, unitPart, parts, starts, value }: UnitTable): Int32Array {
  const byPart: number[][] = parts.map(() => []);
  for (let u = 0; u < units; u++) {
    for (let i = starts[u]!; i < starts[u + 1]!; i++) byPart[unitPart[u]!]!.push(value[i]!);
  }
  const middle = byPart.map((values) => (values.length === 0 ? 0 : quantile(values, 0.5)));
  const out = new Int32Array(value.length);
  for (let u = 0; u < units; u++) {
    const m = middle[unitPart[u]!]!;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) out[i] = value[i]! < m ? 0 : value[i]! > m ? 2 : 1;
  }
  return out;
}

function labelsOf(table: UnitTable): { label: Int32Array; classNames: readonly string[] } {
  const { kind, categories, value } = table;
  if (kind === 'rating') return { label: thirds(table), classNames: ['below median', 'median', 'above median'] };
  if (kind === 'steps')
    return { label: Int32Array.from(value, (v) => v + 1), classNames: ['wrong', 'neutral', 'right'] };
  const names = categories!;
  if (names.length <= MAX_CLASSES) return { label: new Int32Array(value), classNames: names };
  const count = new Float64Array(names.length);
  for (let i = 0; i < value.length; i++) count[value[i]!]! += 1;
  const kept = [...count.keys()].sort((a, b) => count[b]! - count[a]! || a - b).slice(0, MAX_CLASSES - 1);
  const code = new Int32Array(names.length).fill(MAX_CLASSES - 1);
  for (const [to, from] of kept.entries()) code[from] = to;
  return {
    label: Int32Array.from(value, (v) => code[v]!),
    classNames: [...kept.map((k) => names[k]!), 'other'],
  };
}

/** The votes of a question; null where its kind gives no values. */
export function votesOf(table: UnitTable): Votes | null {
  if (table.units === 0) return null;
  const { label, classNames } = labelsOf(table);
  const classes = classNames.length;
  const { units, starts, row, rater } = table;
  const counts = new Int32Array(units * classes);
  const unit = new Int32Array(label.length);
  for (let u = 0; u < units; u++) {
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      unit[i] = u;
      counts[u * classes + label[i]!]! += 1;
    }
  }
  const { question, unitItem, unitReply } = table;
  return { question, units, unitItem, unitReply, classes, classNames, starts, row, rater, label, unit, counts };
}

/** Entries of votes by rater, each rater's in the order of submission (of the records where no time is known). */
export interface RaterOrder {
  /** Entries of rater r are entry[starts[r]] to entry[starts[r + 1] − 1]. */
  readonly starts: Uint32Array;
  readonly entry: Int32Array;
}

/** Groups indices 0 … n − 1 by rater, each group sorted by time, then by row. */
export function byRater(
  columns: Pick<QualityColumns, 'raterIds' | 'time'>,
  { rater, row }: { readonly rater: Int32Array; readonly row: Int32Array },
): RaterOrder {
  const raters = columns.raterIds.length;
  const starts = new Uint32Array(raters + 1);
  for (let i = 0; i < rater.length; i++) starts[rater[i]! + 1]! += 1;
  for (let r = 0; r < raters; r++) starts[r + 1]! += starts[r]!;
  const next = starts.slice(0, raters);
  const entry = new Int32Array(rater.length);
  for (let i = 0; i < rater.length; i++) entry[next[rater[i]!]!++] = i;
  const { time } = columns;
  const at = (i: number) => (Number.isNaN(time[row[i]!]!) ? 0 : time[row[i]!]!);
  const order = (a: number, b: number) => at(a) - at(b) || row[a]! - row[b]!;
  for (let r = 0; r < raters; r++) {
    // Records mostly come in the order of submission already.
    let sorted = true;
    for (let k = starts[r]! + 1; k < starts[r + 1]! && sorted; k++) sorted = order(entry[k - 1]!, entry[k]!) <= 0;
    if (!sorted) entry.subarray(starts[r]!, starts[r + 1]!).sort(order);
  }
  return { starts, entry };
}

/** For each vote: the others on its unit, how far it agrees with them, and how far they agree among themselves. */
export interface LeaveOneOut {
  /** Other votes on the unit. */
  readonly others: Int32Array;
  /** Share of them with the same class; NaN where there is none. */
  readonly agree: Float64Array;
  /** Share of agreeing pairs among them; NaN where there are fewer than two. */
  readonly among: Float64Array;
  /** Class that most of the others chose; −1 where there is none or a tie for the most. */
  readonly majority: Int32Array;
}

/** Own votes never count in what they are compared with. */
export function leaveOneOut({ classes, unit, label, counts, starts }: Votes): LeaveOneOut {
  const n = label.length;
  const others = new Int32Array(n);
  const agree = new Float64Array(n);
  const among = new Float64Array(n);
  const majority = new Int32Array(n).fill(-1);
  for (let i = 0; i < n; i++) {
    const u = unit[i]!;
    const k = starts[u + 1]! - starts[u]! - 1;
    others[i] = k;
    let [pairs, best, top, second] = [0, -1, 0, 0];
    for (let c = 0; c < classes; c++) {
      const count = counts[u * classes + c]! - Number(c === label[i]);
      pairs += count * (count - 1);
      if (count > top) [best, second, top] = [c, top, count];
      else if (count > second) second = count;
    }
    agree[i] = k === 0 ? Number.NaN : (counts[u * classes + label[i]!]! - 1) / k;
    among[i] = k < 2 ? Number.NaN : pairs / (k * (k - 1));
    if (top > second) majority[i] = best;
  }
  return { others, agree, among, majority };
}
