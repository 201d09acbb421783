import { describe, expect, it } from 'vitest';
import { createRng } from '../../../../stats/index.ts';
import { breakReason, type Judged } from './fatigue.ts';

describe('suggesting a break', () => {
  const none = { workedMs: 0, breakAfterMinutes: 45, judged: [] };
  it('comes with the minutes of the project', () => {
    expect(breakReason({ ...none, workedMs: 45 * 60_000 - 1 })).toBe(null);
    expect(breakReason({ ...none, workedMs: 45 * 60_000 })).toBe('time');
  });

  const rng = createRng('fatigue');
  /** An answer in about 20 s, lognormal, the first reply with probability `first`. */
  const judged = (speed: number, first: number): Judged => ({
    activeMs: (20_000 / speed) * Math.exp(0.6 * rng.normal()),
    first: rng.uniform() < first,
  });
  /** Share of sessions in which a suggestion comes within `length` answers; the rater changes after 40. */
  const share = (sessions: number, length: number, later: () => Judged) => {
    let hits = 0;
    for (let s = 0; s < sessions; s++) {
      const all: Judged[] = [];
      for (let n = 0; n < length; n++) {
        all.push(n < 40 ? judged(1, 0.5) : later());
        if (breakReason({ ...none, judged: all }) !== null) {
          hits += 1;
          break;
        }
      }
    }
    return hits / sessions;
  };
  it('finds raters who get three times as quick and choose what comes first', () => {
    expect(share(200, 60, () => judged(3, 1))).toBeGreaterThan(0.95);
  });
  it('leaves alone raters who work on, get quicker with practice, or favour the first without hurry', () => {
    expect(share(200, 120, () => judged(1, 0.5))).toBeLessThan(0.02);
    expect(share(200, 120, () => judged(2.5, 0.5))).toBeLessThan(0.05);
    expect(share(200, 120, () => judged(1, 1))).toBeLessThan(0.15);
  });
  it('needs answers to compare with, and ones that choose', () => {
    const quick = Array.from({ length: 30 }, (_, i) => ({ activeMs: i < 15 ? 9000 : 900, first: true }));
    expect(breakReason({ ...none, judged: quick })).toBe('signs');
    expect(breakReason({ ...none, judged: quick.slice(11) })).toBe(null);
    expect(breakReason({ ...none, judged: quick.map((j) => ({ ...j, first: null })) })).toBe(null);
  });
});
