import { ANSWER_KINDS, answersAgreement } from '../feedback/index.ts';
import { answerAt, PURPOSES, type QualityColumns } from './columns.ts';
import { type ShareEstimate, share } from './estimates.ts';

/** How raters answered items that they had answered before. */
export interface RepeatReport {
  /** Share of answers given again in the same order, over the parts of an answer. */
  readonly selfConsistency: ShareEstimate | null;
  /** The same for repeats shown in reverse order. */
  readonly swappedConsistency: ShareEstimate | null;
  /**
   * Of swapped comparisons that chose a reply both times: those that chose the same place again, not the same reply. A rater
   * without a preference for a place scores near 0 on clear items and one half where nothing is seen.
   */
  readonly followedPlace: ShareEstimate | null;
  /** Repeats whose first judgment is not among those that stand, or of kinds without common values (texts, spans). */
  readonly unmatched: number;
  /** Consistent answers and repeats by rater, both sorts together, as index of rater. */
  readonly byRater: ReadonlyMap<number, { readonly k: number; readonly n: number }>;
}

/** Consistency from repeats and swapped repeats: reliability that needs neither gold nor other raters. */
export function repeatReport(columns: QualityColumns): RepeatReport {
  const [plain, swapped] = [PURPOSES.indexOf('repeat'), PURPOSES.indexOf('swapped-repeat')];
  const sums = { plain: [0, 0], swapped: [0, 0], place: [0, 0] } as Record<string, [number, number]>;
  const byRater = new Map<number, { k: number; n: number }>();
  let unmatched = 0;
  for (let row = 0; row < columns.n; row++) {
    const purpose = columns.purpose[row];
    if (purpose !== plain && purpose !== swapped) continue;
    const before = columns.repeats[row]!;
    const { kind } = answerAt(columns, row);
    const comparable =
      before >= 0 && answerAt(columns, before).kind === kind && typeof ANSWER_KINDS[kind].comparable === 'string';
    if (!comparable) {
      unmatched += 1;
      continue;
    }
    const same = answersAgreement([answerAt(columns, before), answerAt(columns, row)]);
    const sum = sums[purpose === plain ? 'plain' : 'swapped']!;
    sum[0] += same;
    sum[1] += 1;
    const rater = columns.rater[row]!;
    const own = byRater.get(rater) ?? { k: 0, n: 0 };
    own.k += same;
    own.n += 1;
    byRater.set(rater, own);
    const placed = columns.place[row]! >= 0 && columns.place[before]! >= 0;
    if (purpose === swapped && placed) {
      sums.place![0] += Number(columns.place[row] === columns.place[before]);
      sums.place![1] += 1;
    }
  }
  return {
    selfConsistency: share(...sums.plain!),
    swappedConsistency: share(...sums.swapped!),
    followedPlace: share(...sums.place!),
    unmatched,
    byRater,
  };
}
