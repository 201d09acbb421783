export * from './answer.ts';
export * from './answer-kinds.ts';
export * from './card.ts';
export * from './collect.ts';
export * from './coordinator.ts';
export * from './display-order.ts';
export * from './distribution.ts';
export * from './fold.ts';
export * from './item.ts';
export * from './judgment.ts';
export { dialoguePairSchema, fromDialoguePair, NO_SHARED_START, splitDialogues } from './layouts/hh-rlhf.ts';
export * from './layouts/layout.ts';
export { PROJECT_PARTS, type ProjectPart } from './layouts/project-folder.ts';
export * from './layouts/pseudonym.ts';
export { type ArgumentPair, argumentPairSchema, argumentSchema, fromArgumentPair } from './layouts/published.ts';
export * from './layouts/registry.ts';
export { checkValue, MAX_DEPTH } from './layouts/values.ts';
export * from './pair.ts';
export * from './people.ts';
export * from './population.ts';
export * from './present.ts';
export * from './project.ts';
export type { AgreementMeasure, AgreementReport, AgreementRow } from './quality/agreement.ts';
export type { AgreementMatrix } from './quality/agreement-matrix.ts';
export { ColumnsBuilder, type QualityColumns, qualityColumns } from './quality/columns.ts';
export { type QualityData, qualityData } from './quality/data.ts';
export {
  DETECTOR_IDS,
  type Detector,
  type DetectorId,
  type DetectorOutcome,
  type Flag,
} from './quality/detector.ts';
export { DETECTOR_RATES, type DetectorRates } from './quality/detector-rates.ts';
export { DETECTORS } from './quality/detectors.ts';
export type { Effect, ShareEstimate } from './quality/estimates.ts';
export { type WeightTargets, weightTargetsSchema } from './quality/people-report.ts';
export { type RaterQuality, raterQuality } from './quality/rater-rows.ts';
export {
  columnsReport,
  type DetectorReport,
  type FeedbackReport,
  type FeedbackReportOptions,
  feedbackReport,
} from './quality/report.ts';
export type { TruthReport } from './quality/truth-report.ts';
export { type Vote, type VoteTable, voteTable } from './quality/vote-table.ts';
export * from './rater.ts';
export * from './records.ts';
export * from './selection/index.ts';
export { ratersDone, wantedOfItem } from './wanted.ts';
