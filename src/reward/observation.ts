import type { AnswerKind, AnswerOf } from '../feedback/index.ts';

/** A text that an answer is about: a reply, or what stands of it up to a place in it. */
export interface Candidate {
  readonly prompt: string;
  readonly reply: string;
  /** The reply goes on: no end follows this text. */
  readonly unfinished?: true;
}

/** What an answer says of one stated attribute, by part of the reply (the whole reply is one part). */
export interface AttributeSeen {
  readonly name: string;
  /** Whether it speaks for what it is said of, or against it. */
  readonly speaks: 1 | -1;
  readonly seen: readonly boolean[];
}

/** How a rater comes from rewards to an answer, as far as it is the rater's own. */
export interface Hearing {
  /** Factor on every reward: 1 is typical, 0 answers at random, below 0 answers against it. */
  readonly rationality: number;
  /** Log-odds that a candidate has beside its reward, by candidate. */
  readonly bonus: readonly number[];
  /** Probability that the answer was given without a look. */
  readonly lapse: number;
}

/** What is known of a judgment beside its answer: enough to resample by item, to weigh by rater and to split by stratum. */
export interface ObservationSource {
  readonly judgmentId: string;
  readonly itemId: string;
  readonly raterId: string;
  readonly strata: Readonly<Record<string, string>>;
  /** Attention that the answer took, in milliseconds; null or absent where that was not recorded. */
  readonly activeMs?: number | null;
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
  /** How ties come about: an outcome of its own, or (when absent) a target shared by those that tie. */
  readonly ties?: 'davidson';
  /** Stated attributes that were asked about, of answers that speak through them. */
  readonly attributes?: readonly AttributeSeen[];
  /** How many judgments it counts as. */
  readonly weight: number;
  /** What is known of its rater; a typical one when absent. */
  readonly hearing?: Hearing;
}

/** What a likelihood reads of a judgment: candidates, the answer about them, who gave it, in what order, how weighted. */
export type Observation<K extends AnswerKind = AnswerKind> = { [P in K]: ObservationOf<P> }[K];

/** One text for fitters to tell candidates apart by: the same text for the same prompt gets the same reward. */
export const candidateKey = ({ prompt, reply, unfinished }: Candidate): string =>
  `${prompt}\u0000${reply}${unfinished === true ? '\u0000' : ''}`;
