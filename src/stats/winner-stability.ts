import { quantile } from './functions.ts';
import { type BootstrapOptions, type Interval, wilson } from './intervals.ts';
import { type Ballot, borda, groupsByScore, majoritiesOfBallots } from './majorities.ts';
import type { Uniform } from './random.ts';
import { rankedPairs, schulze } from './voting.ts';

export type VotingRule = 'schulze' | 'ranked-pairs' | 'borda';

/** How a candidate fares when the voters are drawn again. */
export interface Standing {
  /** Rank in the ballots as they are, from 1; tied candidates share the best of their ranks. */
  readonly rank: number;
  /** Share of replicates in which the candidate alone comes first. */
  readonly wins: number;
  /** Simulation error of that share only. */
  readonly winsInterval: Interval;
  /** Percentile interval of the rank. */
  readonly rankInterval: Interval;
}

export interface WinnerStability {
  readonly voters: number;
  readonly replicates: number;
  readonly candidates: readonly Standing[];
  /** Share of replicates in which several tie for first place. */
  readonly tied: number;
}

const RULES: { readonly [rule in VotingRule]: (ballots: readonly Ballot[], n: number, unlisted: Unlisted) => Groups } =
  {
    schulze: (ballots, n, unlisted) => schulze(majoritiesOfBallots(ballots, n, { unlisted })).groups,
    'ranked-pairs': (ballots, n, unlisted) => rankedPairs(majoritiesOfBallots(ballots, n, { unlisted })).groups,
    borda: (ballots, n, unlisted) =>
      groupsByScore(borda(majoritiesOfBallots(ballots, n, { unlisted })).share.map((share) => share ?? 0)),
  };

type Unlisted = 'unknown' | 'last';
type Groups = readonly (readonly number[])[];

/** As many voters as there are, drawn with replacement; equal ballots stay together. */
function redraw(ballots: readonly Ballot[], voters: number, uniform: Uniform): Ballot[] {
  const drawn = new Array<number>(ballots.length).fill(0);
  const ends: number[] = [];
  for (const { count = 1 } of ballots) ends.push((ends.at(-1) ?? 0) + count);
  for (let v = 0; v < voters; v++) {
    const target = uniform() * voters;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > target) high = middle;
      else low = middle + 1;
    }
    drawn[low]! += 1;
  }
  return ballots.flatMap(({ groups }, i) => (drawn[i]! > 0 ? [{ groups, count: drawn[i]! }] : []));
}

function ranksOf(groups: Groups, n: number): number[] {
  const ranks = new Array<number>(n).fill(0);
  let rank = 1;
  for (const group of groups) {
    for (const candidate of group) ranks[candidate] = rank;
    rank += group.length;
  }
  return ranks;
}

/** Bootstrap over voters of a voting rule: would other voters of the same kind have chosen the same winner? */
export function winnerStability(
  ballots: readonly Ballot[],
  n: number,
  {
    rule = 'schulze',
    unlisted = 'unknown',
    uniform,
    replicates = 1000,
    level = 0.95,
  }: BootstrapOptions & { readonly rule?: VotingRule; readonly unlisted?: Unlisted },
): WinnerStability {
  const voters = ballots.reduce((total, { count = 1 }) => total + count, 0);
  const observed = ranksOf(RULES[rule](ballots, n, unlisted), n);
  const wins = new Array<number>(n).fill(0);
  const ranks: number[][] = Array.from({ length: n }, () => []);
  let tied = 0;
  for (let r = 0; r < replicates; r++) {
    const groups = RULES[rule](redraw(ballots, voters, uniform), n, unlisted);
    if (groups[0]?.length === 1) wins[groups[0][0]!]! += 1;
    else tied += 1;
    for (const [candidate, rank] of ranksOf(groups, n).entries()) ranks[candidate]!.push(rank);
  }
  return {
    voters,
    replicates,
    tied: tied / replicates,
    candidates: observed.map((rank, c) => ({
      rank,
      wins: wins[c]! / replicates,
      winsInterval: wilson(wins[c]!, replicates, level),
      rankInterval: { low: quantile(ranks[c]!, (1 - level) / 2), high: quantile(ranks[c]!, (1 + level) / 2), level },
    })),
  };
}
