import { describe, expect, it } from 'vitest';
import { type CountedRun, earlyWarning } from './early-warning.ts';
import { SIGNAL_IDS } from './monitor-signals.ts';

describe('early warning', () => {
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
    const study = await earlyWarning({ runs: 40, firstSeed: 0 }, () => {}, { known, keep });
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
  it('draws runs until there are as many of either sort', async () => {
    const kept: CountedRun[] = [];
    const keep = (run: CountedRun) => kept.push(run);
    const study = await earlyWarning({ runs: 4, firstSeed: 12 }, () => {}, { known: new Map(), keep });
    expect(kept.map(({ seed }) => seed)).toEqual(Array.from({ length: study.drawn }, (_, i) => 12 + i));
    for (const { detected, ever, falseAlarms } of [...study.rows, study.best])
      expect([detected.n, ever.n, falseAlarms.n]).toEqual([2, 2, 2]);
    for (const { detected, ever } of study.rows) expect(ever.hits).toBeGreaterThanOrEqual(detected.hits);
  });
});
