import { useEffect, useMemo, useRef } from 'react';
import { type Attention, activeMs, attention, sign, visibility } from './logic/active-time.ts';

const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'scroll', 'touchmove'] as const;
const clock = () => performance.now();
const isVisible = () => document.visibilityState === 'visible';

export interface Stopwatch {
  /** Active milliseconds of what is being timed. */
  read(): number;
  /** Times something else from now on, which had so much before; null while nothing is on screen. */
  start(earlierMs: number | null): void;
}

/** Active time on what is on screen: stops while the page is hidden, the person away, or nothing is shown. */
export function useStopwatch(): Stopwatch {
  const state = useRef<{ attention: Attention; earlier: number } | null>(null);
  useEffect(() => {
    const saw = () => {
      if (state.current !== null) state.current.attention = sign(state.current.attention, clock());
    };
    const turned = () => {
      if (state.current !== null) state.current.attention = visibility(state.current.attention, isVisible(), clock());
    };
    for (const name of SIGNS) document.addEventListener(name, saw, { passive: true, capture: true });
    document.addEventListener('visibilitychange', turned);
    return () => {
      for (const name of SIGNS) document.removeEventListener(name, saw, { capture: true });
      document.removeEventListener('visibilitychange', turned);
    };
  }, []);
  return useMemo(
    () => ({
      read: () => (state.current === null ? 0 : state.current.earlier + activeMs(state.current.attention, clock())),
      start(earlierMs) {
        state.current = earlierMs === null ? null : { attention: attention(clock(), isVisible()), earlier: earlierMs };
      },
    }),
    [],
  );
}
