import type { AnswerKind } from '../../../feedback/index.ts';
import type { AnswerRule } from './answer.ts';
import { answerComparison } from './comparison.ts';
import { answerCritique } from './critique.ts';
import { answerLabel } from './label.ts';
import { answerRanking } from './ranking.ts';
import { answerRating } from './rating.ts';
import { answerSpans } from './spans.ts';
import { answerSteps } from './steps.ts';
import { answerCorrection, answerDemonstration } from './writing.ts';

/** How simulated raters answer each kind of question. */
export const SIMULATED_ANSWERS = {
  comparison: answerComparison,
  ranking: answerRanking,
  rating: answerRating,
  label: answerLabel,
  correction: answerCorrection,
  demonstration: answerDemonstration,
  spans: answerSpans,
  steps: answerSteps,
  critique: answerCritique,
} as const satisfies { readonly [K in AnswerKind]: AnswerRule<K> };
