import type { ReactNode } from 'react';
import { figure } from '../../ui/figures.ts';
import type { RunDetail } from './frame.tsx';

/** How far a process is. */
export function Progress({ progress }: { readonly progress: NonNullable<RunDetail['progress']> }): ReactNode {
  const { stage, done, total, unit } = progress;
  return (
    <p role="status">
      {stage}: {figure(done)} of {figure(total)} {unit}
      <progress value={done} max={total} aria-label={`${stage}: ${unit}`} />
    </p>
  );
}
