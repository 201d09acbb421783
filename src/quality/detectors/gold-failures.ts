import { betaLower, betaQuantile } from '../../stats/index.ts';
import { type Detector, evidence } from '../detector.ts';
import { goldAnswers } from '../gold.ts';

/** Share of known answers that a rater should get right. */
export const REQUIRED_ACCURACY = 0.7;
const LEAST = 4;

/** Is a rater's accuracy on items with a known answer below what is required? */
export const goldFailures: Detector = {
  id: 'gold-failures',
  looksFor: `raters whose accuracy on items with a known answer is below ${100 * REQUIRED_ACCURACY} %`,
  needs: `at least ${LEAST} answers of a rater to items shown as gold, qualification or training`,
  assumes: 'gold is right, and gold items are as hard as those the requirement was set for',
  rule: 'posterior of the accuracy from a flat Beta prior; flagged from the surest down while the mean probability of being wrong stays under the level (Bayesian false discovery rate)',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const { answers } = goldAnswers(columns);
    const right = new Int32Array(columns.raterIds.length);
    const wrong: number[][] = columns.raterIds.map(() => []);
    for (const { rater, row, right: ok } of answers) {
      if (ok) right[rater]! += 1;
      else wrong[rater]!.push(row);
    }
    if (answers.length === 0) return { undefined: 'no item was shown as gold, qualification or training' };
    const nOf = (rater: number) => right[rater]! + wrong[rater]!.length;
    const tested = [...right.keys()].filter((rater) => nOf(rater) >= LEAST);
    if (tested.length === 0) return { undefined: `no rater has ${LEAST} answers to items with a known answer` };
    // Probability that the accuracy is at least what is required, surest failures first.
    const ranked = tested
      .map((rater) => ({
        rater,
        fine: 1 - betaLower(right[rater]! + 1, wrong[rater]!.length + 1, REQUIRED_ACCURACY),
      }))
      .sort((a, b) => a.fine - b.fine);
    let [sum, flaggedUpTo, threshold] = [0, 0, 0];
    for (const [i, { fine }] of ranked.entries()) {
      sum += fine;
      if (sum / (i + 1) > goldFailures.level) break;
      [flaggedUpTo, threshold] = [i + 1, fine];
    }
    return {
      assessed: tested.length,
      unassessed: right.length - tested.length,
      flags: ranked.slice(0, flaggedUpTo).map(({ rater, fine }) => {
        const [k, n] = [right[rater]!, nOf(rater)];
        return {
          detector: 'gold-failures',
          raters: [columns.raterIds[rater]!],
          statistic: 'share of known answers given',
          value: k / n,
          interval: {
            low: betaQuantile(0.025, k + 1, n - k + 1),
            high: betaQuantile(0.975, k + 1, n - k + 1),
            level: 0.95,
          },
          test: { measure: 'posterior probability', value: fine, threshold },
          n,
          ...evidence(data, wrong[rater]!),
          details: { 'accuracy required': REQUIRED_ACCURACY },
        };
      }),
    };
  },
};
