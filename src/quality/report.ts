import {
  type FeedbackRecord,
  foldRecords,
  hasGold,
  type Item,
  type Judgment,
  type RaterProfile,
} from '../feedback/index.ts';
import { type ClassPrior, createRng, type Estimate, type Interval } from '../stats/index.ts';
import { type AgreementReport, agreementReport } from './agreement.ts';
import { type AgreementMatrix, agreementMatrix } from './agreement-matrix.ts';
import { type AnchoringReport, anchoringReport } from './anchoring.ts';
import { biasOf, type LengthBias, type PositionBias } from './bias.ts';
import { type QualityColumns, qualityColumns } from './columns.ts';
import { type ConsistencyReport, consistencyReport } from './consistency.ts';
import { type CoverageReport, coverageReport } from './coverage.ts';
import { qualityData } from './data.ts';
import type { Detector, DetectorId, Flag } from './detector.ts';
import { DETECTOR_RATES, type DetectorRates } from './detector-rates.ts';
import { DETECTORS } from './detectors.ts';
import { type Disagreement, disagreements } from './disagreements.ts';
import { type ShareEstimate, share } from './estimates.ts';
import { GOLD_PURPOSES, goldAnswers } from './gold.ts';
import { type PeopleReport, peopleReport, type WeightTargets } from './people-report.ts';
import { type RaterQuality, raterRows } from './rater-rows.ts';
import { type RatingTruthReport, ratingTruthReports } from './rating-truth.ts';
import { type RepeatReport, repeatReport } from './repeats.ts';
import { type TimeReport, timeReport } from './time.ts';
import { MAX_REFIT_VOTES, type TruthReport, truthReports } from './truth-report.ts';
import { type ModelWinRate, winRates } from './win-rates.ts';

/** A detector's outcome with what it is, for reading without the code. */
export interface DetectorReport
  extends Pick<Detector, 'id' | 'looksFor' | 'needs' | 'assumes' | 'rule' | 'level' | 'tests'> {
  /** Raters or pairs tested, and those with too little evidence. */
  readonly assessed: number;
  readonly unassessed: number;
  /** Why the detector cannot say anything about these data; null when it can. */
  readonly reason: string | null;
  readonly flags: readonly Flag[];
  /** Measured on simulated pools, for comparison: how often it finds what was planted, and cries wolf. */
  readonly rates: DetectorRates;
}

/**
 * Quality of a body of feedback: plain JSON, every number with its count and interval, or the reason why there is none.
 * The first block is the summary that a run publishes; its names do not change.
 */
export interface FeedbackReport {
  readonly version: 1;
  readonly seed: number;
  readonly replicates: number;
  readonly judgments: number;
  readonly items: number;
  readonly raters: number;
  /** Judgments without a preference between replies; `coverage.unscored` has the reasons. */
  readonly unscored: number;
  /** Of the comparisons with most votes. */
  readonly alphaNominal: Estimate & { readonly interval: Interval | null };
  readonly pairwiseAgreement: Estimate & { readonly interval: Interval | null };
  readonly gold: {
    readonly items: number;
    readonly without: number;
    /** Units with gold whose plurality is tied. */
    readonly tied: number;
    /** Plurality label equals gold; units whose plurality is tied are not counted as right. */
    readonly majority: ShareEstimate | null;
    readonly dawidSkene: ShareEstimate | null;
    readonly oneCoin: ShareEstimate | null;
  };
  readonly raterTable: readonly RaterQuality[];
  readonly position: (ShareEstimate & { readonly p: number }) | null;
  readonly longer: ShareEstimate | null;
  readonly triads: ConsistencyReport['triads'];
  /** Units on which raters disagree most, kept in the data. */
  readonly disagreements: readonly Disagreement[];
  readonly dissent: { readonly units: number; readonly dissenting: number };

  readonly agreement: AgreementReport;
  readonly truth: readonly TruthReport[];
  /** Values of what was rated, one for each criterion of a question. */
  readonly ratingTruth: readonly RatingTruthReport[];
  readonly bias: { readonly position: PositionBias; readonly length: LengthBias; readonly anchoring: AnchoringReport };
  readonly time: TimeReport;
  /** Answers to items with a known answer, by purpose: never mixed with work. */
  readonly known: {
    readonly byPurpose: Readonly<Record<string, ShareEstimate | null>>;
    readonly unscored: number;
  };
  readonly repeats: Omit<RepeatReport, 'byRater'>;
  readonly consistency: ConsistencyReport;
  readonly coverage: CoverageReport;
  /** Of the models that wrote the replies, where the items say which. */
  readonly winRates?: readonly ModelWinRate[];
  readonly people: PeopleReport;
  readonly detectors: readonly DetectorReport[];
  readonly matrix: AgreementMatrix;
}

export interface FeedbackReportOptions {
  readonly seed: number;
  /** Bootstrap replicates of the intervals of agreement. */
  readonly replicates?: number;
  /** Self-descriptions are read only where a consent stands beside them. */
  readonly raters?: readonly RaterProfile[];
  /** The whole history, for skips, flags and undo. Its judgments are used in place of those given. */
  readonly records?: readonly FeedbackRecord[];
  /** Votes of a question up to which the independence of errors is tested, at some 20 fits of Dawid–Skene. */
  readonly refitVotes?: number;
  /** Shares of the classes in estimates of truth: estimated from the votes unless told otherwise. */
  readonly classPrior?: ClassPrior;
  /** Judgments wanted per item. */
  readonly wanted?: number;
  /** Shares of the population to weight raters to. */
  readonly targets?: WeightTargets;
}

const MAX_DISAGREEMENTS = 25;

function knownReport(columns: QualityColumns): FeedbackReport['known'] {
  const { answers, unscored } = goldAnswers(columns);
  const byPurpose = Object.fromEntries(
    GOLD_PURPOSES.map((purpose) => {
      const own = answers.filter((answer) => answer.purpose === purpose);
      return [purpose, share(own.filter(({ right }) => right).length, own.length)];
    }),
  );
  return { byPurpose, unscored };
}

/** Runs every detector; flags by rater for the rows. */
function detect(data: ReturnType<typeof qualityData>): {
  reports: DetectorReport[];
  byRater: Map<string, DetectorId[]>;
} {
  const byRater = new Map<string, DetectorId[]>();
  const reports = Object.values(DETECTORS).map((detector): DetectorReport => {
    const { run, ...about } = detector;
    const outcome = run(data);
    const rates = DETECTOR_RATES.detectors[detector.id];
    if ('undefined' in outcome)
      return {
        ...about,
        assessed: 0,
        unassessed: data.columns.raterIds.length,
        reason: outcome.undefined,
        flags: [],
        rates,
      };
    for (const rater of new Set(outcome.flags.flatMap((flag) => flag.raters)))
      byRater.set(rater, [...(byRater.get(rater) ?? []), detector.id]);
    return { ...about, ...outcome, reason: null, rates };
  });
  return { reports, byRater };
}

/** The quality report of columns; `feedbackReport` makes them from judgments, a store may stream them in. */
export function columnsReport(columns: QualityColumns, options: FeedbackReportOptions): FeedbackReport {
  const {
    seed,
    replicates = 200,
    refitVotes = MAX_REFIT_VOTES,
    raters,
    records,
    wanted,
    targets,
    classPrior,
  } = options;
  const rng = createRng(seed).fork('feedback-report');
  const data = qualityData(columns, { ...(classPrior !== undefined && { classPrior }) });
  const { reports, byRater } = detect(data);
  const agreement = agreementReport(data, { rng, replicates });
  const truth = truthReports(data, { rng, refitVotes });
  const { position, length } = biasOf(data);
  const { byRater: _, ...repeats } = repeatReport(columns);
  const consistency = consistencyReport(data);
  const dissent = disagreements(data, MAX_DISAGREEMENTS);
  const repeatedByRater = data.tables.reduce((sum, table) => sum + table.replaced, 0);
  const coverage = coverageReport(columns, {
    ...(records !== undefined && { records }),
    ...(wanted !== undefined && { wanted }),
    repeatedByRater,
  });
  const main = truth.find(({ kind }) => kind === 'comparison');
  const headline = (measure: 'alpha-nominal' | 'pairwise') => {
    const row = agreement.rows.find(
      (r) => r.kind === 'comparison' && r.question === main?.question && r.measure === measure && r.stratum === null,
    );
    return row === undefined
      ? { undefined: 'there are no comparisons', interval: null }
      : { ...row.estimate, interval: row.interval };
  };
  const models = winRates(columns);
  const withGold = columns.items.filter(hasGold).length;
  return {
    version: 1,
    seed,
    replicates,
    judgments: columns.n + columns.unknownItems,
    items: columns.items.length,
    raters: columns.raterIds.length,
    unscored: Object.values(coverage.unscored).reduce((a, b) => a + b, 0),
    alphaNominal: headline('alpha-nominal'),
    pairwiseAgreement: headline('pairwise'),
    gold: {
      items: withGold,
      without: columns.items.length - withGold,
      tied: main?.gold?.tied ?? 0,
      majority: main?.gold?.majority ?? null,
      dawidSkene: main?.gold?.dawidSkene ?? null,
      oneCoin: main?.gold?.oneCoin ?? null,
    },
    raterTable: raterRows(data, byRater),
    position: position.first,
    longer: length.longer,
    triads: consistency.triads,
    disagreements: dissent.list,
    dissent: { units: dissent.units, dissenting: dissent.dissenting },
    agreement,
    truth,
    ratingTruth: ratingTruthReports(data),
    bias: { position, length, anchoring: anchoringReport(columns) },
    time: timeReport(data),
    known: knownReport(columns),
    repeats,
    consistency,
    coverage,
    ...(models.length > 0 && { winRates: models }),
    people: peopleReport(data, {
      ...(raters !== undefined && { profiles: raters }),
      ...(targets !== undefined && { targets }),
    }),
    detectors: reports,
    matrix: agreementMatrix(data),
  };
}

/**
 * The quality report of a body of feedback of any kinds. `history` may hold judgments that later ones replace. The same
 * seed gives the same report.
 */
export function feedbackReport(
  items: readonly Item[],
  history: Iterable<Judgment>,
  options: FeedbackReportOptions,
): FeedbackReport {
  const judgments = options.records === undefined ? history : foldRecords(options.records).judgments;
  return columnsReport(qualityColumns(items, judgments), options);
}
