import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientError } from '../tensor/gradient-check.fake.ts';
import { evaluate, type NdArray } from '../tensor/index.ts';
import { scalarGradientOutputs, TOKEN_LOSS_NAMES, type TokenLoss, tokenLossOutputs } from './losses.ts';
import { initialParameters, parameterShapes } from './parameters.ts';
import type { TransformerSpec } from './spec.ts';

/** A small transformer of drawn shape with weights that carry gradient everywhere, and a batch of drawn size for it. */
interface Drawn {
  readonly spec: TransformerSpec;
  readonly feeds: Record<string, NdArray>;
}

const sizes = fc.record({
  vocabulary: fc.integer({ min: 3, max: 9 }),
  headSize: fc.constantFrom(2, 4),
  heads: fc.integer({ min: 1, max: 3 }),
  layers: fc.integer({ min: 1, max: 2 }),
  feedForward: fc.integer({ min: 2, max: 7 }),
  batch: fc.integer({ min: 1, max: 3 }),
  time: fc.integer({ min: 1, max: 5 }),
  seed: fc.integer({ min: 1, max: 10_000 }),
});

const drawn: fc.Arbitrary<Drawn> = sizes.map(({ headSize, batch, time, seed, ...rest }) => {
  const spec = { ...rest, width: headSize * rest.heads, maxContext: time + 1, scalarHead: true };
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const array = (shape: readonly number[], value: (i: number) => number): NdArray => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((p, d) => p * d, 1) }, (_, i) => value(i)),
  });
  const perToken = (value: () => number) => array([batch, time], value);
  // Gains vary, and embeddings keep off zero, where the norm bends within less than the step of the differences.
  const moved = (name: string, v: number) =>
    name.endsWith('norm') ? v + 0.2 * (uniform() - 0.5) : name === 'embedding' ? v + 0.2 * Math.sign(v) : v;
  const weights = [...initialParameters(spec, () => 20 * (uniform() - 0.5))].map(([name, values]) => [
    name,
    array(parameterShapes(spec).get(name)!, (i) => moved(name, values[i]!)),
  ]);
  return {
    spec,
    feeds: {
      ...(Object.fromEntries(weights) as Record<string, NdArray>),
      tokens: perToken(() => Math.floor(uniform() * spec.vocabulary)),
      targets: perToken(() => Math.floor(uniform() * spec.vocabulary)),
      positions: array([time], (i) => i),
      weights: perToken(() => (uniform() < 0.2 ? 0 : 3 * (uniform() - 0.5))),
      advantages: perToken(() => (uniform() < 0.2 ? 0 : 3 * (uniform() - 0.5))),
      oldLogprobs: perToken(() => -4 * uniform()),
      clipLow: array([], () => 0.8),
      clipHigh: array([], () => 1.2),
      seeds: perToken(() => 2 * (uniform() - 0.5)),
    },
  };
});

const namesOf = (outputs: object) =>
  Object.keys(outputs)
    .filter((name) => name.startsWith('grad:'))
    .map((name) => name.slice(5));

function analyticOf(outputs: ReturnType<typeof tokenLossOutputs>, feeds: Record<string, NdArray>) {
  const names = namesOf(outputs);
  const values = evaluate(
    names.map((name) => outputs[`grad:${name}`]!),
    feeds,
  );
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** Ratios p/q of a batch, clamped as the losses clamp them. */
function ratios(outputs: ReturnType<typeof tokenLossOutputs>, feeds: Record<string, NdArray>): Float64Array {
  const [logprobs] = evaluate([outputs.logprobs!], feeds);
  return logprobs!.data.map((lp, i) => Math.exp(lp - feeds.oldLogprobs!.data[i]!));
}
const nearClip = (ratio: number) => Math.abs(ratio - 0.8) < 0.02 || Math.abs(ratio - 1.2) < 0.02;

/**
 * The loss whose value each loss's gradient is the gradient of. For cispo that is cross-entropy with the weights
 * clip(p/q)·A of the point of differentiation: its ratio is a constant.
 */
const DIFFERENTIATED: { readonly [L in TokenLoss]: TokenLoss } = {
  cross_entropy: 'cross_entropy',
  importance_sampling: 'importance_sampling',
  ppo: 'ppo',
  cispo: 'cross_entropy',
};

describe('token losses through drawn transformers, against central differences in float64', () => {
  it.each(TOKEN_LOSS_NAMES)('%s', (loss) => {
    fc.assert(
      fc.property(drawn, ({ spec, feeds }) => {
        const outputs = tokenLossOutputs(spec, loss);
        const p = ratios(outputs, feeds);
        fc.pre(loss === 'cross_entropy' || !p.some(nearClip));
        const weights = p.map((r, i) => Math.min(1.2, Math.max(0.8, r)) * feeds.advantages!.data[i]!);
        const frozen = loss === 'cispo' ? { ...feeds, weights: { ...feeds.weights!, data: weights } } : feeds;
        const { loss: differentiated } = tokenLossOutputs(spec, DIFFERENTIATED[loss]);
        const value = () => evaluate([differentiated!], frozen)[0]!.data[0]!;
        expect(gradientError(analyticOf(outputs, feeds), feeds, { value, sample: 4 })).toBeLessThan(1e-6);
      }),
      { numRuns: 6 },
    );
  });

  it('the scalar head, seeded at every position', () => {
    fc.assert(
      fc.property(drawn, ({ spec, feeds }) => {
        const outputs = scalarGradientOutputs(spec);
        const value = () => evaluate([outputs.loss!], feeds)[0]!.data[0]!;
        expect(gradientError(analyticOf(outputs, feeds), feeds, { value, sample: 4 })).toBeLessThan(1e-6);
      }),
      { numRuns: 6 },
    );
  });

  it('a ratio beyond e²⁰ is clamped: finite loss, no gradient', () => {
    fc.assert(
      fc.property(drawn, ({ spec, feeds }) => {
        const outputs = tokenLossOutputs(spec, 'importance_sampling');
        const far = { ...feeds, oldLogprobs: { ...feeds.oldLogprobs!, data: feeds.oldLogprobs!.data.map(() => -90) } };
        for (const { data } of Object.values(analyticOf(outputs, far))) expect(data.every((g) => g === 0)).toBe(true);
        expect(Number.isFinite(evaluate([outputs.loss!], far)[0]!.data[0]!)).toBe(true);
      }),
      { numRuns: 5 },
    );
  });
});
