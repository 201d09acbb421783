import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createLetters } from './letters.fake.ts';
import { correctedRatio, importanceLoss, type OffPolicySettings, updatesOn } from './off-policy.ts';
import { updateOn } from './update.ts';

const letters = createLetters();
afterAll(() => letters.dispose());
const settings = (changes: Partial<OffPolicySettings>): OffPolicySettings => ({
  updates: 2,
  correction: 'none',
  ratioCap: 2,
  ratioOf: 'token',
  ...changes,
});

const logSoftmax = (logits: readonly number[]) => {
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  return logits.map((l) => l - total);
};
/** Gradient of the loss in the logits of one choice, over every outcome weighed by the policy that sampled it: exact. */
function expectedGradient(
  sampled: readonly number[],
  learns: readonly number[],
  worth: readonly number[],
  own: OffPolicySettings,
) {
  const [q, p] = [logSoftmax(sampled), logSoftmax(learns)];
  const total = learns.map(() => 0);
  for (const [a, lq] of q.entries()) {
    const row = { logprobs: Float32Array.of(lq), advantages: Float32Array.of(worth[a]!) };
    const { gradients } = importanceLoss([row], [[p[a]!]], own);
    for (const k of total.keys()) {
      const slope = Number(k === a) - Math.exp(p[k]!);
      total[k]! += Math.exp(lq) * gradients[0]![0]! * slope;
    }
  }
  return total;
}

const logits = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });

describe('importance sampling of samples of an older policy', () => {
  it('is the gradient of the policy that learns, exactly and on average, where no ratio is corrected', () => {
    fc.assert(
      fc.property(logits, logits, logits, (sampled, learns, worth) => {
        const p = logSoftmax(learns);
        const ratios = p.map((lp, a) => Math.exp(lp - logSoftmax(sampled)[a]!));
        const average = p.reduce((sum, lp, a) => sum + Math.exp(lp) * worth[a]!, 0);
        const truth = p.map((lp, k) => -Math.exp(lp) * (worth[k]! - average));
        const cap = 1.01 * Math.max(1, ...ratios);
        for (const own of [
          settings({}),
          settings({ correction: 'truncate', ratioCap: cap }),
          settings({ correction: 'mask', ratioCap: cap }),
        ])
          for (const [k, got] of expectedGradient(sampled, learns, worth, own).entries())
            expect(got).toBeCloseTo(truth[k]!, 4);
      }),
    );
  });
  it('cuts to the cap, leaves out, or keeps what is beyond it', () => {
    const by = (correction: OffPolicySettings['correction']) =>
      [0.1, 2, 3].map((ratio) => correctedRatio(ratio, { correction, ratioCap: 2 }));
    expect([by('truncate'), by('mask'), by('none')]).toEqual([
      [0.1, 2, 2],
      [0.1, 2, 0],
      [0.1, 2, 3],
    ]);
  });
  it('takes the ratio of a token or the product over the reply, and learns nothing from tokens without an advantage', () => {
    const row = { logprobs: Float32Array.of(0, -1, -1), advantages: Float32Array.of(0, 1, 1) };
    const now = [9, -1 + Math.log(2), -1 + Math.log(3)];
    const of = (ratioOf: OffPolicySettings['ratioOf'], ratioCap: number) => {
      const { gradients, ratios } = importanceLoss(
        [row],
        [now],
        settings({ ratioOf, ratioCap, correction: 'truncate' }),
      );
      return { gradient: [...gradients[0]!].map((g) => g + 0), ratios };
    };
    const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));
    expect(of('token', 2.5)).toEqual({ gradient: near([0, -2, -2.5]), ratios: near([2, 3]) });
    expect(of('sequence', 5)).toEqual({ gradient: near([0, -5, -5]), ratios: near([6, 6]) });
  });
  it('of one update is the step that it always was, and of several tells how stale the samples were', async () => {
    const data = [
      {
        tokens: Int32Array.of(0, 2, 3),
        targets: Int32Array.of(2, 3, 1),
        logprobs: Float32Array.of(0, -2, -2),
        advantages: Float32Array.of(0, 1, -0.5),
      },
    ];
    const print = async (model: Awaited<ReturnType<typeof letters.model>>) => [
      ...(await model.forward(data, 'cross_entropy')).logprobs[0]!,
    ];
    const options = { loss: 'importance_sampling', adam: { learningRate: 0.05, gradClipNorm: 1 } } as const;
    const [plain, one, many] = [await letters.model(1), await letters.model(1), await letters.model(1)];
    const before = await updateOn(plain, data, options);
    const once = await updatesOn(one, data, { ...options, ...settings({ updates: 1 }) });
    expect(once).toEqual({
      ...before,
      'sampling/importance_sampling_ratio/mean': 1,
      'sampling/beyond_cap': 0,
      'sampling/staleness': 0,
    });
    expect(await print(one)).toEqual(await print(plain));
    const thrice = await updatesOn(many, data, {
      ...options,
      ...settings({ updates: 3, correction: 'mask', ratioCap: 1.01 }),
    });
    expect(thrice['sampling/staleness']).toBe(2);
    expect(thrice['sampling/beyond_cap']).toBeGreaterThan(0);
    expect(await print(many)).not.toEqual(await print(plain));
  });
});
