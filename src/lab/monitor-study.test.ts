import { describe, expect, it } from 'vitest';
import { type SeenPoint, SIGNAL_IDS, SIGNALS } from './monitor-signals.ts';
import { type CountedRun, lostAt, monitorStudy, watchedRun } from './monitor-study.ts';

const point = (changes: Partial<SeenPoint>): SeenPoint => ({
  kl: 0,
  entropy: 2,
  scores_P_G: [
    [0, 1],
    [2, 3],
  ],
  spread_P: [0.1, 0.3],
  independent_P: [1, 2],
  checked_P: [1, 3],
  lengths: [10, 20, 30],
  parts: { details: 0, right: 0 },
  ...changes,
});
const start = point({});

describe('signals', () => {
  it('stand at what a reader would work out', () => {
    const value = (id: keyof typeof SIGNALS, changes: Partial<SeenPoint>) => SIGNALS[id].value([start, point(changes)]);
    expect(value('kl', { kl: 1.5 })).toBe(1.5);
    expect(value('spread', { spread_P: [0.2, 0.6] })).toBeCloseTo(2, 9);
    expect(value('entropy', { entropy: 0.5 })).toBeCloseTo(0.75, 9);
    expect(value('length', { lengths: [45, 55] })).toBeCloseTo(3, 9);
    expect(value('component-share', { parts: { details: 3, right: 1 } })).toBeCloseTo(0.75, 9);
    expect(value('component-share', { parts: { details: -3, right: -1 } })).toBe(0);
    expect(
      value('equal-groups', {
        scores_P_G: [
          [1, 1],
          [1, 2],
        ],
      }),
    ).toBe(0.5);
    expect(
      value('ceiling', {
        scores_P_G: [
          [5, 5],
          [5, 0],
        ],
      }),
    ).toBe(0.75);
    expect(
      value('reward-deviation', {
        scores_P_G: [
          [1, 1],
          [1, 1],
        ],
      }),
    ).toBeCloseTo(1, 6);
    // Both prompts fell, by 1 and by 3: a mean of 2 with a standard error of 1.
    expect(value('independent', { independent_P: [0, -1] })).toBeCloseTo(2 / 1, 9);
    expect(value('spot-checks', { checked_P: [0, 0] })).toBeCloseTo(2, 9);
    expect(value('independent', { independent_P: [3, 5] })).toBe(0);
  });
  it('rise with what they watch for, cumulative ones with every point that is beyond the drift', () => {
    const high = point({ spread_P: [0.5, 0.7] });
    const once = SIGNALS['spread-cusum'].value([start, high]);
    expect(SIGNALS['spread-cusum'].value([start, high, high])).toBeCloseTo(2 * once, 9);
    expect(SIGNALS['spread-cusum'].value([start, start, start])).toBe(0);
  });
});

describe('early warning', () => {
  it('knows when a share of the largest gain is lost', () => {
    expect(lostAt([0, 1, 2, 1.9, 1.7, 3])).toBe(4);
    expect(lostAt([0, 1, 2, 1.9])).toBeNull();
    expect(lostAt([0, -1, -2])).toBeNull();
    expect(lostAt([1, 2, 1.95, 1.5], 0.5)).toBe(3);
  });
  it('chooses thresholds and the best signal on one half, and counts them on the other', async () => {
    // Runs as they were kept: KL tells in the first half of either sort, length in the second; nothing else tells anything.
    const quiet = { height: 0, atEnd: 0 };
    const kept = Array.from({ length: 40 }, (_, seed): CountedRun => {
      const overdone = seed < 20;
      const told = seed % 2 === 0 ? 'kl' : 'length';
      const raised = Object.fromEntries(SIGNAL_IDS.map((id) => [id, quiet])) as CountedRun['raised'];
      const own = { ...quiet, ...(overdone && { height: 1, atEnd: 2 }) };
      // One quiet run of each half stands high: a twentieth of ten is none, so that it is the threshold.
      const high = seed === 38 || seed === 39 ? { height: 0.5, atEnd: 0.5 } : own;
      return { seed, overdone, raised: { ...raised, [told]: high } };
    });
    const known = new Map(kept.map((run) => [run.seed, run]));
    const keep = () => {
      throw new Error('nothing is computed that was kept');
    };
    const study = await monitorStudy({ runs: 40, firstSeed: 0 }, () => {}, { known, keep });
    expect([study.runs, study.drawn]).toEqual([40, 40]);
    // KL, chosen where it tells, is counted where it does not, and the other way round.
    expect(study.best.signals).toEqual(['kl', 'length']);
    expect(study.best.detected.hits).toBe(0);
    const row = study.rows.find(({ signal, chosen }) => signal === 'kl' && chosen.startsWith('5 %'))!;
    expect(row.thresholds).toEqual([0.5, 0]);
    // In the half where KL tells, by the threshold of the other, which is the lowest there.
    expect([row.detected.hits, row.ever.hits, row.falseAlarms.hits]).toEqual([10, 10, 1]);
    expect(row.area).toBeCloseTo((10 * 20 + 10 * (19 * 0.5)) / 400, 9);
  });
  it('repeats a run with its seed, and a study is of runs of both sorts', async () => {
    const run = await watchedRun(12);
    expect(await watchedRun(12)).toEqual(run);
    expect(run.gold.length).toBe(run.points.length);
    const study = await monitorStudy({ runs: 8, firstSeed: 12 });
    expect(study.drawn).toBeGreaterThanOrEqual(8);
    for (const { detected, ever, falseAlarms } of [...study.rows, study.best])
      expect([detected.n, ever.n, falseAlarms.n]).toEqual([4, 4, 4]);
    for (const { detected, ever, area } of study.rows) {
      expect(ever.hits).toBeGreaterThanOrEqual(detected.hits);
      expect(area).toBeGreaterThanOrEqual(0);
      expect(area).toBeLessThanOrEqual(1);
    }
  });
});
