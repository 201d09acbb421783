/** What is remembered of an answer to notice tiredness. */
export interface Judged {
  readonly activeMs: number;
  /** Whether the reply shown first was chosen; null where the form does not choose one. */
  readonly first: boolean | null;
}
export type BreakReason = 'time' | 'signs';

/** Answers in a row that must all be the first shown; a fair coin does this once in 1,024 times. */
const RUN = 10;
const FASTER = 0.5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 0 ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

/**
 * Whether to suggest a break: the project's minutes of work have passed, or the last ten answers took less than half the
 * time of those before and all chose the reply shown first. Either sign alone is common in good work (people get quicker;
 * chance makes runs); both together are not.
 */
export function breakReason({
  workedMs,
  breakAfterMinutes,
  judged,
}: {
  /** Active time since the last break. */
  readonly workedMs: number;
  readonly breakAfterMinutes: number;
  /** Answers since the last break, oldest first. */
  readonly judged: readonly Judged[];
}): BreakReason | null {
  if (workedMs >= breakAfterMinutes * 60_000) return 'time';
  const recent = judged.slice(-RUN);
  const before = judged.slice(0, -RUN);
  if (before.length < RUN || recent.some(({ first }) => first !== true)) return null;
  const times = (of: readonly Judged[]) => median(of.map((j) => j.activeMs));
  return times(recent) < FASTER * times(before) ? 'signs' : null;
}
