import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerKind } from '../../feedback/index.ts';
import { createRng, minimise, pearson, type Rng } from '../../stats/index.ts';
import { linearObjective } from '../fit/objective.ts';
import type { Candidate, Observation } from '../observation.ts';
import type { Likelihood, Nuisances } from './likelihood.ts';

export interface LikelihoodCase<K extends AnswerKind> {
  readonly likelihood: Likelihood<K>;
  /** An answer about candidates as a rater gives it who follows the likelihood at these rewards. */
  answer(candidates: readonly Candidate[], rewards: Float64Array, rng: Rng): Observation<K>;
  /** Other answers about the same candidates, whose derivatives must hold as well: ties, margins, parts. */
  variants?(observation: Observation<K>): Observation<K>[];
}

/** A logistic variable and a Gumbel one: noise of ratings and of choices. */
export const logistic = (rng: Rng): number => {
  const u = rng.uniform();
  return Math.log(u / (1 - u));
};
export const gumbel = (rng: Rng): number => -Math.log(-Math.log(rng.uniform()));

/** What a rater prefers most first, by Luce's choices one after the other. */
export const rankedByChoice = (rewards: Float64Array, rng: Rng): number[] => {
  const noisy = Array.from(rewards, (reward) => reward + gumbel(rng));
  return noisy.map((_, i) => i).sort((a, b) => noisy[b]! - noisy[a]!);
};

export const sourceOfTest = (i: number) => ({
  judgmentId: `judgment-${i}`,
  itemId: `item-${i}`,
  raterId: `rater-${i % 3}`,
  strata: {},
});

const named = (k: number): Candidate[] => Array.from({ length: k }, (_, i) => ({ prompt: 'q', reply: `reply ${i}` }));

/** Numbers at which a loss is looked at: rewards, and an offset for each nuisance. */
const place = fc.record({
  seed: fc.nat(),
  k: fc.integer({ min: 2, max: 5 }),
  spread: fc.double({ min: 0, max: 4, noNaN: true }),
});

/** Promises of every likelihood. */
export function likelihoodContract<K extends AnswerKind>({ likelihood, answer, variants }: LikelihoodCase<K>): void {
  const setting = ({ seed, k, spread }: { seed: number; k: number; spread: number }) => {
    const rng = createRng(seed);
    const truth = Float64Array.from({ length: k }, () => spread * rng.normal());
    const observation = answer(named(k), truth, rng);
    const rewards = Float64Array.from(observation.candidates, () => spread * rng.normal());
    const nuisances: Nuisances = new Map(
      likelihood
        .nuisances([observation, ...(variants?.(observation) ?? [])], { position: true })
        .map(({ name, start }) => [name, start + 0.5 * rng.normal()]),
    );
    return { observation, rewards, nuisances };
  };

  describe(`likelihood of ${likelihood.kind}`, () => {
    it('gives the derivatives of its loss by rewards and nuisances', () => {
      fc.assert(
        fc.property(place, (at) => {
          const { observation, rewards, nuisances } = setting(at);
          for (const one of [observation, ...(variants?.(observation) ?? [])]) {
            const lossAt = (r: Float64Array, n: Nuisances) => likelihood.term(r, one, n).loss;
            const { dRewards, dNuisances } = likelihood.term(rewards, one, nuisances);
            const step = 1e-5;
            for (const [i, reward] of rewards.entries()) {
              const moved = (by: number) => lossAt(rewards.with(i, reward + by), nuisances);
              expect(dRewards[i]! - (moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(0, 6);
            }
            const slopes = new Map(dNuisances);
            for (const [name, value] of nuisances) {
              const moved = (by: number) => lossAt(rewards, new Map(nuisances).set(name, value + by));
              expect((slopes.get(name) ?? 0) - (moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(0, 6);
            }
          }
        }),
        { numRuns: 60 },
      );
    });

    it(`${likelihood.shiftInvariant ? 'does not feel' : 'feels'} a constant added to all rewards`, () => {
      let moved = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { observation, rewards, nuisances } = setting({ seed, k: 3, spread: 1 });
        const shifted = rewards.map((reward) => reward + 1.5);
        moved = Math.max(
          moved,
          Math.abs(
            likelihood.term(shifted, observation, nuisances).loss -
              likelihood.term(rewards, observation, nuisances).loss,
          ),
        );
      }
      if (likelihood.shiftInvariant) expect(moved).toBeLessThan(1e-9);
      else expect(moved).toBeGreaterThan(1e-3);
    });

    it('scales with the weight, and stays finite far out', () => {
      for (let seed = 0; seed < 20; seed++) {
        const { observation, rewards, nuisances } = setting({ seed, k: 4, spread: 2 });
        const once = likelihood.term(rewards, observation, nuisances);
        const twice = likelihood.term(rewards, { ...observation, weight: 2 * observation.weight }, nuisances);
        expect(twice.loss).toBeCloseTo(2 * once.loss, 9);
        expect(twice.dRewards[0]).toBeCloseTo(2 * once.dRewards[0]!, 9);
        const far = likelihood.term(
          rewards.map((reward) => 300 * reward),
          observation,
          nuisances,
        );
        for (const number of [far.loss, ...far.dRewards, ...far.dNuisances.map(([, slope]) => slope)])
          expect(Number.isFinite(number)).toBe(true);
      }
    });

    it('finds the rewards that the answers were given by', () => {
      const rng = createRng(likelihood.kind).fork('recovery');
      const items = 8;
      const k = 3;
      const truth = Float64Array.from({ length: items * k }, () => 1.5 * rng.normal());
      const candidates = Array.from({ length: items * k }, (_, c) => ({
        prompt: `q${Math.floor(c / k)}`,
        reply: `r${c}`,
      }));
      const observations = Array.from({ length: 300 * items }, (_, j) => {
        const from = (j % items) * k;
        const observation = answer(candidates.slice(from, from + k), truth.slice(from, from + k), rng);
        return { ...observation, ...sourceOfTest(j) } as Observation;
      });
      const placeOf = new Map(candidates.map(({ reply }, c) => [reply, c]));
      const oneHot = ({ reply }: Candidate) => ({ indices: [placeOf.get(reply)!], values: [1] });
      const { objective, start } = linearObjective(observations, oneHot, {
        size: truth.length,
        ridge: 0.1,
        position: true,
      });
      const fitted = minimise(objective, start, { iterations: 150, tolerance: 1e-7 });
      // What comparisons identify: differences within an item.
      const within = (values: ArrayLike<number>) =>
        candidates.map((_, c) => {
          const from = c - (c % k);
          return values[c]! - (values[from]! + values[from + 1]! + values[from + 2]!) / k;
        });
      const [found, wanted] = [within(fitted), within(truth)];
      expect(pearson(found, wanted)).toBeGreaterThan(0.98);
      const slope = found.reduce((sum, v, c) => sum + v * wanted[c]!, 0) / wanted.reduce((sum, v) => sum + v * v, 0);
      expect(slope).toBeGreaterThan(0.88);
      expect(slope).toBeLessThan(1.12);
    });
  });
}
