import type { QualityData } from './data.ts';
import { ClusteredMean, type Effect, effect } from './estimates.ts';
import { sessionPlaces } from './sessions.ts';

/** Mean agreement of votes with the others on their units, in a stretch of places or of time. */
export interface AgreementBin {
  readonly from: number;
  /** End, exclusive for places (null: and later); the last vote's time for times. */
  readonly to: number | null;
  readonly agreement: Effect;
}

export interface TimeReport {
  /** Active time per judgment in milliseconds; null where none was recorded. */
  readonly active: {
    readonly n: number;
    readonly unrecorded: number;
    readonly median: number;
    readonly quartiles: readonly [number, number];
    /** Edges grow by a constant factor, since times do. */
    readonly histogram: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  } | null;
  /** Agreement by place in the rater's own session. */
  readonly session: readonly AgreementBin[];
  /** Change of agreement for each doubling of the place in the session, within raters. */
  readonly fatigue: Effect;
  /** Agreement over calendar time, in stretches of equally many votes; empty where no times are recorded. */
  readonly calendar: readonly AgreementBin[];
}

const PLACES = [0, 10, 20, 40, 80, 160];
const STRETCHES = 10;
const BARS = 24;

function activeTimes({ columns }: QualityData): TimeReport['active'] {
  const times = columns.activeMs.filter((ms) => !Number.isNaN(ms)).sort();
  if (times.length === 0) return null;
  const at = (p: number) => {
    const place = (times.length - 1) * p;
    return (times[Math.floor(place)]! + times[Math.ceil(place)]!) / 2;
  };
  const [low, high] = [Math.max(1, times[0]!), Math.max(2, times[times.length - 1]!)];
  const factor = (high / low) ** (1 / BARS);
  const edges = Array.from({ length: BARS + 1 }, (_, i) => low * factor ** i);
  // Times are sorted, so each bar ends where the next edge is reached; the last one holds the largest.
  let done = 0;
  const histogram = edges.slice(0, BARS).map((from, i) => {
    const to = edges[i + 1]!;
    const start = done;
    while (done < times.length && (i === BARS - 1 || times[done]! < to)) done += 1;
    return { from, to, count: done - start };
  });
  return {
    n: times.length,
    unrecorded: columns.n - times.length,
    median: at(0.5),
    quartiles: [at(0.25), at(0.75)],
    histogram,
  };
}

/** Slope of agreement on log₂(1 + place) with an intercept per rater; raters are drawn whole. */
function withinRaters(data: QualityData, places: Int32Array): Effect {
  let [xy, xx, n] = [0, 0, 0];
  const doublings = Float64Array.from({ length: 1 + places.reduce((a, b) => Math.max(a, b), 0) }, (_, place) =>
    Math.log2(1 + place),
  );
  // By rater: Σ(x − x̄)(y − ȳ) and Σ(x − x̄)², from which a rater's share of the score at any slope follows.
  const products: number[] = [];
  const squares: number[] = [];
  for (let rater = 0; rater < data.columns.raterIds.length; rater++) {
    let [count, sx, sy, sxy, sxx] = [0, 0, 0, 0, 0];
    for (const { votes, leaveOneOut, byRater } of data.voteSets) {
      for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
        const i = byRater.entry[k]!;
        if (leaveOneOut.others[i] === 0) continue;
        const x = doublings[places[votes.row[i]!]!]!;
        const y = leaveOneOut.agree[i]!;
        count += 1;
        sx += x;
        sy += y;
        sxy += x * y;
        sxx += x * x;
      }
    }
    if (count < 2) continue;
    products.push(sxy - (sx * sy) / count);
    squares.push(sxx - (sx * sx) / count);
    xy += products.at(-1)!;
    xx += squares.at(-1)!;
    n += count;
  }
  const clusters = products.length;
  if (xx <= 1e-9 || clusters < 2) return { undefined: 'no two raters have votes at several places of a session' };
  const slope = xy / xx;
  const spread = products.reduce((sum, p, r) => sum + (p - slope * squares[r]!) ** 2, 0);
  return effect(slope, Math.sqrt((spread * clusters) / (clusters - 1)) / xx, { n, degrees: clusters - 1 });
}

/** Which of the ascending edges a value lies behind. */
function binOf(value: number, edges: ArrayLike<number>): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Submission times of all votes. */
function voteTimes({ columns, voteSets }: QualityData): Float64Array {
  const times = new Float64Array(voteSets.reduce((n, { votes }) => n + votes.row.length, 0));
  let at = 0;
  for (const { votes } of voteSets)
    for (let i = 0; i < votes.row.length; i++) times[at++] = columns.time[votes.row[i]!]!;
  return times;
}

/** Starts of stretches of equally many votes, from their times; none where times are unknown or all equal. */
function stretchesOf(times: Float64Array): { from: Float64Array; last: number } | null {
  const sorted = times.slice().sort();
  // Unknown times are sorted to the end.
  let end = sorted.length;
  while (end > 0 && Number.isNaN(sorted[end - 1]!)) end -= 1;
  const known = sorted.subarray(0, end);
  if (known.length === 0 || known[0] === known[known.length - 1]) return null;
  const count = Math.max(1, Math.min(STRETCHES, Math.floor(known.length / 20)));
  const from = new Set(Array.from({ length: count }, (_, s) => known[Math.floor((s * known.length) / count)]!));
  return { from: Float64Array.from(from), last: known[known.length - 1]! };
}

/** Speed, and how agreement runs over sessions and over time. */
export function timeReport(data: QualityData): TimeReport {
  const { columns } = data;
  const places = sessionPlaces(data);
  const session = PLACES.map(() => new ClusteredMean(columns.items.length));
  const stretches = stretchesOf(voteTimes(data));
  const overTime = Array.from(stretches?.from ?? [], () => new ClusteredMean(columns.items.length));
  for (const { votes, leaveOneOut } of data.voteSets) {
    for (let i = 0; i < votes.row.length; i++) {
      if (leaveOneOut.others[i] === 0) continue;
      const row = votes.row[i]!;
      const item = columns.item[row]!;
      const agree = leaveOneOut.agree[i]!;
      session[binOf(places[row]!, PLACES)]!.add(item, agree);
      const at = columns.time[row]!;
      if (stretches !== null && !Number.isNaN(at)) overTime[binOf(at, stretches.from)]!.add(item, agree);
    }
  }
  const calendar = overTime.map(
    (mean, s): AgreementBin => ({
      from: stretches!.from[s]!,
      to: stretches!.from[s + 1] ?? stretches!.last,
      agreement: mean.result(),
    }),
  );
  return {
    active: activeTimes(data),
    session: session.flatMap((mean, b) =>
      mean.n === 0 ? [] : [{ from: PLACES[b]!, to: PLACES[b + 1] ?? null, agreement: mean.result() }],
    ),
    fatigue: withinRaters(data, places),
    calendar,
  };
}
