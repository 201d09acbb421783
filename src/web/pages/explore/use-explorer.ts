import { useEffect, useRef, useState } from 'react';
import type { Scene, Verdicts } from '../../../lab/index.ts';
import type { Answer, Asked } from './messages.ts';
import { type ExploreState, strengthOf, taughtOf } from './state.ts';

/** What is known so far of the newest state; the last scene stays until the next one is there. */
export interface Explored {
  readonly scene: Scene | null;
  /** Of this very scene; null while the probes run. */
  readonly verdicts: Verdicts | null;
  readonly fault: string | null;
}

/** Computes states in a thread of their own. */
export function useExplorer(state: ExploreState): Explored {
  const [explored, setExplored] = useState<Explored>({ scene: null, verdicts: null, fault: null });
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);
  useEffect(() => {
    const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    made.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      if (data.id !== asked.current) return;
      if ('scene' in data) setExplored({ scene: data.scene, verdicts: null, fault: null });
      else if ('verdicts' in data) setExplored((before) => ({ ...before, verdicts: data.verdicts }));
      else setExplored((before) => ({ ...before, fault: data.fault }));
    });
    made.addEventListener('error', ({ message }) => setExplored((before) => ({ ...before, fault: message })));
    worker.current = made;
    return () => {
      made.terminate();
      worker.current = null;
    };
  }, []);
  useEffect(() => {
    asked.current += 1;
    const question: Asked = { id: asked.current, taught: taughtOf(state), strength: strengthOf(state) };
    worker.current?.postMessage(question);
  }, [state]);
  return explored;
}
