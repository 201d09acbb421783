import { raterQuality } from '../../quality/index.ts';
import { benjaminiHochberg, bootstrap, mean } from '../../stats/index.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

/**
 * H4: how many raters answer no better than guessing? Compares each rater with the others on the same items, own votes
 * excluded, and reports Dawid–Skene reliability beside it. Both assume that errors are independent: raters who share an
 * error look reliable, and this probe cannot tell.
 */
export const carelessRaters = defineProbe({
  id: 'careless-raters',
  challenge: 'H4',
  question: 'What share of raters answers like someone who does not look?',
  citation: 'Dawid and Skene 1979; Lee et al. 2021 (B-Pref)',
  estimand: 'share of raters whose agreement with the others is compatible with guessing and below that of the others',
  needs: ['items', 'judgments'],
  params: probeParams({ concern: 0.04, failure: 0.2 }, { replicates: count(500), leastVotes: count(20) }),
  run({ items, judgments }, { leastVotes, replicates, level }, { uniform }) {
    const rows = raterQuality(items, judgments);
    const assessable = rows.filter((row) => row.n >= leastVotes && row.excessAgreement !== null);
    const unscored = rows.length - assessable.length;
    if (assessable.length < 4) return { notAssessed: 'too-few-raters', n: assessable.length, unscored };
    // A false discovery rate of 5 % over raters, on agreeing less than the others do among themselves.
    const less = benjaminiHochberg(
      assessable.map((row) => row.excessAgreement!.p),
      0.05,
    );
    const careless = assessable.filter(
      ({ accuracy }, i) => less[i] && (!('value' in accuracy) || accuracy.interval.low < 0.6),
    );
    const indicators = assessable.map((row) => Number(careless.includes(row)));
    const share = mean(indicators);
    return {
      estimate: share,
      // A flagged rater survived a test at a false discovery rate of 5 %: with any flag the share is above zero.
      interval:
        share === 0
          ? { low: 0, high: 3 / assessable.length, level }
          : { ...bootstrap(indicators, mean, { uniform, replicates, level }), low: 1 / assessable.length / 2 },
      n: assessable.length,
      unscored,
      details: {
        raters: careless.map(({ raterId, n, accuracy, excessAgreement, medianActiveMs }) => ({
          raterId,
          n,
          accuracy,
          excessAgreement,
          medianActiveMs,
        })),
        assumption: 'independent errors',
      },
    };
  },
});
