import { z } from 'zod';
import { studentQuantile } from '../../stats/index.ts';
import type { EvidenceRow } from '../evidence/index.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

type Row = EvidenceRow<'learning-curve'>;
type Credit = Row['credits'][number];

/** What is taken away. */
const TENTH = 0.1;

/**
 * What a tenth of the whole budget is worth, as a part of what lies between two shares of it, on a curve a − b·share^−α (in the
 * limit a + b·log share).
 */
function tenthOf([more, less]: readonly [number, number], alpha: number): number {
  const fall = (from: number, to: number) => (alpha === 0 ? Math.log(from / to) : to ** -alpha - from ** -alpha);
  return fall(1, 1 - TENTH) / fall(more, less);
}

/** Exponents that learning curves of accuracy have: the slowest and the fastest of a parametric reward, and the usual root. */
const EXPONENTS = { slow: 0, usual: 0.5, fast: 1 };

/** The mean of a value of rows over all judgments, with the error of prompts as units. */
function clustered(rows: readonly Row[], value: (row: Row) => number) {
  const total = rows.reduce((sum, { judgments }) => sum + judgments, 0);
  const estimate = rows.reduce((sum, row) => sum + row.judgments * value(row), 0) / total;
  const byPrompt = new Map<string, number>();
  for (const row of rows)
    byPrompt.set(row.promptId, (byPrompt.get(row.promptId) ?? 0) + row.judgments * (value(row) - estimate));
  const n = byPrompt.size;
  const squares = [...byPrompt.values()].reduce((sum, own) => sum + own * own, 0);
  return { estimate, error: Math.sqrt((n / (n - 1)) * squares) / total, n };
}

/** The shares that every row has, the largest first. */
function sharesOf(rows: readonly Row[], fewer: Credit['fewer']): number[] {
  const everywhere = ({ share }: Credit) =>
    rows.every(({ credits }) => credits.some((credit) => credit.fewer === fewer && credit.share === share));
  const shares = (rows[0]?.credits ?? []).filter((credit) => credit.fewer === fewer && everywhere(credit));
  return [...new Set(shares.map(({ share }) => share))].sort((a, b) => b - a);
}

const creditAt = (row: Row, fewer: Credit['fewer'], share: number): number =>
  row.credits.find((credit) => credit.fewer === fewer && credit.share === share)!.credit;

/**
 * How many votes a pair should get (Cochran 1977, §10.6). Error falls with the pairs P and the votes m on each as (1 + τ/m)/P. What
 * fewer pairs cost in accuracy is to what as many fewer votes cost as 1 + τ/m is to τ/m; at prices of a pair and of a vote the same
 * money then does most with √(τ · pair/vote) votes a pair.
 */
function cheapestMix(
  losses: { pairs: number; votes: number },
  votesEach: number,
  price: { pair: number; vote: number },
) {
  const ratio = Math.min(0.95, Math.max(0, losses.votes / losses.pairs));
  const noise = (votesEach * ratio) / (1 - ratio);
  const votes = Math.max(1, Math.sqrt((noise * price.pair) / price.vote));
  return { votesEach: votes, pairsPerThousand: 1000 / (price.pair + votes * price.vote) };
}

/**
 * H9: is there enough of the feedback? Accuracy on pairs of unseen prompts, as rewards reach it with all and with half of the
 * judgments, gives the end of the learning curve, and from it what the last tenth of the budget bought; the interval is as wide as
 * the exponents that learning curves have leave it. Where doubling the budget would buy one or two points more of accuracy a tenth
 * is worth .003 of it, where it would buy five a tenth is worth .01. Raters who disagree lower the whole curve, and cost nothing
 * here. It cannot see what no amount of such judgments would teach, and it is about the reward that was refitted: a run refits a
 * small one on words, a larger one may want more.
 */
export const marginalValue = defineProbe({
  id: 'marginal-value',
  challenge: 'H9',
  question: 'What would it cost to have had a tenth less feedback?',
  citation: 'Hestness et al. 2017; Gao et al. 2022',
  estimand:
    'accuracy on held-out judgments lost when a tenth of the judgments is taken away, at the end of the learning curve',
  needs: ['learning-curve'],
  params: probeParams(
    { concern: 0.003, failure: 0.01 },
    {
      leastPrompts: count(8, 2),
      leastPairs: count(40, 2),
      pairPrice: z.number().nonnegative().nullable().default(null),
      votePrice: z.number().positive().nullable().default(null),
    },
  ),
  run(given, { level, leastPrompts, leastPairs, pairPrice, votePrice }) {
    const rows = given['learning-curve'];
    const [more, less] = sharesOf(rows, 'pairs');
    const prompts = new Set(rows.map(({ promptId }) => promptId)).size;
    if (more === undefined || less === undefined || prompts < leastPrompts || rows.length < leastPairs)
      return { notAssessed: 'too-little-evidence', n: rows.length, details: { prompts } };
    const gap = clustered(rows, (row) => creditAt(row, 'pairs', more) - creditAt(row, 'pairs', less));
    const half = studentQuantile(0.5 + level / 2, gap.n - 1) * gap.error;
    const tenth = (alpha: number) => tenthOf([more, less], alpha);
    const [slow, fast] = [tenth(EXPONENTS.slow), tenth(EXPONENTS.fast)];
    const [low, high] = [gap.estimate - half, gap.estimate + half];
    const accuracyAt = (fewer: Credit['fewer'], share: number) =>
      clustered(rows, (row) => creditAt(row, fewer, share)).estimate;
    const curve = (['pairs', 'votes'] as const).flatMap((fewer) =>
      sharesOf(rows, fewer).map((share) => ({ fewer, share, accuracy: accuracyAt(fewer, share) })),
    );
    const byVotes = sharesOf(rows, 'votes')[0];
    const votesEach = rows.reduce((sum, { judgments }) => sum + judgments, 0) / rows.length;
    const losses = {
      pairs: gap.estimate,
      votes: byVotes === undefined ? 0 : accuracyAt('pairs', more) - accuracyAt('votes', byVotes),
    };
    return {
      estimate: tenth(EXPONENTS.usual) * gap.estimate,
      interval: { low: low * (low > 0 ? fast : slow), high: high * (high > 0 ? slow : fast) },
      n: rows.length,
      details: {
        prompts,
        votesEach,
        curve,
        ...(byVotes !== undefined && { lostByFewerPairs: losses.pairs, lostByFewerVotes: losses.votes }),
        ...(byVotes !== undefined &&
          losses.pairs > 0 &&
          pairPrice !== null &&
          votePrice !== null && {
            cheapestMix: cheapestMix(losses, votesEach, { pair: pairPrice, vote: votePrice }),
          }),
      },
    };
  },
});
