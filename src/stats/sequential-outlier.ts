/**
 * A sequential test of one rater's votes against what others voted on the same pairs, after Chatbot Arena (Chiang et al.
 * 2024, appendix B.6): each vote's p-value from the others' votes, evidence M = Π 1 / (2pᵢ) on either side, an alarm as
 * soon as M is large. Two repairs. The history leaves out the tested rater's own votes, which would hide a busy outlier.
 * And M is kept a supermartingale, so that an honest rater is ever flagged with probability at most α however often one
 * looks (Ville's inequality): p is the rank of the vote among the others' votes and itself; ties are left out, or 3, the
 * number of possible outcomes, replaces 2; α is split between the two sides, so each raises the alarm at M > 2 / α.
 *
 * What it assumes: the rater votes as a random one of the others would, pair by pair. It says "votes unlike the others", no
 * more: a person of another taste or better knowledge is flagged too. Votes on one pair again and again share one
 * history, whose chance error then adds up; the guarantee is exact for one vote per history, and near it when histories
 * are long. An alarm is a person's to act on.
 */

/** One vote of the tested rater, with how others voted on the same pair in the same order of presentation. */
export interface VoteInHistory {
  /** 1 for the first of the pair, 0 for the second, ½ for a tie. */
  readonly vote: 0 | 0.5 | 1;
  /** Votes of others for the first, for the second, and ties. */
  readonly wins: number;
  readonly losses: number;
  readonly ties?: number;
}

export interface OutlierOptions {
  /** Probability that an honest rater is ever flagged. */
  readonly alpha?: number;
  /**
   * `as-shown`: evidence for voting too much for the second (`upper`) or the first (`lower`). `favourite`: pairs are turned so
   * that the others' favourite comes first, and `upper` is evidence for voting against majorities.
   */
  readonly orient?: 'as-shown' | 'favourite';
  /**
   * `rank` counts the vote itself among the others', which keeps p-values valid; `share` is the bare share of the others, as in
   * FastChat's code, for comparison with it: valid only for endless histories.
   */
  readonly pValue?: 'rank' | 'share';
  /**
   * `skip` compares those who decided: ties are left out of votes and histories. `count` takes a tie as between the two
   * outcomes, at the price of much power.
   */
  readonly ties?: 'skip' | 'count';
  /** Votes with fewer others than this are skipped. */
  readonly leastHistory?: number;
}

export interface OutlierResult {
  readonly flagged: boolean;
  /** Index of the vote that raised the alarm, counted over all votes given. */
  readonly at: number | null;
  readonly side: 'upper' | 'lower' | null;
  /** M after each vote. */
  readonly upper: number[];
  readonly lower: number[];
  /** Each side raises the alarm above this. */
  readonly threshold: number;
  /** Valid at any stopping time: 2 / the largest M, at most 1. */
  readonly p: number;
  readonly n: number;
  /** Votes without enough history, and ties where these are left out. */
  readonly skipped: number;
}

const flip = ({ vote, wins, losses, ties }: VoteInHistory): VoteInHistory => ({
  vote: (1 - vote) as 0 | 0.5 | 1,
  wins: losses,
  losses: wins,
  ties: ties ?? 0,
});

/** p-values of a vote: share of votes at most as high, and at least as high; and the number of outcomes. */
function pValues({ vote, wins, losses, ties = 0 }: VoteInHistory, own: 0 | 1) {
  const n = wins + losses + ties + own;
  const atMost = losses + (vote >= 0.5 ? ties : 0) + (vote === 1 ? wins : 0) + own;
  const atLeast = wins + (vote <= 0.5 ? ties : 0) + (vote === 0 ? losses : 0) + own;
  return { low: atMost / n, high: atLeast / n, outcomes: ties > 0 || vote === 0.5 ? 3 : 2 };
}

/** The test of one rater's votes, in the order in which they were given. */
export function sequentialOutlierTest(votes: readonly VoteInHistory[], options: OutlierOptions = {}): OutlierResult {
  const { alpha = 0.05, orient = 'as-shown', pValue = 'rank', ties = 'skip', leastHistory = 1 } = options;
  const threshold = 2 / alpha;
  const [upper, lower]: [number[], number[]] = [[], []];
  let [logUpper, logLower, most] = [0, 0, 0];
  let [at, side, skipped]: [number | null, 'upper' | 'lower' | null, number] = [null, null, 0];
  for (const [i, given] of votes.entries()) {
    const seen = ties === 'skip' ? { ...given, ties: 0 } : given;
    const others = seen.wins + seen.losses + (seen.ties ?? 0);
    if (others < Math.max(leastHistory, 1) || (ties === 'skip' && seen.vote === 0.5)) {
      skipped += 1;
    } else {
      const turned = orient === 'favourite' && seen.losses > seen.wins ? flip(seen) : seen;
      const { low, high, outcomes } = pValues(turned, pValue === 'rank' ? 1 : 0);
      logUpper -= Math.log(outcomes * low);
      logLower -= Math.log(outcomes * high);
    }
    upper.push(Math.exp(logUpper));
    lower.push(Math.exp(logLower));
    most = Math.max(most, logUpper, logLower);
    if (at === null && most > Math.log(threshold)) {
      at = i;
      side = logUpper >= logLower ? 'upper' : 'lower';
    }
  }
  const p = Math.min(1, 2 * Math.exp(-most));
  return { flagged: at !== null, at, side, upper, lower, threshold, p, n: votes.length - skipped, skipped };
}
