/** Mean and mean square of what has been seen, the newest counting most. */
export interface RunningMoments {
  readonly mean: number;
  readonly square: number;
}

/** Of the first values. */
export function initMoments(values: readonly number[]): RunningMoments {
  // All alike: their mean may differ from them in its last bits, and a baseline must not.
  if (values.every((value) => value === values[0])) return { mean: values[0] ?? 0, square: (values[0] ?? 0) ** 2 };
  const of = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  return { mean: of(1), square: of(2) };
}

/** After more values: `keep` of what was known, the rest of theirs. Nothing new changes nothing. */
export function updateMoments(known: RunningMoments, values: readonly number[], keep: number): RunningMoments {
  if (values.length === 0) return known;
  const now = initMoments(values);
  const blend = (old: number, next: number) => (old === next ? old : keep * old + (1 - keep) * next);
  return { mean: blend(known.mean, now.mean), square: blend(known.square, now.square) };
}

/** Deviation of what was seen; 0 where all was alike. */
export const runningDeviation = ({ mean, square }: RunningMoments): number =>
  Math.sqrt(Math.max(0, square - mean ** 2));
