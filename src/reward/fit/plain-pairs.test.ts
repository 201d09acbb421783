import { describe, expect, it } from 'vitest';
import { createRng } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import { linearObjective, termOf } from './objective.ts';

const rng = createRng('plain-pairs');
const texts = Array.from({ length: 6 }, (_, i) => ({ prompt: 'q', reply: `reply ${i}` }));
const worth = new Map(texts.map(({ reply }) => [reply, Array.from({ length: 3 }, () => rng.normal())]));

/** Comparisons of every sort, of raters who are known and of others. */
const observations = Array.from({ length: 60 }, (_, i): Observation => {
  const candidates = rng.shuffle(texts).slice(0, i % 7 === 0 ? 3 : 2);
  return {
    kind: 'comparison',
    candidates,
    answer: { kind: 'comparison', outcome: i % 2, ...(i % 5 === 0 && { strength: 2 }) },
    shown: i % 3 === 0 ? candidates.map(() => null) : candidates.map((_, k) => (k + i) % candidates.length),
    ...(i % 10 === 0 && { strength: 'margin' as const }),
    weight: 1 + (i % 3),
    judgmentId: `${i}`,
    itemId: `${i}`,
    raterId: `${i % 4}`,
    strata: {},
    ...(i % 4 > 1 && {
      hearing: { rationality: 0.3 * (i % 4), bonus: candidates.map(() => rng.normal()), lapse: i % 4 === 2 ? 0.2 : 0 },
    }),
  };
});

describe('comparisons in columns', () => {
  it('are to the bit what their terms add up to', () => {
    const featuresOf = ({ reply }: { readonly reply: string }) => ({ indices: [0, 1, 2], values: worth.get(reply)! });
    const { objective, nuisances, start } = linearObjective(observations, featuresOf, {
      size: 3,
      ridge: 0,
      position: true,
    });
    expect(nuisances.map(({ name }) => name)).toEqual(['position']);
    const x = start.map(() => rng.normal());
    const gradient = new Float64Array(4);
    const value = objective(x, gradient);
    const total = observations.reduce((sum, { weight }) => sum + weight, 0);
    const rewardOf = (reply: string) => worth.get(reply)!.reduce((sum, own, k) => sum + x[k]! * own, 0);
    let [loss, position] = [0, 0];
    for (const own of observations) {
      const rewards = Float64Array.from(own.candidates, ({ reply }) => rewardOf(reply));
      const term = termOf(own, rewards, new Map([['position', x[3]!]]));
      loss += term.loss;
      for (const [, slope] of term.dNuisances) position += slope;
    }
    expect(value).toBe(loss / total);
    expect(gradient[3]).toBe(position / total);
    const step = 1e-6;
    for (let k = 0; k < 4; k++) {
      const at = (by: number) => objective(x.with(k, x[k]! + by), new Float64Array(4));
      expect(gradient[k]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 6);
    }
  });
});
