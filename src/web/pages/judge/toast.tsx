import { type ReactNode, useEffect } from 'react';
import { KeyHint } from './controls/parts.tsx';
import type { DeskWork } from './use-desk.ts';

const TOAST_MS = 8000;

/** What was just done, with the way back. It goes by itself; the undo button in the bar stays. */
export function Toast({ work }: { readonly work: DeskWork }): ReactNode {
  const { done, hush } = work;
  const seq = done?.seq;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each toast has its own time
  useEffect(() => {
    if (seq === undefined) return;
    const timer = setTimeout(hush, TOAST_MS);
    return () => clearTimeout(timer);
  }, [seq]);
  return (
    <div className="toasts" role="status">
      {done !== null && (
        <div className="toast" key={done.seq}>
          <span>{done.text}</span>
          {done.undo && (
            <button type="button" onClick={work.undo}>
              Undo <KeyHint of="u" />
            </button>
          )}
        </div>
      )}
    </div>
  );
}
