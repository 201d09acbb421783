import {
  alphaInterval,
  binomialTwoSided,
  createRng,
  type Estimate,
  type Interval,
  krippendorffAlpha,
  pairwiseAgreement,
  wilson,
} from '../stats/index.ts';
import { currentJudgments } from './fold.ts';
import type { Item } from './item.ts';
import type { Judgment } from './judgment.ts';
import { type RaterQuality, raterQuality, reliability, type VoteTable, voteTable } from './raters-quality.ts';

export interface ShareEstimate {
  readonly k: number;
  readonly n: number;
  readonly share: number;
  readonly interval: Interval;
}

/** Quality of a body of comparisons: plain data, every share with its count and interval. */
export interface FeedbackReport {
  readonly judgments: number;
  readonly items: number;
  readonly raters: number;
  /** Judgments that carry no preference (cannot judge, both bad, other kinds): counted apart. */
  readonly unscored: number;
  readonly alphaNominal: Estimate & { readonly interval: Interval | null };
  readonly pairwiseAgreement: Estimate;
  readonly gold: {
    readonly items: number;
    readonly without: number;
    /** Plurality label equals gold; items whose plurality is tied are not counted as right. */
    readonly majority: ShareEstimate | null;
    readonly dawidSkene: ShareEstimate | null;
  };
  readonly raterTable: readonly RaterQuality[];
  readonly position: (ShareEstimate & { readonly p: number }) | null;
  readonly longer: ShareEstimate | null;
  /** Closed triads of replies compared pairwise, and those whose majorities run in a circle. */
  readonly triads: { readonly closed: number; readonly cyclic: number };
  /** Items on which raters disagree most, lowest agreement first. */
  readonly disagreements: readonly { readonly itemId: string; readonly votes: readonly [number, number, number] }[];
  readonly seed: number;
}

const share = (k: number, n: number): ShareEstimate | null =>
  n === 0 ? null : { k, n, share: k / n, interval: wilson(k, n) };

type Counts = [number, number, number];

/** Plurality class, or null on a tie for the top. */
function plurality(counts: Counts): 0 | 1 | 2 | null {
  const top = Math.max(...counts);
  const winners = ([0, 1, 2] as const).filter((k) => counts[k] === top);
  return winners.length === 1 ? winners[0]! : null;
}

function triads(items: readonly Item[], counts: readonly Counts[]): { closed: number; cyclic: number } {
  const beats = new Map<string, Map<string, boolean>>();
  const put = (a: string, b: string, won: boolean) => {
    if (!beats.has(a)) beats.set(a, new Map());
    beats.get(a)!.set(b, won);
  };
  for (const [i, item] of items.entries()) {
    const winner = plurality(counts[i]!);
    if (winner !== 0 && winner !== 1) continue;
    const [a, b] = item.replies.map((reply) => reply.id) as [string, string];
    put(a, b, winner === 0);
    put(b, a, winner === 1);
  }
  let closed = 0;
  let cyclic = 0;
  for (const [a, ofA] of beats) {
    for (const [b, aBeatsB] of ofA) {
      if (b <= a) continue;
      for (const [c, bBeatsC] of beats.get(b)!) {
        const cBeatsA = beats.get(c)?.get(a);
        if (c <= b || cBeatsA === undefined) continue;
        closed += 1;
        if (aBeatsB === bBeatsC && bBeatsC === cBeatsA) cyclic += 1;
      }
    }
  }
  return { closed, cyclic };
}

function goldShares({ items }: VoteTable, counts: readonly Counts[], posteriors: readonly Float64Array[]) {
  let [withGold, majority, skene] = [0, 0, 0];
  for (const [i, { gold }] of items.entries()) {
    if (gold === undefined) continue;
    const label = gold === 'tie' ? 2 : gold;
    const posterior = posteriors[i]!;
    withGold += 1;
    if (plurality(counts[i]!) === label) majority += 1;
    if (posterior.indexOf(Math.max(...posterior)) === label) skene += 1;
  }
  return {
    items: withGold,
    without: items.length - withGold,
    majority: share(majority, withGold),
    dawidSkene: share(skene, withGold),
  };
}

/** The quality report of a body of judgments on items with two replies. */
export function feedbackReport(
  items: readonly Item[],
  history: readonly Judgment[],
  { seed, replicates = 200 }: { seed: number; replicates?: number },
): FeedbackReport {
  const judgments = currentJudgments(history);
  const table = voteTable(items, judgments);
  const { votes } = table;
  const counts: Counts[] = items.map(() => [0, 0, 0]);
  for (const vote of votes) counts[vote.item]![vote.label] += 1;
  const units: number[][] = items.map(() => []);
  for (const vote of votes) units[vote.item]!.push(vote.label);
  const alpha = krippendorffAlpha(units);
  const { uniform } = createRng(seed).fork('feedback-report');
  const fit = reliability(table);
  const raterTable = raterQuality(table, fit.accuracy);
  const sum = (pick: (row: RaterQuality) => number | undefined) =>
    raterTable.reduce((total, row) => total + (pick(row) ?? 0), 0);
  const [first, placed] = [sum((row) => row.position?.first), sum((row) => row.position?.n)];
  const position = share(first, placed);
  const agreementOf = (c: Counts) => c.reduce((total, k) => total + k * (k - 1), 0);
  const disagreements = items
    .map((item, i) => ({ itemId: item.id, votes: counts[i]!, n: counts[i]!.reduce((a, b) => a + b, 0) }))
    .filter((row) => row.n >= 2)
    .sort((a, b) => agreementOf(a.votes) / (a.n * (a.n - 1)) - agreementOf(b.votes) / (b.n * (b.n - 1)))
    .slice(0, 25)
    .map(({ itemId, votes: itemVotes }) => ({ itemId, votes: itemVotes }));
  return {
    judgments: judgments.length,
    items: items.length,
    raters: table.raterIds.length,
    unscored: judgments.length - votes.length,
    alphaNominal: {
      ...alpha,
      interval: 'value' in alpha ? alphaInterval(units, 'nominal', { uniform, replicates }) : null,
    },
    pairwiseAgreement: pairwiseAgreement(units),
    gold: goldShares(table, counts, fit.posteriors),
    raterTable,
    position: position === null ? null : { ...position, p: binomialTwoSided(first, placed) },
    longer: share(
      sum((row) => row.longer?.k),
      sum((row) => row.longer?.n),
    ),
    triads: triads(items, counts),
    disagreements,
    seed,
  };
}
