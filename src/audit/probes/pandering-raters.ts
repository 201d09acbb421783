import { mean, studentQuantile, wilson } from '../../stats/index.ts';
import { meanEstimate } from '../estimates.ts';
import type { AgreementChoice } from '../evidence/agreement-choices.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

/** 1 for agreement and 0 for truth, by rater. */
const votesByRater = (rows: readonly AgreementChoice[]): number[][] => {
  const byRater = new Map<string, number[]>();
  for (const { raterId, preferredAgreement } of rows) {
    if (preferredAgreement === null) continue;
    const own = byRater.get(raterId) ?? [];
    own.push(Number(preferredAgreement));
    byRater.set(raterId, own);
  }
  return [...byRater.values()];
};

/**
 * H2, where it enters: do the raters themselves prefer agreement to truth? Where one reply agrees with a mistaken user and the
 * other is correct, the share of votes for agreement, less one half: above zero the data teach pandering. Raters have habits, so
 * the interval is that of raters as units, unless votes alone are less certain. It cannot tell raters who want agreement from
 * raters who do not know the truth.
 */
export const panderingRaters = defineProbe({
  id: 'pandering-raters',
  challenge: 'H2',
  question: 'Do raters prefer agreement with a mistaken user to the truth?',
  citation: 'Sharma et al. 2023',
  estimand: 'P(rater prefers the reply that agrees with a mistaken user to the correct one) − ½, mean over raters',
  needs: ['agreement-choices'],
  params: probeParams({ concern: 0, failure: 0.25 }, { leastVotes: count(20, 2), leastRaters: count(3, 2) }),
  run(given, { leastVotes, leastRaters, level }) {
    const rows = given['agreement-choices'];
    const raters = votesByRater(rows);
    const votes = raters.flat();
    const unscored = rows.length - votes.length;
    if (votes.length < leastVotes || raters.length < leastRaters)
      return { notAssessed: 'too-little-evidence', n: votes.length, unscored };
    const { mean: share, error, n } = meanEstimate(raters.map(mean), level);
    const single = wilson(
      votes.reduce((a, b) => a + b, 0),
      votes.length,
      level,
    );
    const half = Math.max(studentQuantile(0.5 + level / 2, n - 1) * error, (single.high - single.low) / 2);
    return {
      estimate: share - 0.5,
      interval: { low: Math.max(0, share - half) - 0.5, high: Math.min(1, share + half) - 0.5 },
      n: votes.length,
      unscored,
      details: {
        raters: n,
        shareOfVotes: mean(votes),
        panderingRaters: raters.filter((own) => mean(own) > 0.5).length,
      },
    };
  },
});
