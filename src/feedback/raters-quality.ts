import {
  benjaminiHochberg,
  binomialTwoSided,
  dawidSkene,
  type Interval,
  mean,
  normalCdf,
  quantile,
  standardDeviation,
  wilson,
} from '../stats/index.ts';
import type { Item } from './item.ts';
import type { Judgment } from './judgment.ts';

/** A comparison vote by indices: class 0 first reply, 1 second, 2 tie. */
export interface Vote {
  readonly item: number;
  readonly rater: number;
  readonly label: 0 | 1 | 2;
  readonly shownFirst: 0 | 1 | null;
  readonly activeMs: number | null;
}

export interface RaterQuality {
  readonly raterId: string;
  readonly n: number;
  /** Expected share of votes equal to the true label, by Dawid–Skene; Wilson interval on the expected count. */
  readonly accuracy: { readonly value: number; readonly interval: Interval };
  /** Mean agreement with each other rater of the same item, minus that of the others among themselves. */
  readonly excessAgreement: { readonly value: number; readonly items: number; readonly p: number } | null;
  /** Votes for the reply shown first among decided votes with a recorded order. */
  readonly position: {
    readonly first: number;
    readonly n: number;
    readonly interval: Interval;
    readonly p: number;
  } | null;
  /** Votes for the longer reply among decided votes on replies of different length. */
  readonly longer: { readonly k: number; readonly n: number; readonly interval: Interval } | null;
  readonly medianActiveMs: number | null;
  /** Reasons for a person to look; never acted on automatically. */
  readonly flags: readonly string[];
}

export interface VoteTable {
  readonly items: readonly Item[];
  readonly raterIds: readonly string[];
  readonly votes: readonly Vote[];
}

/** Comparison votes of two-reply items as indices. */
export function voteTable(items: readonly Item[], judgments: readonly Judgment[]): VoteTable {
  const itemAt = new Map(items.map((item, i) => [item.id, i]));
  const raterAt = new Map<string, number>();
  const votes: Vote[] = [];
  for (const { itemId, raterId, answer, presentation, activeMs } of judgments) {
    const item = itemAt.get(itemId);
    if (item === undefined || answer.kind !== 'comparison' || items[item]!.replies.length !== 2) continue;
    const label = answer.outcome === 'tie' ? 2 : answer.outcome;
    if (label !== 0 && label !== 1 && label !== 2) continue;
    if (!raterAt.has(raterId)) raterAt.set(raterId, raterAt.size);
    const shown = presentation.order[0];
    const shownFirst = presentation.order.length === 2 && (shown === 0 || shown === 1) ? shown : null;
    votes.push({ item, rater: raterAt.get(raterId)!, label, shownFirst, activeMs });
  }
  return { items, raterIds: [...raterAt.keys()], votes };
}

/** Dawid–Skene over a vote table, smoothed by one pseudo-count per cell so that raters with few votes stay estimable. */
export function reliability({ items, raterIds, votes }: VoteTable) {
  const sizes = { items: items.length, raters: raterIds.length, classes: 3 };
  return dawidSkene(votes, sizes, { smoothing: 1, tolerance: 1e-7, iterations: 100 });
}

/** A rater against the others on the same items, own votes excluded on both sides; one-sided p of agreeing less by chance. */
function excessAgreement(own: readonly Vote[], byItem: readonly (readonly Vote[])[]): RaterQuality['excessAgreement'] {
  const differences: number[] = [];
  for (const vote of own) {
    const others = byItem[vote.item]!.filter((v) => v.rater !== vote.rater);
    if (others.length < 2) continue;
    const agree = mean(others.map((v) => Number(v.label === vote.label)));
    let among = 0;
    for (const [i, a] of others.entries()) for (const b of others.slice(i + 1)) among += Number(a.label === b.label);
    differences.push(agree - among / ((others.length * (others.length - 1)) / 2));
  }
  if (differences.length < 8) return null;
  const error = standardDeviation(differences) / Math.sqrt(differences.length);
  const value = mean(differences);
  const p = error === 0 ? Number(value >= 0) : normalCdf(value / error);
  return { value, items: differences.length, p };
}

const FALSE_DISCOVERY_RATE = 0.05;

/** Every rater with reliability, bias and evidence. Flags hold a false discovery rate of 5 % over raters per kind of test. */
export function raterQuality(table: VoteTable, accuracy: readonly { value: number; n: number }[]): RaterQuality[] {
  const { items, raterIds, votes } = table;
  const byRater: Vote[][] = raterIds.map(() => []);
  const byItem: Vote[][] = items.map(() => []);
  for (const vote of votes) {
    byRater[vote.rater]!.push(vote);
    byItem[vote.item]!.push(vote);
  }
  const times = votes.flatMap((v) => v.activeMs ?? []);
  const typicalMs = times.length === 0 ? null : quantile(times, 0.5);
  const rows = raterIds.map((raterId, rater) => {
    const own = byRater[rater]!;
    const placed = own.filter((v) => v.label !== 2 && v.shownFirst !== null);
    const first = placed.filter((v) => v.label === v.shownFirst).length;
    const lengths = (v: Vote) => items[v.item]!.replies.map((reply) => reply.text.length) as [number, number];
    const sized = own.filter((v) => v.label !== 2 && lengths(v)[0] !== lengths(v)[1]);
    const longer = sized.filter((v) => lengths(v)[v.label as 0 | 1] > lengths(v)[(1 - v.label) as 0 | 1]).length;
    const ownTimes = own.flatMap((v) => v.activeMs ?? []);
    const { value, n } = accuracy[rater]!;
    return {
      raterId,
      n: own.length,
      accuracy: { value, interval: wilson(value * n, n) },
      excessAgreement: excessAgreement(own, byItem),
      position:
        placed.length === 0
          ? null
          : {
              first,
              n: placed.length,
              interval: wilson(first, placed.length),
              p: binomialTwoSided(first, placed.length),
            },
      longer: sized.length === 0 ? null : { k: longer, n: sized.length, interval: wilson(longer, sized.length) },
      medianActiveMs: ownTimes.length === 0 ? null : quantile(ownTimes, 0.5),
    };
  });
  const flagged = (pOf: (row: (typeof rows)[number]) => number | undefined): Set<string> => {
    const tested = rows.filter((row) => pOf(row) !== undefined);
    const rejected = benjaminiHochberg(
      tested.map((row) => pOf(row)!),
      FALSE_DISCOVERY_RATE,
    );
    return new Set(tested.filter((_, i) => rejected[i]).map((row) => row.raterId));
  };
  const disagrees = flagged((row) => row.excessAgreement?.p);
  const placed = flagged((row) => row.position?.p);
  return rows.map((row) => {
    const fast = typicalMs !== null && row.n >= 8 && row.medianActiveMs !== null && row.medianActiveMs < typicalMs / 4;
    const flags = [
      ...(disagrees.has(row.raterId) ? ['agrees-less-than-others'] : []),
      ...(placed.has(row.raterId) ? ['prefers-a-position'] : []),
      ...(fast ? ['much-faster-than-others'] : []),
    ];
    return { ...row, flags };
  });
}
