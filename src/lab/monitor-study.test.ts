import { describe, expect, it } from 'vitest';
import { MONITOR_IDS, monitorSchema } from '../policy/index.ts';
import { digestValue } from '../run/index.ts';
import { committedMonitors, MONITOR_RUNS, ruleRates } from './monitor-rates.ts';
import { type SeenPoint, SIGNAL_IDS, SIGNALS } from './monitor-signals.ts';
import { lostAt, monitorRows, watchedRun, watchRuns } from './monitor-study.ts';

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
  it('repeats a run with its seed, and a study is of runs of both sorts', async () => {
    const run = await watchedRun(12);
    expect(await watchedRun(12)).toEqual(run);
    expect(run.gold.length).toBe(run.points.length);
    const study = monitorRows(await watchRuns({ runs: 8, firstSeed: 12 }));
    expect(study.overdone).toBeGreaterThan(0);
    expect(study.overdone).toBeLessThan(8);
    for (const { detected, ever, falseAlarms, area } of study.rows) {
      expect(detected.n + falseAlarms.n).toBe(4);
      expect(ever.hits).toBeGreaterThanOrEqual(detected.hits);
      expect(area).toBeGreaterThanOrEqual(0);
      expect(area).toBeLessThanOrEqual(1);
    }
  });
});

describe('the committed rates of monitors', () => {
  const { overdone, firstSeed, signals, digest, command, versions } = MONITOR_RUNS;
  it('give again, to the bit, what every signal showed in the first runs', async () => {
    const again = await watchRuns({ runs: 4, firstSeed });
    expect(again.overdone).toEqual(overdone.slice(0, 4));
    expect(new Set(again.overdone).size).toBe(2);
    for (const id of SIGNAL_IDS)
      for (const key of ['inTime', 'atEnd'] as const)
        expect({ id, key, values: again.signals[id][key] }).toEqual({ id, key, values: signals[id][key].slice(0, 4) });
  });
  it('are of as many runs as their command says, under their digest', () => {
    expect(command).toBe(`npm run lab:monitors -- --runs ${overdone.length} --first-seed ${firstSeed}`);
    expect(Object.keys(versions)).toEqual(['goodhart', 'node']);
    expect(digestValue({ firstSeed, overdone, signals })).toBe(digest);
    for (const { inTime, atEnd } of Object.values(signals))
      expect([inTime.length, atEnd.length]).toEqual([overdone.length, overdone.length]);
  });
  it('count a rule at its own settings: a budget that nothing keeps alarms always, one that all keep never', () => {
    const kl = (nats: number) => ruleRates({ rule: 'kl-budget', nats, action: 'stop' });
    const [bad, good] = [overdone.filter(Boolean).length, overdone.filter((lost) => !lost).length];
    expect(kl(1e-9)).toMatchObject({ signal: 'kl', ever: { hits: bad, n: bad }, falseAlarms: { hits: good, n: good } });
    expect(kl(1e9)).toMatchObject({ detected: { hits: 0, n: bad }, falseAlarms: { hits: 0, n: good } });
    const settings = MONITOR_IDS.map((rule) => monitorSchema.parse({ rule }));
    const { rules, signals: rows } = committedMonitors(settings);
    expect(rules.map(({ rule, threshold }) => [rule, threshold])).toEqual([
      ['kl-budget', 5],
      ['spread', 2],
      ['independent', 3],
    ]);
    expect(Object.keys(rows)).toEqual(SIGNAL_IDS);
    for (const [own] of Object.values(rows)) expect(own!.chosen).toBe('5 % of the first 100 runs');
  });
});
