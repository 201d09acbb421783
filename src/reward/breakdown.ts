import type { PreferencePair } from '../feedback/index.ts';
import {
  comparisonLoss,
  expectedCalibrationError,
  type Interval,
  mean,
  quantile,
  reliabilityBins,
  sigmoid,
  weightedMean,
} from '../stats/index.ts';
import { type Accuracy, accuracyOf, type ScoredPair } from './evaluate.ts';
import { groupedBy } from './grouped.ts';

/** How a scorer does on a part of the comparisons. */
export interface PartOfPairs extends Accuracy {
  readonly part: string;
  /** Nats a judgment. */
  readonly logLoss: number;
  /** In ten bins of equal width. */
  readonly ece: number;
}

const itemOf = (pair: PreferencePair) => pair.itemId;

/** Scores in log-odds, by a part that each pair belongs to; ties in the data are left out, intervals are over items. */
export function byPart(
  scored: readonly ScoredPair[],
  partOf: (pair: PreferencePair) => string,
  logOdds: number,
): PartOfPairs[] {
  const decided = scored.filter(({ pair }) => pair.target !== 0.5);
  return groupedBy(decided, ({ pair }) => partOf(pair)).map((rows) => {
    const weights = rows.map(({ pair }) => pair.weight);
    const losses = rows.map(
      ({ pair, difference }) => comparisonLoss(logOdds * difference, pair.target, pair.weight).loss,
    );
    const bins = reliabilityBins(
      rows.map(({ difference }) => sigmoid(logOdds * difference)),
      rows.map(({ pair }) => pair.target),
      { weights },
    );
    return {
      part: partOf(rows[0]!.pair),
      ...accuracyOf(rows, itemOf),
      logLoss: mean(losses) / mean(weights),
      ece: expectedCalibrationError(bins),
    };
  });
}

/** Three parts of equal size by how long both replies are together, in characters, shortest first. */
export function byLengthBin(scored: readonly ScoredPair[], logOdds: number): PartOfPairs[] {
  const lengthOf = ({ first, second }: PreferencePair) => first.length + second.length;
  const lengths = scored.filter(({ pair }) => pair.target !== 0.5).map(({ pair }) => lengthOf(pair));
  if (lengths.length === 0) return [];
  const [low, high] = [quantile(lengths, 1 / 3), quantile(lengths, 2 / 3)];
  const names = [`up to ${Math.floor(low)} characters`, `up to ${Math.floor(high)}`, 'longer'];
  const binOf = (pair: PreferencePair) => (lengthOf(pair) <= low ? 0 : lengthOf(pair) <= high ? 1 : 2);
  const sorted = [...scored].sort((a, b) => binOf(a.pair) - binOf(b.pair));
  return byPart(sorted, (pair) => names[binOf(pair)]!, logOdds);
}

/** How far the members of an ensemble say the same. */
export interface MemberAgreement {
  readonly members: number;
  /** Share of two members that order a pair alike, over all pairs and couples of members; no order is half. */
  readonly agreement: number;
  readonly interval: Interval;
  readonly n: number;
  /** Right where all members agree, and where they do not; null where there is no such pair. */
  readonly allAgree: Accuracy | null;
  readonly someDiffer: Accuracy | null;
}

/** Agreement from score differences by member, on the same pairs in the same order. */
export function memberAgreement(
  pairs: readonly PreferencePair[],
  differences: readonly (readonly number[])[],
): MemberAgreement | null {
  const members = differences.length;
  if (members < 2 || pairs.length === 0) return null;
  const alike = pairs.map((_, i) => {
    const couples: number[] = [];
    for (let a = 0; a < members; a++)
      for (let b = 0; b < a; b++) {
        const [x, y] = [differences[a]![i]!, differences[b]![i]!];
        couples.push(x === 0 || y === 0 ? 0.5 : Number(x > 0 === y > 0));
      }
    return mean(couples);
  });
  const places = new Map<string, number>();
  const clusters = pairs.map(({ itemId }) => {
    if (!places.has(itemId)) places.set(itemId, places.size);
    return places.get(itemId)!;
  });
  const estimate = weightedMean(
    alike,
    pairs.map(({ weight }) => weight),
    { clusters },
  );
  const scored = pairs.map((pair, i) => ({ pair, difference: mean(differences.map((own) => own[i]!)) }));
  const some = (keep: (share: number) => boolean) => {
    const rows = scored.filter(({ pair }, i) => keep(alike[i]!) && pair.target !== 0.5);
    return rows.length === 0 ? null : accuracyOf(rows, itemOf);
  };
  return {
    members,
    agreement: 'value' in estimate ? estimate.value : mean(alike),
    interval:
      'value' in estimate && !('undefined' in estimate.interval) ? estimate.interval : { low: 0, high: 1, level: 0.95 },
    n: pairs.length,
    allAgree: some((share) => share === 1),
    someDiffer: some((share) => share < 1),
  };
}

/**
 * One share less another of other data, with Newcombe's interval (1998, method 10) from the intervals of both: they need not be of the
 * same kind.
 */
export function shareDifference(
  one: Pick<Accuracy, 'accuracy' | 'interval'>,
  other: Pick<Accuracy, 'accuracy' | 'interval'>,
): { readonly value: number; readonly interval: Interval } {
  const value = one.accuracy - other.accuracy;
  const below = Math.hypot(one.accuracy - one.interval.low, other.interval.high - other.accuracy);
  const above = Math.hypot(one.interval.high - one.accuracy, other.accuracy - other.interval.low);
  return { value, interval: { low: value - below, high: value + above, level: one.interval.level } };
}
