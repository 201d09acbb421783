import type { AnswerKind, AnswerOf, Question } from '../../../feedback/index.ts';
import type { Impression } from '../impression.ts';

export type QuestionOf<K extends AnswerKind> = Extract<Question, { kind: K }>;

/** How a simulated rater answers a question of one kind, attentive or careless as the impression says. */
export type AnswerRule<K extends AnswerKind> = (impression: Impression, question: QuestionOf<K>) => AnswerOf<K>;
