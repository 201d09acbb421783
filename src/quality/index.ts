export type { AgreementMeasure, AgreementReport, AgreementRow } from './agreement.ts';
export type { AgreementMatrix } from './agreement-matrix.ts';
export { ColumnsBuilder, type QualityColumns, qualityColumns } from './columns.ts';
export { type QualityData, qualityData } from './data.ts';
export {
  DETECTOR_IDS,
  type Detector,
  type DetectorId,
  type DetectorOutcome,
  type Flag,
} from './detector.ts';
export { DETECTOR_RATES, type DetectorRates } from './detector-rates.ts';
export { DETECTORS } from './detectors.ts';
export { type QuestionNames, qualityDocument } from './document/index.ts';
export { leaderboardDocument } from './document/leaderboard.ts';
export type { Effect, ShareEstimate } from './estimates.ts';
export { type Leaderboard, type LeaderboardOptions, leaderboard } from './leaderboard.ts';
export { CONTROLS, type Control } from './leaderboard-contests.ts';
export { type WeightTargets, weightTargetsSchema } from './people-report.ts';
export { type RaterQuality, raterQuality } from './rater-rows.ts';
export type { RatingTruthReport } from './rating-truth.ts';
export {
  columnsReport,
  type DetectorReport,
  type FeedbackReport,
  type FeedbackReportOptions,
  feedbackReport,
} from './report.ts';
export type { TruthReport } from './truth-report.ts';
export { type Vote, type VoteTable, voteTable } from './vote-table.ts';
