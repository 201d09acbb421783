import type { Item, Judgment } from '../feedback/index.ts';
import { binomialTwoSided, type Interval, normalCdf, wilson } from '../stats/index.ts';
import { qualityColumns, SWAPPED_REPEAT, WORK } from './columns.ts';
import { type QualityData, qualityData } from './data.ts';
import type { DetectorId } from './detector.ts';
import { type ShareEstimate, share } from './estimates.ts';
import { goldAnswers } from './gold.ts';
import { repeatReport } from './repeats.ts';

/** What is known of one rater. Null or a reason where it is not known; flags are reasons to look, never acted on. */
export interface RaterQuality {
  readonly raterId: string;
  /** Work judgments. */
  readonly n: number;
  /** Expected share of votes equal to the true class, by Dawid–Skene on the question with most votes. */
  readonly accuracy:
    | { readonly value: number; readonly interval: Interval; readonly n: number }
    | { readonly undefined: string };
  /** Mean agreement with each other rater of the same unit, minus that of the others among themselves; p one-sided. */
  readonly excessAgreement: { readonly value: number; readonly items: number; readonly p: number } | null;
  /** Votes for the reply shown first among decided votes with a recorded order; p against one half. */
  readonly position: {
    readonly first: number;
    readonly n: number;
    readonly interval: Interval;
    readonly p: number;
  } | null;
  /** Votes for the longer reply among decided votes on replies of different length. */
  readonly longer: { readonly k: number; readonly n: number; readonly interval: Interval } | null;
  readonly medianActiveMs: number | null;
  /** Answers to items shown with a known answer: gold, qualification, training. */
  readonly gold: ShareEstimate | null;
  /** Repeated items answered as before. */
  readonly consistency: ShareEstimate | null;
  readonly flags: readonly DetectorId[];
}

const LEAST_UNITS = 8;

/** A rater against the others on the same units, own votes excluded on both sides. */
function excessAgreements({ columns, voteSets }: QualityData): RaterQuality['excessAgreement'][] {
  return columns.raterIds.map((_, rater) => {
    let [items, sum, squares] = [0, 0, 0];
    for (const { byRater, leaveOneOut } of voteSets) {
      for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
        const i = byRater.entry[k]!;
        if (leaveOneOut.others[i]! < 2) continue;
        const difference = leaveOneOut.agree[i]! - leaveOneOut.among[i]!;
        items += 1;
        sum += difference;
        squares += difference * difference;
      }
    }
    if (items < LEAST_UNITS) return null;
    const value = sum / items;
    // Differences are within ±1, so the sum of squares keeps its digits; below rounding they are all equal.
    const variance = (squares - items * value * value) / (items - 1);
    const error = variance < 1e-14 ? 0 : Math.sqrt(variance / items);
    return { value, items, p: error === 0 ? Number(value >= 0) : normalCdf(value / error) };
  });
}

/** Counts of a rater over work comparisons of two replies. */
function choices({ columns }: QualityData) {
  const raters = columns.raterIds.length;
  const [first, placed, longer, sized, work] = Array.from({ length: 5 }, () => new Int32Array(raters)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (let row = 0; row < columns.n; row++) {
    const swapped = columns.purpose[row] === SWAPPED_REPEAT;
    if (!swapped && columns.purpose[row] !== WORK) continue;
    const rater = columns.rater[row]!;
    work[rater]! += Number(!swapped);
    const choice = columns.choice[row]!;
    const { replies } = columns.items[columns.item[row]!]!;
    if (choice < 0 || replies.length !== 2) continue;
    if (columns.place[row]! >= 0) {
      placed[rater]! += 1;
      first[rater]! += Number(columns.place[row] === 0);
    }
    if (swapped) continue;
    const [own, other] = [replies[choice]!.text.length, replies[1 - choice]!.text.length];
    if (own === other) continue;
    sized[rater]! += 1;
    longer[rater]! += Number(own > other);
  }
  return { first, placed, longer, sized, work };
}

/** Median active time by rater; null where none was recorded. */
function medians({ columns, order }: QualityData): (number | null)[] {
  return columns.raterIds.map((_, rater) => {
    const times: number[] = [];
    for (let k = order.starts[rater]!; k < order.starts[rater + 1]!; k++) {
      const ms = columns.activeMs[order.entry[k]!]!;
      if (!Number.isNaN(ms)) times.push(ms);
    }
    if (times.length === 0) return null;
    times.sort((a, b) => a - b);
    const half = (times.length - 1) / 2;
    return (times[Math.floor(half)]! + times[Math.ceil(half)]!) / 2;
  });
}

/** Every rater's row, in the order of first judgment; `flags` names the detectors that flagged a rater. */
export function raterRows(
  data: QualityData,
  flags: ReadonlyMap<string, readonly DetectorId[]> = new Map(),
): RaterQuality[] {
  const { columns, voteSets } = data;
  const excess = excessAgreements(data);
  const { first, placed, longer, sized, work } = choices(data);
  const medianMs = medians(data);
  const known = new Map<number, { k: number; n: number }>();
  for (const { rater, right } of goldAnswers(columns).answers) {
    const own = known.get(rater) ?? { k: 0, n: 0 };
    own.k += Number(right);
    own.n += 1;
    known.set(rater, own);
  }
  const repeats = repeatReport(columns).byRater;
  const accuracies = voteSets[0]?.fit.raterAccuracy;
  return columns.raterIds.map((raterId, r): RaterQuality => {
    const found = accuracies?.[r];
    const gold = known.get(r);
    const repeated = repeats.get(r);
    return {
      raterId,
      n: work[r]!,
      accuracy:
        found === undefined
          ? { undefined: 'no question has categorical answers' }
          : 'undefined' in found
            ? { undefined: found.undefined }
            : { value: found.value, interval: found.interval, n: found.n },
      excessAgreement: excess[r]!,
      position:
        placed[r] === 0
          ? null
          : {
              first: first[r]!,
              n: placed[r]!,
              interval: wilson(first[r]!, placed[r]!),
              p: binomialTwoSided(first[r]!, placed[r]!),
            },
      longer: sized[r] === 0 ? null : { k: longer[r]!, n: sized[r]!, interval: wilson(longer[r]!, sized[r]!) },
      medianActiveMs: medianMs[r]!,
      gold: gold === undefined ? null : share(gold.k, gold.n),
      consistency: repeated === undefined ? null : share(repeated.k, repeated.n),
      flags: flags.get(raterId) ?? [],
    };
  });
}

/** Rows of the raters of a body of judgments, without running the detectors. */
export const raterQuality = (items: readonly Item[], judgments: readonly Judgment[]): RaterQuality[] =>
  raterRows(qualityData(qualityColumns(items, judgments)));
