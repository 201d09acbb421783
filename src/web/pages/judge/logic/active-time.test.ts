import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeMs, attention, IDLE_MS, sign, visibility } from './active-time.ts';

type Event = { readonly at: number; readonly what: 'sign' | 'hide' | 'show' };

/** Seconds at which the page is visible and the last sign (or the coming back) is less than a minute ago. */
function countSeconds(events: readonly Event[], end: number): number {
  let [visible, last, count, next] = [true, 0, 0, 0];
  for (let second = 0; second < end; second++) {
    for (; next < events.length && events[next]!.at <= second; next++) {
      const { what } = events[next]!;
      if (what === 'show' ? !visible : what === 'sign' && visible) last = second;
      if (what !== 'sign') visible = what === 'show';
    }
    if (visible && second < last + IDLE_MS / 1000) count += 1;
  }
  return count;
}

describe('active time', () => {
  it('agrees with counting second by second', () => {
    const events = fc
      .array(fc.record({ at: fc.integer({ min: 0, max: 600 }), what: fc.constantFrom('sign', 'hide', 'show') }))
      .map((all) => all.sort((a, b) => a.at - b.at) as Event[]);
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 200 }), (all, after) => {
        const end = (all.at(-1)?.at ?? 0) + after;
        const state = all.reduce(
          (s, { at, what }) => (what === 'sign' ? sign(s, at * 1000) : visibility(s, what === 'show', at * 1000)),
          attention(0),
        );
        expect(activeMs(state, end * 1000)).toBe(countSeconds(all, end) * 1000);
      }),
    );
  });
  it('stops a minute after the last sign and goes on with the next', () => {
    let state = attention(0);
    expect(activeMs(state, 90_000)).toBe(60_000);
    state = sign(state, 90_000);
    expect(activeMs(state, 100_000)).toBe(70_000);
  });
  it('does not count a hidden page, nor one opened in the background', () => {
    expect(activeMs(sign(attention(0, false), 1000), 5000)).toBe(0);
    const hidden = visibility(attention(0), false, 10_000);
    expect(activeMs(hidden, 500_000)).toBe(10_000);
    expect(activeMs(visibility(hidden, true, 500_000), 505_000)).toBe(15_000);
  });
});
