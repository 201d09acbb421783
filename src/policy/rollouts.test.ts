import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample, Sampler, TrainableModel } from '../engine/index.ts';
import { k1, k2, k3 } from './kl-estimators.ts';
import { LETTERS } from './letters.fake.ts';
import { regularisedReward, sampleGroups } from './rollouts.ts';

/** One choice among four by logits: every expectation is a sum, every gradient a central difference. */
const logSoftmax = (logits: readonly number[]) => {
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  return logits.map((l) => l - total);
};
const slopes = (f: (logits: readonly number[]) => number, logits: readonly number[]) =>
  logits.map((_, k) => {
    const moved = (by: number) => f(logits.map((l, i) => (i === k ? l + by : l)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
/** Mean over choices of what each is worth times the gradient of its log-probability. */
const scoreGradient = (logits: readonly number[], worth: (lp: number, a: number) => number) => {
  const lps = logSoftmax(logits);
  return logits.map((_, k) =>
    lps.reduce((sum, lp, a) => sum + Math.exp(lp) * worth(lp, a) * (Number(a === k) - Math.exp(lps[k]!)), 0),
  );
};
const klOf = (from: readonly number[], to: readonly number[]) =>
  from.reduce((sum, lp, a) => sum + Math.exp(lp) * (lp - to[a]!), 0);
const logits = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
function expectClose(got: readonly number[], truth: readonly number[]) {
  for (const [k, value] of got.entries()) expect(value).toBeCloseTo(truth[k]!, 6);
}

describe('where KL and entropy belong', () => {
  it('in the reward k1 and −lp have the gradients of KL and of entropy, exactly', () => {
    fc.assert(
      fc.property(logits, logits, logits, (policy, reference, scores) => {
        const ref = logSoftmax(reference);
        const weights = { beta: 0.7, entropy: 0.3 };
        const objective = (at: readonly number[]) => {
          const lps = logSoftmax(at);
          const mean = (of: (lp: number, a: number) => number) =>
            lps.reduce((sum, lp, a) => sum + Math.exp(lp) * of(lp, a), 0);
          return mean((_, a) => scores[a]!) - 0.7 * klOf(lps, ref) + 0.3 * mean((lp) => -lp);
        };
        const worth = (lp: number, a: number) => {
          // Log-probabilities of samples have 32 bits; here all must have 64.
          const sample = { logprobs: Float64Array.of(lp) } as unknown as Sample;
          return regularisedReward({ score: scores[a]!, kl: k1(lp - ref[a]!), sample }, weights);
        };
        expectClose(scoreGradient(policy, worth), slopes(objective, policy));
      }),
    );
  });
  it('in the loss k1 has none, k2 that of KL(π‖π_ref), and k3 that of KL(π_ref‖π)', () => {
    fc.assert(
      fc.property(logits, logits, (policy, reference) => {
        const ref = logSoftmax(reference);
        const asLoss = (k: (ratio: number) => number) =>
          scoreGradient(policy, (lp, a) => {
            const ratio = lp - ref[a]!;
            return (k(ratio + 1e-5) - k(ratio - 1e-5)) / 2e-5;
          });
        expectClose(asLoss(k1), [0, 0, 0, 0]);
        expectClose(
          asLoss(k2),
          slopes((at) => klOf(logSoftmax(at), ref), policy),
        );
        expectClose(
          asLoss(k3),
          slopes((at) => klOf(ref, logSoftmax(at)), policy),
        );
      }),
    );
  });
});

it('a reply pays for each token, and for not stopping, whatever its last token is', async () => {
  const sample = (tokens: readonly number[], stopReason: Sample['stopReason']): Sample => ({
    tokens: Int32Array.from(tokens),
    logprobs: new Float32Array(tokens.length).fill(-1),
    stopReason,
  });
  const sampler = {
    sample: async () => [[sample([2, 3, 1], 'stop'), sample([2, 1], 'length')]],
    logprobs: async (sequences: readonly Int32Array[]) => sequences.map((s) => new Float32Array(s.length - 1).fill(-2)),
  } as unknown as Sampler;
  const context = {
    model: { sampler: async () => sampler } as TrainableModel,
    reference: sampler,
    codec: LETTERS,
    prompts: [{ id: 'a', text: 'a' }],
    scores: async () => [{ mean: 5 }, { mean: 5 }],
    seed: 1,
  };
  const settings = { promptsPerStep: 1, samples: 2, maxTokens: 3, missingEosPenalty: 1, lengthPenalty: 0.25 };
  const [group] = await sampleGroups(context, settings, { id: 'x', step: 0 });
  expect(group!.rollouts_G.map(({ score, kl }) => ({ score, kl }))).toEqual([
    { score: 4.25, kl: 3 },
    { score: 3.5, kl: 2 },
  ]);
});
