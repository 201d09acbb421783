import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { alarmAuc } from '../alarm.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { type RoundPathPoint, roundPaths } from '../evidence/round-paths.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { refreshCadence } from './refresh-cadence.ts';

/** Heights of a round's points, with the KL of its end. */
interface Round {
  readonly heights: readonly number[];
  readonly kl: number;
}

const pathsOf = (rng: Rng, rounds: readonly Round[], { prompts = 24, noise = 0.1 } = {}): RoundPathPoint[] => {
  const levels = Array.from({ length: prompts }, () => rng.normal());
  return rounds.flatMap(({ heights, kl }, r) =>
    heights.map((height, step) => ({
      round: r + 1,
      step,
      kl: (kl * step) / (heights.length - 1),
      gold: levels.map((level) => level + height + noise * rng.normal()),
    })),
  );
};
const lossOf = ({ heights, kl }: Round) => (Math.max(...heights) - heights.at(-1)!) / kl;
const drawn = (name: string, rounds: readonly Round[], shape = {}): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'round-paths': pathsOf(rng, rounds, shape) }, truth: Math.max(...rounds.map(lossOf)) }),
});
const run = (rows: readonly RoundPathPoint[], params = {}) =>
  runProbe(refreshCadence, { 'round-paths': rows }, { seed: 1, params });

const RISING: Round = { heights: [0, 0.5, 0.9, 1], kl: 2 };
const FALLING: Round = { heights: [0, 0.8, 0.6, 0.2], kl: 3 };
const FLAT: Round = { heights: [1, 1, 1, 1], kl: 1 };

describe('refresh-cadence', () => {
  coverageContract(
    refreshCadence,
    [
      drawn('rising in every round', [RISING, { heights: [1, 1.2, 1.3, 1.35], kl: 1 }]),
      drawn('level', [FLAT, FLAT]),
      drawn('never refreshed', [FALLING]),
      drawn('one round of three falls, few prompts', [RISING, { heights: [1, 1.1, 0.9, 0.7], kl: 2 }, FLAT], {
        prompts: 10,
      }),
    ],
    { draws: 200 },
  );
  it('reaches every verdict', () => {
    const verdicts = (rounds: readonly Round[], shape = {}) =>
      coverageOf(refreshCadence, drawn('v', rounds, shape), 20).verdicts;
    expect(verdicts([RISING, RISING]).clear).toBe(20);
    expect(verdicts([FALLING]).failure).toBe(20);
    expect(verdicts([RISING, { heights: [1, 1.2, 1.1, 1.04], kl: 2 }], { prompts: 60 }).concern).toBeGreaterThan(15);
    expect(verdicts([FLAT], { noise: 0.3 }).inconclusive).toBeGreaterThan(10);
  });
  it('by hand: six tenths lost over three nats, on every prompt alike', () => {
    const found = run(pathsOf(createRng(1), [RISING, FALLING], { noise: 0 }));
    expect(found.estimate).toBeCloseTo(0.6 / 3, 9);
    expect(found.details).toMatchObject({ round: 2 });
    // Steeper in a shorter round is worse: the same loss over one nat.
    expect(run(pathsOf(createRng(1), [FALLING, { ...FALLING, kl: 1 }], { noise: 0 })).estimate).toBeCloseTo(0.6, 9);
  });
  it('tells how well disagreement and KL would have warned', () => {
    const points = pathsOf(createRng(1), [FALLING], { noise: 0 }).map((point, k) => ({
      ...point,
      spread: [0, 0.1, 0.5, 0.4][k]!,
    }));
    const { alarms } = run(points).details as { alarms: Record<string, number> };
    expect(alarms).toEqual({ stretches: 3, falling: 2, aucOfKl: 1, aucOfDisagreement: 1 });
    expect(
      alarmAuc([
        { value: 1, came: true },
        { value: 1, came: false },
        { value: 2, came: false },
      ]),
    ).toBe(0.25);
    expect(alarmAuc([{ value: 1, came: true }])).toBeNull();
  });
  it('takes no round for evidence that hardly moved, changed its prompts, or has too few points', () => {
    const rows = pathsOf(createRng(1), [FALLING, { ...FALLING, kl: 0.05 }]);
    expect(run(rows)).toMatchObject({ unscored: 1, details: { round: 1 } });
    expect(run(rows.filter(({ round }) => round === 2)).because).toBe('too-little-evidence');
    const torn = rows.map((row) => (row.step === 2 ? { ...row, gold: row.gold.slice(1) } : row));
    expect(run(torn).because).toBe('too-little-evidence');
    expect(run(rows.filter(({ step }) => step < 2)).because).toBe('too-little-evidence');
    expect(run([]).because).toBe('too-little-evidence');
  });
  it('is told by the rounds of a run whose utility is known; one round is a run that never refreshes', async () => {
    const point = (step: number, gold?: readonly number[]) => ({
      step,
      kl: step,
      proxy: [0],
      spread: 0.1,
      ...(gold && { gold }),
    });
    const run = (path: readonly ReturnType<typeof point>[]): RunView => ({
      seed: 1,
      ground: undefined,
      feedback: { items: [], judgments: [], raters: [] },
      snapshots: [],
      paths: [],
      rounds: [{ round: 1, comparisons: [], path }],
    });
    expect(await roundPaths.gather(run([point(0, [1]), point(1, [2])]))).toEqual([
      { round: 1, step: 0, kl: 0, gold: [1], spread: 0.1 },
      { round: 1, step: 1, kl: 1, gold: [2], spread: 0.1 },
    ]);
    expect(await roundPaths.gather(run([point(0), point(1)]))).toBeUndefined();
  });
});
