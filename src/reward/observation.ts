import type { AnswerKind, AnswerOf } from '../feedback/index.ts';

/** A text that an answer is about, and for spans and steps the place in it. */
export interface Candidate {
  readonly prompt: string;
  readonly reply: string;
  readonly place?: number;
}

/** What is known of a judgment beside its answer: enough to resample by item, to weigh by rater and to split by stratum. */
export interface ObservationSource {
  readonly judgmentId: string;
  readonly itemId: string;
  readonly raterId: string;
  readonly strata: Readonly<Record<string, string>>;
}

interface ObservationOf<K extends AnswerKind> extends ObservationSource {
  readonly kind: K;
  readonly candidates: readonly Candidate[];
  /** What was answered; its reply indices are indices of `candidates`. */
  readonly answer: AnswerOf<K>;
  /** Place on the rater's screen of each candidate, 0 first; null where the source did not record it. */
  readonly shown: readonly (number | null)[];
  /** How a strength that the answer states is read; not at all when absent. */
  readonly strength?: 'margin' | 'graded';
  /** How many judgments it counts as. */
  readonly weight: number;
}

/** What a likelihood reads of a judgment: candidates, the answer about them, who gave it, in what order, how weighted. */
export type Observation<K extends AnswerKind = AnswerKind> = { [P in K]: ObservationOf<P> }[K];

/** One text for fitters to tell candidates apart by: the same text for the same prompt gets the same reward. */
export const candidateKey = ({ prompt, reply, place }: Candidate): string =>
  `${prompt}\u0000${reply}\u0000${place ?? ''}`;
