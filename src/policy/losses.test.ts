import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CustomLoss } from '../engine/index.ts';
import { centralDifference, STENCIL_STEP } from '../tensor/gradient-check.fake.ts';
import { PREFERENCE_LOSS_NAMES, type PreferenceLossName, preferenceLoss, valueLoss } from './index.ts';

/** Largest relative error of a custom loss's gradient against central differences in float64. */
function customError(custom: (rows: readonly Float64Array[]) => CustomLoss, rows: readonly Float64Array[]): number {
  const { gradients } = custom(rows);
  let worst = 0;
  for (const [i, row] of rows.entries()) {
    for (let t = 0; t < row.length; t++) {
      const numeric = centralDifference(row, t, () => custom(rows).loss);
      const got = gradients[i]![t]!;
      worst = Math.max(worst, Math.abs(got - numeric) / Math.max(Math.abs(got), Math.abs(numeric), 1e-3));
    }
  }
  return worst;
}

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const rowsOf = (lengths: readonly number[], values: fc.Arbitrary<number>) =>
  fc.tuple(
    ...lengths.map((n) => fc.array(values, { minLength: n, maxLength: n }).map((row) => Float64Array.from(row))),
  );

const pairs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 3 })
  .chain((sizes) => {
    const lengths = sizes.flat();
    return fc.record({
      logprobs: rowsOf(lengths, number(-3, 0)),
      reference: rowsOf(lengths, number(-3, 0)),
      weights: rowsOf(lengths, fc.constantFrom(0, 1, 1)),
      pairWeights: fc.array(number(0.2, 2), { minLength: sizes.length, maxLength: sizes.length }),
      beta: number(0.05, 2),
      labelSmoothing: number(0, 0.4),
    });
  });
type Pairs = typeof pairs extends fc.Arbitrary<infer T> ? T : never;

function lossOf(loss: PreferenceLossName, drawn: Pairs) {
  const data = drawn.weights.map((weights) => ({
    tokens: new Int32Array(weights.length),
    targets: new Int32Array(weights.length),
    weights: Float32Array.from(weights),
  }));
  return preferenceLoss({ loss, data, ...drawn });
}

/** h of every pair: the log-ratio of the chosen reply less that of the rejected one. */
function differences({ logprobs, reference, weights }: Pairs): number[] {
  const ratio = (i: number) => logprobs[i]!.reduce((sum, lp, t) => sum + weights[i]![t]! * (lp - reference[i]![t]!), 0);
  return Array.from({ length: logprobs.length / 2 }, (_, p) => ratio(2 * p) - ratio(2 * p + 1));
}

describe('the DPO family', () => {
  it.each(PREFERENCE_LOSS_NAMES)('%s: gradients agree with central differences', (loss) => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        // The hinge has a kink at βh = 1.
        fc.pre(
          loss !== 'hinge' || differences(drawn).every((h) => Math.abs(h - 1 / drawn.beta) > 3 * 2 * STENCIL_STEP),
        );
        expect(customError(lossOf(loss, drawn), drawn.logprobs)).toBeLessThan(1e-6);
      }),
      { numRuns: 30 },
    );
  });

  it('is log 2 at the reference, whatever β, and orders labels as smoothing says', () => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        const at = (labelSmoothing: number, loss: PreferenceLossName = 'dpo') =>
          lossOf(loss, { ...drawn, labelSmoothing, logprobs: drawn.reference })(drawn.reference).loss;
        const sum = drawn.pairWeights.reduce((a, b) => a + b, 0);
        expect(at(0)).toBeCloseTo(sum * Math.LN2, 9);
        expect(at(0.3)).toBeCloseTo(sum * Math.LN2, 9);
        expect(at(0.3, 'robust')).toBeCloseTo(sum * Math.LN2, 9);
      }),
    );
  });

  it('robust DPO is unbiased: averaged over labels flipped at its rate it is the loss of the true labels', () => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        const swap = <T>(rows: readonly T[]) => rows.map((_, i) => rows[i % 2 === 0 ? i + 1 : i - 1]!);
        const flipped = { ...drawn, weights: swap(drawn.weights), reference: swap(drawn.reference) } as Pairs;
        const e = drawn.labelSmoothing;
        const expected =
          (1 - e) * lossOf('robust', drawn)(drawn.logprobs).loss +
          e * lossOf('robust', flipped)(swap(drawn.logprobs)).loss;
        expect(expected).toBeCloseTo(lossOf('dpo', { ...drawn, labelSmoothing: 0 })(drawn.logprobs).loss, 8);
      }),
    );
  });
});

describe('the value loss', () => {
  const critic = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }).chain((lengths) =>
    fc.record({
      values: rowsOf(lengths, number(-2, 2)),
      returns: rowsOf(lengths, number(-2, 2)),
      oldValues: rowsOf(lengths, number(-2, 2)),
      weights: rowsOf(lengths, fc.constantFrom(0, 1, 0.3)),
      clip: number(0.1, 1),
    }),
  );

  it('agrees with central differences, clipped and not', () => {
    fc.assert(
      fc.property(critic, ({ values, ...options }) => {
        const { clip: _, ...plain } = options;
        expect(customError(valueLoss(plain), values)).toBeLessThan(1e-6);
        // Kinks: where clipping sets in, and where both branches are equally far from the return.
        const smooth = values.every((row, i) =>
          row.every((v, t) => {
            const [old, target] = [options.oldValues[i]![t]!, options.returns[i]![t]!];
            const edge = Math.sign(v - old) * options.clip + old;
            return Math.abs(v - edge) > 0.01 && Math.abs(Math.abs(v - target) - Math.abs(edge - target)) > 0.01;
          }),
        );
        fc.pre(smooth);
        expect(customError(valueLoss(options), values)).toBeLessThan(1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('takes the larger of the two errors, and no gradient from a value that has moved far enough', () => {
    const values = [Float64Array.of(1.5, 1.5, 0.1)];
    const options = { returns: [[2, 1, 0]], oldValues: [[1, 1, 0]], clip: 0.2 };
    const { loss, gradients } = valueLoss(options)(values);
    expect(loss).toBeCloseTo((0.8 ** 2 + 0.5 ** 2 + 0.1 ** 2) / 2, 12);
    expect([...gradients[0]!].map((g) => Math.round(g * 10) / 10)).toEqual([0, 0.5, 0.1]);
  });
});
