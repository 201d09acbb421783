import { describe, expect, it } from 'vitest';
import { createRng } from '../../stats/index.ts';
import { MONITORS, type MonitorId, monitorDecision, monitorSchema } from './index.ts';
import { describeMonitor } from './monitor.contract.ts';
import type { MonitorPoint } from './monitor.ts';

const PROMPTS = 24;

/** A path of some points: an independent reward that follows `worth`, with noise of one prompt about its own level. */
function path(worth: readonly number[], changes: (i: number) => Partial<MonitorPoint>, seed = 1): MonitorPoint[] {
  const rng = createRng(`monitors/${seed}`);
  const levels = Array.from({ length: PROMPTS }, () => 2 * rng.normal());
  return worth.map((value, i) => ({
    step: 10 * i,
    kl: 0.5 * i,
    proxy: levels.map((level) => level + i),
    spread: 1,
    independent: levels.map((level) => level + value + 0.2 * rng.normal()),
    ...changes(i),
  }));
}

const rising = [0, 0.5, 0.8, 1, 1.1, 1.15];
const overdone = path([0, 0.6, 0.9, 0.5, -0.4, -1], (i) => ({
  kl: i < 3 ? i : 2 + 3 * (i - 2),
  spread: 1 + (i < 3 ? 0 : i - 1),
}));
for (const id of Object.keys(MONITORS) as MonitorId[])
  describeMonitor(MONITORS[id], { sound: path(rising, () => ({})), overdone, kept: id === 'kl-budget' ? 30 : 20 });

describe('the table of monitors', () => {
  it('goes by ids, and gives one schema that refuses a key of another rule', () => {
    expect(Object.entries(MONITORS).filter(([id, monitor]) => id !== monitor.id)).toEqual([]);
    expect(monitorSchema.parse({ rule: 'kl-budget' })).toEqual({ rule: 'kl-budget', nats: 5, action: 'stop' });
    for (const wrong of [{}, { rule: 'gold' }, { rule: 'spread', nats: 3 }])
      expect(monitorSchema.safeParse(wrong).success).toBe(false);
    const budget = { rule: 'kl-budget', nats: 1.5 } as const;
    expect(monitorDecision(overdone, { ...budget, action: 'stop' })).toMatchObject({ backTo: 10 });
    expect(monitorDecision(overdone, { ...budget, action: 'project' })).toEqual({ within: 1.5 });
    expect(monitorDecision(overdone.slice(0, 2), { ...budget, action: 'project' })).toBe('go');
  });
});

describe('the independent reward', () => {
  it('does not take the noise of a plateau for a fall', () => {
    const stops = Array.from({ length: 200 }, (_, seed) => {
      const points = path([0, 1, 1, 1, 1, 1], () => ({}), seed);
      return points.some(
        (_, i) => monitorDecision(points.slice(0, i + 1), { rule: 'independent', errors: 3 }) !== 'go',
      );
    });
    expect(stops.filter(Boolean).length).toBeLessThan(20);
  });
  it('leaves prompts out that cannot be scored', () => {
    const torn = overdone.map((point) => ({ ...point, independent: [Number.NaN, ...point.independent!.slice(1)] }));
    expect(monitorDecision(torn, { rule: 'independent', errors: 2 })).toMatchObject({ backTo: 20 });
  });
});
