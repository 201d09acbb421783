import { useRef, useState } from 'react';
import { breakReason, type Judged } from './logic/fatigue.ts';
import type { JudgeProject } from './logic/types.ts';

/** Away for so long is a break taken. */
const BREAK_MS = 5 * 60_000;

export type OnBreak = 'suggested by time' | 'suggested by signs' | 'taken' | null;

/** When to suggest a break: by the time worked without one, and by signs of tiredness in what was judged. */
export function useBreaks({ breakAfterMinutes }: Pick<JudgeProject, 'breakAfterMinutes'>) {
  const [onBreak, setOnBreak] = useState<OnBreak>(null);
  const work = useRef({ ms: 0, judged: [] as Judged[], last: 0 });
  return {
    onBreak,
    workedMs: work.current.ms,
    /** Counts a task that was judged. */
    tire(judged: Judged) {
      const now = performance.now();
      const { current: w } = work;
      if (now - w.last > BREAK_MS + judged.activeMs) [w.ms, w.judged] = [0, []];
      w.last = now;
      w.ms += judged.activeMs;
      w.judged.push(judged);
      const reason = breakReason({ workedMs: w.ms, breakAfterMinutes, judged: w.judged });
      if (reason !== null) setOnBreak(reason === 'time' ? 'suggested by time' : 'suggested by signs');
    },
    takeBreak: () => setOnBreak('taken'),
    endBreak() {
      Object.assign(work.current, { ms: 0, judged: [] });
      setOnBreak(null);
    },
  };
}
