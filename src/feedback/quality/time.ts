import { quantile } from '../../stats/index.ts';
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

const PLACES = [0, 10, 20, 40, 80, 160, Number.POSITIVE_INFINITY];
const STRETCHES = 10;
const BARS = 24;

function activeTimes({ columns }: QualityData): TimeReport['active'] {
  const times = columns.activeMs.filter((ms) => !Number.isNaN(ms)).sort();
  if (times.length === 0) return null;
  const at = (p: number) =>
    quantile([times[Math.floor((times.length - 1) * p)]!, times[Math.ceil((times.length - 1) * p)]!], 0.5);
  const [low, high] = [Math.max(1, times[0]!), Math.max(2, times.at(-1)!)];
  const factor = (high / low) ** (1 / BARS);
  const counts = new Array<number>(BARS).fill(0);
  for (const t of times) {
    const bar = factor === 1 ? 0 : Math.floor(Math.log(Math.max(low, t) / low) / Math.log(factor));
    counts[Math.min(BARS - 1, bar)]! += 1;
  }
  return {
    n: times.length,
    unrecorded: columns.n - times.length,
    median: at(0.5),
    quartiles: [at(0.25), at(0.75)],
    histogram: counts.map((count, i) => ({ from: low * factor ** i, to: low * factor ** (i + 1), count })),
  };
}

/** Slope of agreement on log₂(1 + place) with an intercept per rater; raters are drawn whole. */
function withinRaters(data: QualityData, places: Int32Array): Effect {
  let [xy, xx, n] = [0, 0, 0];
  const residual: { x: number; y: number }[][] = [];
  for (let rater = 0; rater < data.columns.raterIds.length; rater++) {
    const own: { x: number; y: number }[] = [];
    for (const { votes, leaveOneOut, byRater } of data.voteSets) {
      for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
        const i = byRater.entry[k]!;
        if (leaveOneOut.others[i] === 0) continue;
        own.push({ x: Math.log2(1 + places[votes.row[i]!]!), y: leaveOneOut.agree[i]! });
      }
    }
    if (own.length < 2) continue;
    const [mx, my] = [own.reduce((s, p) => s + p.x, 0) / own.length, own.reduce((s, p) => s + p.y, 0) / own.length];
    for (const point of own) {
      point.x -= mx;
      point.y -= my;
      xy += point.x * point.y;
      xx += point.x * point.x;
    }
    n += own.length;
    residual.push(own);
  }
  if (xx === 0 || residual.length < 2) return { undefined: 'no two raters have votes at several places of a session' };
  const slope = xy / xx;
  let squares = 0;
  for (const own of residual) squares += own.reduce((s, { x, y }) => s + x * (y - slope * x), 0) ** 2;
  const clusters = residual.length;
  return effect(slope, Math.sqrt((squares * clusters) / (clusters - 1)) / xx, n);
}

/** Speed, and how agreement runs over sessions and over time. */
export function timeReport(data: QualityData): TimeReport {
  const { columns } = data;
  const places = sessionPlaces(data);
  const session = PLACES.slice(0, -1).map(() => new ClusteredMean());
  const timed: { time: number; item: number; agree: number }[] = [];
  for (const { votes, leaveOneOut } of data.voteSets) {
    for (let i = 0; i < votes.row.length; i++) {
      if (leaveOneOut.others[i] === 0) continue;
      const row = votes.row[i]!;
      const item = columns.item[row]!;
      const agree = leaveOneOut.agree[i]!;
      const bin = PLACES.findIndex((from, b) => places[row]! >= from && places[row]! < PLACES[b + 1]!);
      session[bin]!.add(item, agree);
      if (!Number.isNaN(columns.time[row]!)) timed.push({ time: columns.time[row]!, item, agree });
    }
  }
  timed.sort((a, b) => a.time - b.time);
  const several = timed.length > 0 && timed[0]!.time < timed.at(-1)!.time;
  const stretches = several ? Math.max(1, Math.min(STRETCHES, Math.floor(timed.length / 20))) : 0;
  const calendar = Array.from({ length: stretches }, (_, s): AgreementBin => {
    const own = timed.slice(
      Math.floor((s * timed.length) / stretches),
      Math.floor(((s + 1) * timed.length) / stretches),
    );
    const mean = new ClusteredMean();
    for (const { item, agree } of own) mean.add(item, agree);
    return { from: own[0]!.time, to: own.at(-1)!.time, agreement: mean.result() };
  });
  return {
    active: activeTimes(data),
    session: session.flatMap((mean, b) =>
      mean.n === 0
        ? []
        : [{ from: PLACES[b]!, to: b + 2 < PLACES.length ? PLACES[b + 1]! : null, agreement: mean.result() }],
    ),
    fatigue: withinRaters(data, places),
    calendar,
  };
}
