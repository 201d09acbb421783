import type { AnswerKind } from '../../../feedback/index.ts';
import type { AnswerRule } from './answer.ts';
import { answerComparison } from './comparison.ts';
import { answerLabel } from './label.ts';
import { answerRanking } from './ranking.ts';
import { answerRating } from './rating.ts';
import { answerCorrection, answerDemonstration } from './writing.ts';

/** How simulated raters answer each kind of question, or why they cannot yet. */
export const SIMULATED_ANSWERS = {
  comparison: answerComparison,
  ranking: answerRanking,
  rating: answerRating,
  label: answerLabel,
  correction: answerCorrection,
  demonstration: answerDemonstration,
  spans: { unanswered: 'no ground says which characters of a reply are wrong' },
  steps: { unanswered: 'the replies of no ground are worked out in steps' },
  critique: { unanswered: 'no ground has a language in which faults are described' },
} as const satisfies { readonly [K in AnswerKind]: AnswerRule<K> | { readonly unanswered: string } };
