/**
 * Active time: counted only while the page is visible and the person did something within the last minute. Times are
 * milliseconds of any clock that does not go back.
 */
export interface Attention {
  /** Counted in periods that have ended. */
  readonly total: number;
  readonly visible: boolean;
  /** Start of the period that is being counted; null while the page is hidden. */
  readonly from: number | null;
  /** The last sign of the person. */
  readonly last: number;
}

/** After so long without a sign the person is taken to be away, from then on. */
export const IDLE_MS = 60_000;

export const attention = (now: number, visible = true): Attention => ({
  total: 0,
  visible,
  from: visible ? now : null,
  last: now,
});

/** Active time up to now. */
export const activeMs = ({ total, from, last }: Attention, now: number): number =>
  from === null ? total : total + Math.max(0, Math.min(now, last + IDLE_MS) - from);

/** A key, a click, a touch, a movement. Signs on a hidden page are not of this work. */
export function sign(state: Attention, now: number): Attention {
  if (!state.visible || state.from === null) return state;
  return now <= state.last + IDLE_MS
    ? { ...state, last: now }
    : { ...state, total: activeMs(state, now), from: now, last: now };
}

/** The page was hidden or shown again; coming back is a sign. */
export function visibility(state: Attention, visible: boolean, now: number): Attention {
  if (visible === state.visible) return state;
  return visible
    ? { ...state, visible, from: now, last: now }
    : { ...state, total: activeMs(state, now), visible, from: null };
}
