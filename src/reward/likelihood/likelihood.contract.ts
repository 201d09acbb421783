import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerKind } from '../../feedback/index.ts';
import { createRng } from '../../stats/index.ts';
import type { Candidate } from '../observation.ts';
import type { LikelihoodCase } from './cases.fake.ts';
import type { Nuisances } from './likelihood.ts';
import { recover } from './recovery.fake.ts';

const named = (k: number): Candidate[] => Array.from({ length: k }, (_, i) => ({ prompt: 'q', reply: `reply ${i}` }));

/** Numbers at which a loss is looked at: rewards, and an offset for each nuisance. */
const place = fc.record({
  seed: fc.nat(),
  k: fc.integer({ min: 2, max: 5 }),
  spread: fc.double({ min: 0, max: 4, noNaN: true }),
});

/** Promises of every likelihood. */
export function likelihoodContract<K extends AnswerKind>(own: LikelihoodCase<K>): void {
  const { name: title, likelihood, answer, variants } = own;
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

  describe(`likelihood of ${likelihood.kind}: ${title}`, () => {
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

    it('finds the rewards and the nuisances that the answers were given by', () => {
      const { correlation, slope, nuisances } = recover(own, { n: 1600, seed: likelihood.kind });
      expect(correlation).toBeGreaterThan(0.98);
      expect(slope).toBeGreaterThan(0.88);
      expect(slope).toBeLessThan(1.12);
      expect(Object.keys(nuisances).sort()).toEqual(Object.keys(own.truth ?? {}).sort());
      for (const [name, off] of Object.entries(nuisances)) expect(Math.abs(off), name).toBeLessThan(0.3);
    });
  });
}
