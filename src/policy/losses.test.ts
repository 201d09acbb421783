import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CustomLoss } from '../engine/index.ts';
import { mean } from '../stats/index.ts';
import { centralDifference, STENCIL_STEP } from '../tensor/gradient-check.fake.ts';
import { prospectLoss } from './algorithms/kto.ts';
import { extremesOf } from './algorithms/online-dpo.ts';
import { oddsRatioLoss } from './algorithms/orpo.ts';
import { bestOfGroup } from './algorithms/raft.ts';
import { whitenedAdvantages } from './algorithms/reinforce-plus-plus.ts';
import { PREFERENCE_LOSS_NAMES, type PreferenceLossName, preferenceLoss, type ReplyLoss, valueLoss } from './index.ts';

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
      margin: number(0, 1),
      measure: fc.constantFrom('sum' as const, 'mean' as const),
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

/** h of every pair: the log-ratio of the chosen reply less that of the rejected one, and less what it must lead by. */
function differences({ logprobs, reference, weights, measure, margin, beta }: Pairs): number[] {
  const ratio = (i: number) => {
    const sum = logprobs[i]!.reduce((all, lp, t) => all + weights[i]![t]! * (lp - reference[i]![t]!), 0);
    const tokens = weights[i]!.reduce((all, weight) => all + weight, 0);
    return measure === 'sum' ? sum : sum / Math.max(1, tokens);
  };
  return Array.from({ length: logprobs.length / 2 }, (_, p) => ratio(2 * p) - ratio(2 * p + 1) - margin / beta);
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
          lossOf(loss, { ...drawn, labelSmoothing, margin: 0, logprobs: drawn.reference })(drawn.reference).loss;
        const sum = drawn.pairWeights.reduce((a, b) => a + b, 0);
        expect(at(0)).toBeCloseTo(sum * Math.LN2, 9);
        expect(at(0.3)).toBeCloseTo(sum * Math.LN2, 9);
        expect(at(0.3, 'robust')).toBeCloseTo(sum * Math.LN2, 9);
      }),
    );
  });

  it('robust DPO is unbiased: averaged over labels flipped at its rate it is the loss of the true labels', () => {
    fc.assert(
      fc.property(pairs, (any) => {
        const drawn = { ...any, margin: 0 };
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

describe('losses of single replies', () => {
  /** Largest error of slopes against central differences, relative where they are large. */
  function slopeError(of: (values: Float64Array) => ReplyLoss, values: Float64Array): number {
    const { slopes } = of(values);
    const errors = Array.from(values, (_, row) => {
      const numeric = centralDifference(values, row, () => of(values).loss);
      return Math.abs(slopes[row]! - numeric) / Math.max(Math.abs(numeric), 1e-3);
    });
    return Math.max(...errors);
  }
  const weights = fc.array(number(0.1, 1), { minLength: 1, maxLength: 3 });

  it('ORPO and KTO: slopes agree with central differences', () => {
    fc.assert(
      fc.property(
        weights,
        fc.array(number(-4, -0.05), { minLength: 6, maxLength: 6 }),
        number(0.05, 2),
        (w, lps, beta) => {
          const values = Float64Array.from(lps.slice(0, 2 * w.length));
          expect(slopeError((v) => oddsRatioLoss(v, { beta, weights: w }), values)).toBeLessThan(1e-6);
          const options = { beta, desirable: 1.3, undesirable: 0.7, zero: 0.4, weights: w };
          expect(slopeError((v) => prospectLoss(v, options), values)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it('ORPO is the likelihood of the chosen reply and log 2 times λ where both are as likely', () => {
    const { loss } = oddsRatioLoss(Float64Array.of(-0.7, -0.7), { beta: 0.3, weights: [1] });
    expect(loss).toBeCloseTo(0.7 + 0.3 * Math.LN2, 12);
    expect(oddsRatioLoss(Float64Array.of(0, -1), { beta: 0.3, weights: [1] }).loss).toBeGreaterThanOrEqual(0);
  });

  it('KTO is half its weights where no reply has moved, and falls with what is wanted', () => {
    const options = { beta: 0.5, desirable: 2, undesirable: 1, zero: 0, weights: [1] };
    expect(prospectLoss(Float64Array.of(0, 0), options).loss).toBeCloseTo((2 + 1) / 4, 12);
    expect(prospectLoss(Float64Array.of(3, -3), options).loss).toBeLessThan(0.75);
    expect(prospectLoss(Float64Array.of(-3, 3), options).loss).toBeGreaterThan(0.75);
  });
});

describe('what is learned from a group of samples', () => {
  const scores = fc.array(fc.oneof(number(-3, 3), fc.constantFrom(Number.NaN, 1)), { minLength: 2, maxLength: 6 });
  const group = (values: readonly number[]) => ({
    rollouts_G: values.map((score) => ({
      score,
      sample: { tokens: Int32Array.of(1, 2), logprobs: Float32Array.of(-1, -0.5), stopReason: 'stop' as const },
      reference_T: Float32Array.of(-1.5, -0.25),
      kl: 0.25,
      spread: 0,
    })),
  });
  const finite = (values: readonly number[]) => values.filter(Number.isFinite);

  it('RAFT keeps the best, never all, and nothing where all are alike', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 8 }), (values, keep) => {
        const kept = bestOfGroup(group(values), keep).map(({ score }) => score);
        const known = finite(values);
        if (new Set(known).size < 2) expect(kept).toEqual([]);
        else {
          expect(kept.length).toBe(Math.min(keep, known.length - 1));
          expect(kept).toEqual([...known].sort((a, b) => b - a).slice(0, kept.length));
        }
      }),
    );
  });

  it('on-line DPO takes the best and the worst that could be scored', () => {
    fc.assert(
      fc.property(scores, (values) => {
        const known = finite(values);
        const pair = extremesOf(group(values))?.map(({ score }) => score) ?? null;
        expect(pair).toEqual(new Set(known).size < 2 ? null : [Math.max(...known), Math.min(...known)]);
      }),
    );
  });

  it('REINFORCE++ whitens over the tokens of the batch, and a token answers for the KL that follows it', () => {
    const steps = fc.array(fc.constantFrom(-2, 0, 1, Number.NaN), { minLength: 2, maxLength: 6 });
    const plain = { beta: 0, baseline: 'batch' as const, entropy: 0 };
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 3 }), fc.constantFrom(0, 0.1, 1), (all, beta) => {
        const advantages = whitenedAdvantages(all.map(group), { beta, baseline: 'batch', entropy: 0 }).flat();
        expect(advantages.map((own) => own === null)).toEqual(all.flat().map((score) => !Number.isFinite(score)));
        const values = advantages.flatMap((own) => [...(own ?? [])]);
        if (values.every((value) => value === 0)) return;
        expect(mean(values)).toBeCloseTo(0, 6);
        expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 4);
      }),
    );
    expect(whitenedAdvantages([group([1, 1]), group([1, Number.NaN])], plain).flat()).toEqual([
      ...[1, 2, 3].map(() => Float64Array.of(0, 0)),
      null,
    ]);
    // Prompts that are worth more by themselves do not count with a baseline of their own.
    const [easy] = whitenedAdvantages([group([5, 5]), group([0, 1])], { beta: 0, baseline: 'group', entropy: 0 });
    expect(easy!.flatMap((own) => [...own!])).toEqual([0, 0, 0, 0]);
    // KL so far is no later token's doing: the first token has cost .25 nats in all, the second −.25.
    const [[own]] = whitenedAdvantages([group([0])], { beta: 1, baseline: 'batch', entropy: 0 }) as [[Float64Array]];
    expect(own[1]! - own[0]!).toBeGreaterThan(0);
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
