import { mean } from '../stats/index.ts';
import type { RunResults } from './report-data.ts';

interface Range {
  readonly low: number;
  readonly high: number;
}
const interval = ({ low, high }: Range) => [low, high];

/** Whether the source says who judged; without that nothing can be said about raters or their agreement. */
export const ratersKnown = ({ feedback }: Pick<RunResults, 'feedback'>): boolean =>
  feedback.report.raterTable.some(({ raterId }) => raterId !== 'not-released');

/** The headline numbers of a run as one flat JSON; a number that does not exist for the data is null. */
export function resultsJson(results: RunResults): Record<string, unknown> {
  const { feedback, evaluation, path, bestOf } = results;
  const { report } = feedback;
  const known = ratersKnown(results);
  const accuracies = (rows: Readonly<Record<string, { accuracy: number; n: number; interval: Range }>>) =>
    Object.fromEntries(
      Object.entries(rows).map(([key, row]) => [
        key,
        { accuracy: row.accuracy, n: row.n, interval: interval(row.interval) },
      ]),
    );
  return {
    pairs: report.items,
    goldPairs: report.gold.items,
    pairsWithoutGold: report.gold.without,
    judgments: report.judgments,
    raters: known ? report.raters : null,
    ratersFlagged: known ? report.raterTable.filter((row) => row.flags.length > 0).length : null,
    alphaNominal: 'value' in report.alphaNominal ? report.alphaNominal.value : null,
    alphaNominalInterval: report.alphaNominal.interval === null ? null : interval(report.alphaNominal.interval),
    pairwiseAgreement: 'value' in report.pairwiseAgreement ? report.pairwiseAgreement.value : null,
    majorityEqualsGold: report.gold.majority?.share ?? null,
    dawidSkeneEqualsGold: report.gold.dawidSkene?.share ?? null,
    accuracy: evaluation.overall.accuracy,
    accuracyInterval: interval(evaluation.overall.interval),
    scoredOn: evaluation.scoredOn,
    scoredPairs: evaluation.overall.n,
    marginOverLength: evaluation.marginOverLength.value,
    marginOverLengthInterval: interval(evaluation.marginOverLength.interval),
    ece: evaluation.ece,
    calibrationSlope: evaluation.calibrationSlope,
    ...(evaluation.onVotes !== null && { eceOnVotes: evaluation.onVotes.ece }),
    lengthOnlyAccuracy: evaluation.baselines.lengthOnly.accuracy,
    positionOnlyAccuracy: evaluation.baselines.positionOnly?.accuracy ?? null,
    ...(evaluation.byStratum.topic !== undefined && { byTopic: accuracies(evaluation.byStratum.topic) }),
    ...(evaluation.byRaterGroup !== null && { byRaterGroup: accuracies(evaluation.byRaterGroup) }),
    ...(path !== undefined && {
      policy: path.points.map(({ step, kl, proxy, gold }) => ({
        step,
        kl,
        proxy: mean(proxy),
        gold: gold === undefined ? null : mean(gold),
      })),
    }),
    ...(bestOf !== undefined && {
      bestOf: bestOf.points.map(({ n, kl, proxy, gold }) => ({
        n,
        klBound: kl,
        proxy: mean(proxy),
        gold: gold === undefined ? null : mean(gold),
      })),
    }),
  };
}
