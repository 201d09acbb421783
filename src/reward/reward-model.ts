/** A score in normalised reward units; `spread` is the ensemble's standard deviation where there is an ensemble. */
export interface Score {
  readonly mean: number;
  readonly spread?: number;
}

/**
 * A reward model r̂_φ: a pure function of text. Its normaliser (mean and scale on reference replies) lives inside, so
 * every path sees the same numbers. Only differences on one prompt are identified by comparisons.
 */
export interface RewardModel {
  readonly id: string;
  readonly family: 'transformer' | 'linear' | 'ensemble';
  score(prompt: string, replies: readonly string[]): Promise<Score[]>;
  dispose(): Promise<void>;
}
