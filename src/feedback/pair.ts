/**
 * A comparison as the reward model sees it (Eq. 2 of Casper et al. 2023): one rater's judgment of two replies.
 * Ties are soft targets, not dropped. One record per judgment, so disagreement stays in the data.
 */
export interface PreferencePair {
  readonly judgmentId: string;
  readonly itemId: string;
  readonly raterId: string;
  readonly prompt: string;
  readonly first: string;
  readonly second: string;
  /** Probability that `first` is preferred: 1, 0, or 0.5 for a tie. */
  readonly target: number;
  readonly weight: number;
  /** True when `first` was displayed first; null where the source did not record the order. */
  readonly firstShownFirst: boolean | null;
  readonly strata: Readonly<Record<string, string>>;
}
