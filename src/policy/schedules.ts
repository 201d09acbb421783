/** Learning rates by step, as pure functions: a resumed run sees the same ones. */

export const SCHEDULES = ['constant', 'linear', 'cosine'] as const;
export type Schedule = (typeof SCHEDULES)[number];

export interface ScheduleSettings {
  readonly peak: number;
  readonly steps: number;
  /** Steps over which the rate rises linearly to its peak; the first step is not at zero. */
  readonly warmup?: number;
  /** Where the rate ends, as a share of the peak; 0 by default. */
  readonly floor?: number;
}

/** The rate of a step, counted from 0. After the warm-up it stays, falls linearly, or falls as half a cosine, to floor · peak at `steps`. */
export function learningRateAt(schedule: Schedule, step: number, settings: ScheduleSettings): number {
  const { peak, steps, warmup = 0, floor = 0 } = settings;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (schedule === 'constant') return peak;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  if (schedule === 'linear') return peak * (floor + (1 - floor) * (1 - progress));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
