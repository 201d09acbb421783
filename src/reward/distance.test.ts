import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../stats/index.ts';
import {
  type ComparedReplies,
  dardCanonical,
  epicCanonical,
  pearsonDistance,
  rewardDistances,
  type TabularProcess,
} from './distance.ts';

const shares = (count: number, rng: Rng) => {
  const raw = Array.from({ length: count }, () => 0.1 + rng.uniform());
  return raw.map((value) => value / raw.reduce((sum, own) => sum + own, 0));
};

function randomProcess(rng: Rng): TabularProcess {
  const [states, actions] = [4, 3];
  return {
    states,
    actions,
    discount: 0.9,
    stateShares: shares(states, rng),
    actionShares: shares(actions, rng),
    transitions: Array.from({ length: states * actions }, () => shares(states, rng)).flat(),
  };
}
const rewardOn = ({ states, actions }: TabularProcess, rng: Rng) =>
  Array.from({ length: states * actions * states }, () => rng.normal());

/** R + γΦ(s′) − Φ(s) (Ng et al. 1999). */
const shaped = (
  { states, actions, discount }: TabularProcess,
  reward: readonly number[],
  potential: readonly number[],
) =>
  reward.map(
    (value, at) => value + discount * potential[at % states]! - potential[Math.floor(at / (actions * states))]!,
  );

describe.each([
  ['EPIC', epicCanonical],
  ['DARD', dardCanonical],
])('%s of a finite process', (_, canonical) => {
  it('makes a reward and its shaping, times a factor, plus a constant, the same', () => {
    const rng = createRng('canonical');
    for (let draw = 0; draw < 20; draw++) {
      const process = randomProcess(rng);
      const reward = rewardOn(process, rng);
      const potential = shares(4, rng).map((value) => 10 * value);
      const same = shaped(process, reward, potential).map((value) => 3 * value + 7);
      expect(pearsonDistance(canonical(process, reward), canonical(process, same))).toBeLessThan(1e-6);
      const opposite = same.map((value) => -value);
      expect(pearsonDistance(canonical(process, reward), canonical(process, opposite))).toBeCloseTo(1, 9);
      const other = rewardOn(process, rng);
      expect(pearsonDistance(canonical(process, reward), canonical(process, other))).toBeGreaterThan(0.3);
    }
  });
});

it('EPIC makes what is canonical no other', () => {
  const rng = createRng('twice');
  const process = randomProcess(rng);
  const once = epicCanonical(process, rewardOn(process, rng));
  expect(pearsonDistance(once, epicCanonical(process, once))).toBeLessThan(1e-6);
});

it('EPIC is what summing over every S, A and S′ gives', () => {
  const rng = createRng('sums');
  const process = randomProcess(rng);
  const { states, actions, discount, stateShares, actionShares } = process;
  const reward = rewardOn(process, rng);
  const R = (s: number, a: number, to: number) => reward[(s * actions + a) * states + to]!;
  const canonical = epicCanonical(process, reward);
  for (const [s, a, to] of [
    [0, 1, 2],
    [3, 2, 3],
    [1, 0, 0],
  ] as const) {
    let expected = R(s, a, to);
    for (let S = 0; S < states; S++)
      for (let A = 0; A < actions; A++)
        for (let next = 0; next < states; next++)
          expected +=
            stateShares[S]! *
            actionShares[A]! *
            stateShares[next]! *
            (discount * R(to, A, next) - R(s, A, next) - discount * R(S, A, next));
    expect(canonical[(s * actions + a) * states + to]).toBeCloseTo(expected, 12);
  }
});

it('the distance of correlations that are known: 0, ½ by a right angle, 1', () => {
  expect(pearsonDistance([1, 2, 3], [2, 4, 6])).toBe(0);
  expect(pearsonDistance([1, 0, -1, 0], [0, 1, 0, -1])).toBeCloseTo(Math.SQRT1_2, 12);
  expect(pearsonDistance([1, 2, 3], [3, 2, 1])).toBeCloseTo(1, 12);
  // Weights count as repetitions do.
  expect(pearsonDistance([1, 2, 5], [2, 1, 4], [2, 1, 1])).toBeCloseTo(pearsonDistance([1, 1, 2, 5], [2, 2, 1, 4]), 12);
  expect(pearsonDistance([1, 1], [1, 2])).toBeNaN();
});

describe('distances between rewards of replies', () => {
  const prompts = (rng: Rng, count: number, b: (a: number, prompt: number) => number): ComparedReplies[] =>
    Array.from({ length: count }, (_, prompt) => {
      const a = Array.from({ length: 6 }, () => rng.normal());
      const elsewhere = Array.from({ length: 8 }, () => rng.normal());
      const own = (value: number) => b(value, prompt);
      return { shares: shares(6, rng), a, b: a.map(own), elsewhere: { a: elsewhere, b: elsewhere.map(own) } };
    });

  it('are nothing where a reward differs by a factor and a number of the prompt', () => {
    const { epic, dard } = rewardDistances(
      prompts(createRng('equal'), 30, (value, prompt) => 2 * value + 5 * Math.sin(prompt)),
      createRng(1),
    );
    for (const { distance, interval } of [epic, dard]) {
      expect(distance).toBeLessThan(1e-6);
      expect(interval.high).toBeLessThan(1e-6);
    }
    expect(epic).toMatchObject({ prompts: 30, replies: 180 });
  });

  it('have intervals that hold the distance of the population', () => {
    const noise = createRng('noise');
    const noisy = (value: number) => value + noise.normal();
    // Independent noise as large as the reward: ρ = 1/√2.
    const truth = Math.sqrt((1 - Math.SQRT1_2) / 2);
    const rng = createRng('covers');
    let covered = 0;
    for (let run = 0; run < 60; run++) {
      const { dard } = rewardDistances(prompts(rng, 40, noisy), rng.fork(`${run}`));
      covered += Number(dard.interval.low <= truth && truth <= dard.interval.high);
    }
    expect(covered).toBeGreaterThan(50);
  });

  it('are those of the process that ends with the reply', () => {
    // Two prompts and an end; two replies, the same ones for both prompts, so that EPIC and DARD ask the same.
    const rng = createRng('process');
    const process: TabularProcess = {
      states: 3,
      actions: 2,
      discount: 0.9,
      stateShares: [0.5, 0.5, 0],
      actionShares: [0.3, 0.7],
      transitions: Array.from({ length: 6 }, () => [0, 0, 1]).flat(),
    };
    const table = () => Array.from({ length: 4 }, () => rng.normal());
    const [one, two] = [table(), table()];
    const tabular = (values: readonly number[]) =>
      Array.from({ length: 18 }, (_, at) => (Math.floor(at / 6) === 2 ? 0 : values[Math.floor(at / 3)]!));
    const ending = (values: readonly number[]) =>
      [0, 1, 2, 3].map((k) => dardCanonical(process, tabular(values))[3 * k + 2]!);
    const weights = [0.3, 0.7, 0.3, 0.7];
    const given = [0, 2].map((k): ComparedReplies => {
      const [a, b] = [one.slice(k, k + 2), two.slice(k, k + 2)];
      return { shares: [0.3, 0.7], a, b, elsewhere: { a, b } };
    });
    const { dard } = rewardDistances(given, createRng(1));
    expect(dard.distance).toBeCloseTo(pearsonDistance(ending(one), ending(two), weights), 12);
  });
});
