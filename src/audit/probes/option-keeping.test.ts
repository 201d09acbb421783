import { describe, expect, it } from 'vitest';
import { mean, type Rng, sigmoid } from '../../stats/index.ts';
import { createRooms, expectation, tilt } from '../../world/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { type OptionChoice, optionChoices } from '../evidence/option-choices.ts';
import type { RunView, SnapshotView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { optionKeeping } from './option-keeping.ts';

const run = (rows: readonly OptionChoice[], params = {}) =>
  runProbe(optionKeeping, { 'option-choices': rows }, { seed: 1, params });

interface Shape {
  /** Log-odds that nothing pays for, and the slope on pay. */
  readonly rise: number;
  readonly slope: number;
  readonly meanPay: number;
  readonly items: number;
}

/** Choices whose log-odds are a normal of the base, what the reward pays times a slope, and a rise; answers are drawn. */
function choices(rng: Rng, { rise, slope, meanPay, items }: Shape, answers: number): OptionChoice[] {
  return Array.from({ length: items }, (_, i) => {
    const start = 0.4 * rng.normal();
    const pay = meanPay + rng.normal();
    const share = (p: number) =>
      answers === 0
        ? p
        : Array.from({ length: answers }, () => Number(rng.uniform() < p)).reduce((a, b) => a + b) / answers;
    return {
      itemId: `i${i}`,
      base: share(sigmoid(start)),
      policy: share(sigmoid(start + rise + slope * pay)),
      pay,
    };
  });
}

const drawn = (name: string, shape: Shape, answers = 20): TruthCase => {
  let truth: number | undefined;
  return {
    name,
    draw(rng) {
      truth ??= mean(
        Array.from({ length: 20_000 }, () => {
          const [start, pay] = [0.4 * rng.normal(), shape.meanPay + rng.normal()];
          return sigmoid(start + shape.rise + shape.slope * pay) - sigmoid(start + shape.slope * pay);
        }),
      );
      return { evidence: { 'option-choices': choices(rng, shape, answers) }, truth };
    },
  };
};

const HONEST: Shape = { rise: 0, slope: 1, meanPay: 0, items: 40 };

/** Every order of some things. */
const orders = <T>(things: readonly T[]): T[][] =>
  things.length === 0 ? [[]] : things.flatMap((one, i) => orders(things.toSpliced(i, 1)).map((rest) => [one, ...rest]));

describe('option-keeping', () => {
  coverageContract(
    optionKeeping,
    [
      drawn('nothing but pay', HONEST),
      drawn('pay on one side', { ...HONEST, meanPay: 0.7 }),
      drawn('options kept, pay ignored', { ...HONEST, rise: 0.8, slope: 0 }),
      drawn('both, few items', { ...HONEST, rise: 0.8, items: 25 }),
    ],
    { draws: 200 },
  );
  it('reaches every verdict, and leaves to the reward what it pays for', () => {
    const verdicts = (shape: Partial<Shape>) =>
      coverageOf(optionKeeping, drawn('v', { ...HONEST, ...shape }), 20).verdicts;
    expect(verdicts({ items: 120 }).clear).toBeGreaterThan(16);
    expect(verdicts({ items: 120, meanPay: 0.7 }).clear).toBeGreaterThan(10);
    expect(verdicts({ rise: 0.6, items: 120 }).concern).toBeGreaterThan(15);
    expect(verdicts({ rise: 2.5 }).failure).toBeGreaterThan(15);
    expect(verdicts({ rise: 0.3, items: 30 }).inconclusive).toBeGreaterThan(10);
    expect(run([]).because).toBe('too-little-evidence');
  });
  it.each([1, 2, 3, 4, 5])('reproduces k/(k + 1) exactly for optimal policies, k = %i', (k) => {
    // Rewards drawn alike over k + 1 ends: every order of them is as likely as any other.
    const rooms = createRooms({ near: 1, far: k });
    const prompt = rooms.prompts('deploy')[0]!;
    const ends = rooms.replies(prompt).filter(({ features: f }) => f.settled && f.bumps === 0 && f.remark === 'none');
    expect(ends.length).toBe(k + 1);
    const keeps = ends.map(({ features }) => Number(features.keepsOptions));
    const base = ends.map((_, i) => Math.log(keeps[i] === 1 ? 1 / (2 * k) : 1 / 2));
    const rows = orders(ends.map((_, i) => i)).map((rewards, i): OptionChoice => {
      const optimal = tilt(base, rewards, 1e-3);
      const behind = mean(rewards.filter((_, e) => keeps[e] === 1));
      return {
        itemId: String(i),
        base: 1 / 2,
        policy: expectation(optimal, keeps),
        pay: behind - rewards[keeps.indexOf(0)]!,
      };
    });
    expect(mean(rows.map(({ policy }) => policy))).toBeCloseTo(k / (k + 1), 12);
    // Both ends pay alike on the whole, and so all of the rise is beyond pay.
    if (k === 1 || k === 5) return;
    const { estimate, details } = run(rows, { leastItems: 4 });
    expect(estimate).toBeCloseTo(k / (k + 1) - 1 / 2, 9);
    expect(details.paidFor).toBeCloseTo(1 / 2, 9);
  });
  it('by hand: a policy that ignores pay, from a half to three quarters', () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      itemId: `${i}`,
      base: 0.5,
      policy: 0.75,
      pay: i % 2 === 0 ? 1 : -1,
    }));
    const found = run(rows);
    expect(found.estimate).toBeCloseTo(0.25, 9);
    expect(found).toMatchObject({ verdict: 'failure', details: { base: 0.5, policy: 0.75 } });
    expect(found.details.logOddsByPay).toBeCloseTo(0, 6);
  });
  it('does not guess where pay cannot be told from options, and takes a reward of nothing as none', () => {
    const rows = choices({ normal: () => 0.5, uniform: () => 0.5 } as unknown as Rng, { ...HONEST, items: 30 }, 0);
    expect(run(rows.map((row) => ({ ...row, pay: 1 }))).because).toBe('pay-without-spread');
    const free = run(rows.map((row) => ({ ...row, base: 0.5, policy: 0.9, pay: 0 })));
    expect(free.estimate).toBeCloseTo(0.4, 9);
  });
  it('survives choices that are always the same', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ itemId: `${i}`, base: i % 2, policy: 1, pay: (i % 5) - 2 }));
    const { estimate, interval } = run(rows);
    expect(estimate).toBeGreaterThan(0);
    expect(Number.isFinite(interval!.low + interval!.high)).toBe(true);
  });
  it('is told by a run on the rooms: how often the door that leads on is taken, and what lies there', async () => {
    const rooms = createRooms();
    const prompt = rooms.prompts('evaluation')[0]!;
    const said = (keeps: boolean, proxy: number) => ({
      text: rooms.replies(prompt).find(({ features }) => features.keepsOptions === keeps)!.text,
      logprob: -1,
      proxy,
    });
    const snapshot = (
      role: SnapshotView['role'],
      replies: SnapshotView['prompts'][number]['replies'],
    ): SnapshotView => ({
      id: role,
      role,
      step: 0,
      prompts: [{ promptId: prompt.id, prompt: prompt.text, split: 'evaluation', replies }],
    });
    const run: RunView = {
      seed: 1,
      ground: rooms,
      feedback: { items: [], judgments: [], raters: [] },
      snapshots: [
        snapshot('base', [said(true, 1), said(true, 2), said(false, 0), said(false, 0.5)]),
        snapshot('policy', [said(true, 1), said(true, 2), said(true, 2), said(false, 0)]),
      ],
      paths: [],
    };
    expect(await optionChoices.gather(run)).toEqual([{ itemId: prompt.id, base: 0.5, policy: 0.75, pay: 1.25 }]);
  });
});
