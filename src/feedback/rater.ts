import type { Answer } from './answer.ts';
import type { Item } from './item.ts';
import type { Presentation } from './judgment.ts';

/** A source of uniform numbers in [0, 1); the only randomness a rater has. */
export type Uniform = () => number;

/** What a rater answers, and how long it took where that is known. */
export interface Response {
  readonly answer: Answer;
  readonly activeMs: number | null;
  /** What else the rater says of the answer: a model, how it came about. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An evaluator H_j: a person behind the Studio, a simulated rater, or a model acting as a judge. One interface. */
export interface Rater {
  readonly id: string;
  readonly kind: 'human' | 'simulated' | 'model';
  /** Group the rater identifies with, where known. */
  readonly group?: string;
  /** What is put before this rater, where it differs from what the others see: it becomes the view of their presentations. */
  readonly view?: string;
  /** Judges an item as presented. Only what the presentation's view shows may influence the answer. */
  judge(item: Item, presentation: Presentation, uniform: Uniform): Response | Promise<Response>;
}
