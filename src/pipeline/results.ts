import { mean } from '../stats/index.ts';
import { figuresBySplit, type SplitFigures } from './evaluation.ts';
import type { RunResults } from './run-results.ts';
import type { PathPoint, PolicyPath } from './stages/policy.ts';

interface Range {
  readonly low: number;
  readonly high: number;
}
const interval = ({ low, high }: Range) => [low, high];
const meanOf = (values: readonly number[] | undefined) => (values === undefined ? null : mean(values));

/** Whether the source says who judged; without that nothing can be said about raters or their agreement. */
export const ratersKnown = ({ feedback }: Pick<RunResults, 'feedback'>): boolean =>
  feedback.report.raterTable.some(({ raterId }) => raterId !== 'not-released');

const pointJson = ({ step, split, kl, proxy, gold, spread }: PathPoint) => ({
  step,
  split,
  kl,
  proxy: mean(proxy),
  gold: meanOf(gold),
  spread,
});

const endJson = ({ split, kl, entropy, meanTokens, proxy, gold }: SplitFigures) => ({
  split,
  kl,
  entropy,
  meanTokens,
  proxy: mean(proxy),
  gold: meanOf(gold),
});

/** The base and the final policy of a path, on the prompts of every split. */
const endsJson = ({ method, finalStep, stopped, first, last }: PolicyPath) => ({
  method,
  step: finalStep,
  stopped,
  before: figuresBySplit(first).map(endJson),
  after: figuresBySplit(last).map(endJson),
});

/** The headline numbers of a run as one JSON; a number that does not exist for the data is null. */
export function resultsJson(results: RunResults): Record<string, unknown> {
  const { feedback, evaluation, paths, bestOf, earlier } = results;
  const { report } = feedback;
  const [main, ...variants] = paths;
  const known = ratersKnown(results);
  const accuracies = (rows: Readonly<Record<string, { accuracy: number; n: number; interval: Range }>>) =>
    Object.fromEntries(
      Object.entries(rows).map(([key, row]) => [
        key,
        { accuracy: row.accuracy, n: row.n, interval: interval(row.interval) },
      ]),
    );
  const strata = Object.entries(evaluation.byStratum);
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
    ...(strata.length > 0 && {
      byStratum: Object.fromEntries(strata.map(([stratum, rows]) => [stratum, accuracies(rows)])),
    }),
    ...(evaluation.byRaterGroup !== null && { byRaterGroup: accuracies(evaluation.byRaterGroup) }),
    ...(main !== undefined && { policy: main.points.map(pointJson), ends: paths.map(endsJson) }),
    ...(variants.length > 0 && {
      variants: Object.fromEntries(variants.map(({ method, points }) => [method, points.map(pointJson)])),
    }),
    ...(bestOf !== undefined && {
      bestOf: bestOf.points.map(({ n, kl, proxy, gold }) => ({
        n,
        split: bestOf.split,
        klBound: kl,
        proxy: mean(proxy),
        gold: meanOf(gold),
      })),
    }),
    ...(earlier.length > 0 && {
      rounds: earlier.map(({ round, judgments, evaluation: own, path }) => ({
        round,
        judgments,
        accuracy: own.overall.accuracy,
        accuracyInterval: interval(own.overall.interval),
        policy: path.points.map(pointJson),
      })),
    }),
  };
}
