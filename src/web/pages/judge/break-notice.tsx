import type { ReactNode } from 'react';
import { duration } from '../../ui/figures.ts';

/** Suggests a break, kindly, and leaves the choice. */
export function BreakNotice({
  why,
  workedMs,
  onTake,
  onDecline,
}: {
  readonly why: 'suggested by time' | 'suggested by signs';
  readonly workedMs: number;
  readonly onTake: () => void;
  readonly onDecline: () => void;
}): ReactNode {
  return (
    <div className="notice" role="status">
      <p>
        {why === 'suggested by time'
          ? `You have been judging for ${duration(workedMs)}. `
          : 'The last answers came much quicker than before, and all chose the first reply. That happens when one gets tired. '}
        A short break helps; your place is kept.
      </p>
      <div className="row">
        <button type="button" onClick={onTake}>
          Take a break
        </button>
        <button type="button" className="plain" onClick={onDecline}>
          Not now
        </button>
      </div>
    </div>
  );
}
