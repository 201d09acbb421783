import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mean } from '../../stats/index.ts';
import { centralDifference } from '../../tensor/gradient-check.fake.ts';
import { type AlgorithmCase, describeAlgorithm } from '../algorithm.contract.ts';
import type { Need } from '../algorithm.ts';
import { CLIP_FORMS, clippedLoss, tokenAdvantages, tokenWeight } from '../clipped-loss.ts';
import { k3 } from '../kl-estimators.ts';
import { createLetters, LETTERS } from '../letters.fake.ts';
import { learned } from './feedback-pretraining.ts';
import { ALGORITHMS, type AlgorithmId, algorithmSchema, runAlgorithm } from './index.ts';
import { supervised } from './supervised.ts';

const letters = createLetters();
afterAll(() => letters.dispose());

const online = { steps: 12, promptsPerStep: 2, samples: 8, learningRate: 0.02, maxTokens: 4, missingEosPenalty: 0 };
const offline = { steps: 20, batch: 2, learningRate: 0.02 };
const CASES: { readonly [K in AlgorithmId]: AlgorithmCase } = {
  rloo: { settings: { ...online, beta: 0.01, klTarget: 0.5 }, withoutKl: { beta: 0 } },
  grpo: { settings: { ...online, beta: 0.01, klTarget: 0.5 }, withoutKl: { beta: 0 } },
  reinforce: { settings: { ...online, beta: 0.01, klTarget: 0.5 }, withoutKl: { beta: 0 } },
  'reinforce-plus-plus': { settings: { ...online, beta: 0.01, klTarget: 0.5 }, withoutKl: { beta: 0 } },
  ppo: {
    settings: {
      ...online,
      beta: 0.01,
      klTarget: 0.5,
      entropy: 0.01,
      epochs: 2,
      minibatches: 2,
      criticLearningRate: 0.02,
    },
    levelMatters: 'a critic does not know the level of scores before it has learned it',
  },
  raft: { settings: { ...online, steps: 20 } },
  'online-dpo': { settings: { ...online, beta: 0.5 } },
  dpo: { settings: offline },
  simpo: { settings: { ...offline, steps: 40, learningRate: 0.01 } },
  orpo: { settings: { ...offline, steps: 30 } },
  kto: { settings: { ...offline, steps: 30, beta: 0.5 } },
  'feedback-pretraining': { settings: { ...offline, steps: 30, mark: 'f' } },
};
for (const id of Object.keys(CASES) as AlgorithmId[]) describeAlgorithm<z.ZodObject, Need>(ALGORITHMS[id], CASES[id]);
describeAlgorithm(ALGORITHMS.grpo, {
  settings: { ...online, beta: 0.01, updates: 3, loss: 'dapo', ratio: 'sequence', scale: 'batch', clipHigh: 0.28 },
  withoutKl: { beta: 0 },
});
// Learning from samples of a policy some steps ago, by each correction and either ratio.
describeAlgorithm(ALGORITHMS.rloo, {
  settings: { ...online, beta: 0.01, updates: 3, correction: 'truncate', ratioCap: 1.5 },
  withoutKl: { beta: 0 },
});
describeAlgorithm(ALGORITHMS.reinforce, {
  settings: { ...online, beta: 0.01, updates: 2, correction: 'mask', ratioOf: 'sequence' },
  withoutKl: { beta: 0 },
});
describeAlgorithm(ALGORITHMS['reinforce-plus-plus'], {
  settings: { ...online, beta: 0.01, updates: 3, correction: 'mask', ratioCap: 1.5 },
  withoutKl: { beta: 0 },
});
for (const method of ['filtered', 'weighted'])
  describeAlgorithm(ALGORITHMS['feedback-pretraining'], { settings: { ...offline, steps: 30, method, mark: 'f' } });
describeAlgorithm(supervised, { settings: { steps: 30, batch: 2, learningRate: 0.02 } });

describe('the table of algorithms', () => {
  it('goes by ids', () => {
    expect(Object.entries(ALGORITHMS).filter(([id, algorithm]) => id !== algorithm.id)).toEqual([]);
  });
  it('gives one schema, in which a key that the named algorithm does not read is refused', () => {
    const schema = algorithmSchema({ evaluateEvery: z.number().default(20) });
    expect(schema.parse({})).toMatchObject({ algorithm: 'rloo', beta: 0.1, evaluateEvery: 20 });
    expect(schema.parse({ algorithm: 'grpo' })).toMatchObject({ algorithm: 'grpo', beta: 0.04 });
    for (const wrong of [{ clip: 1 }, { algorithm: 'grpo', batch: 3 }, { algorithm: 'none' }, 7])
      expect(schema.safeParse(wrong).success).toBe(false);
  });
  it('says what an algorithm lacks before anything runs', async () => {
    const model = await letters.model(1);
    const context = { model, reference: await model.sampler(), codec: LETTERS, seed: 1 };
    expect(() => runAlgorithm(context, { algorithm: 'rloo' })).toThrow(
      'policy.algorithm rloo needs prompts and scores, and the data bring none; choose another algorithm',
    );
  });
});

describe('GRPO', () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const reply = fc.array(fc.record({ lp: number(-4, 0), ref: number(-4, 0), moved: number(-0.6, 0.6) }), {
    minLength: 1,
    maxLength: 5,
  });
  const rollout = (tokens: readonly { lp: number; ref: number }[]) => ({
    sample: { logprobs: Float64Array.from(tokens, ({ lp }) => lp) as never },
    reference_T: Float64Array.from(tokens, ({ ref }) => ref) as never,
  });

  it('has the gradient of its paper: Eq. 3 and 4 by central differences, at the policy that sampled', () => {
    fc.assert(
      fc.property(reply, number(-2, 2), number(0, 1), number(0.01, 1), (tokens, advantage, beta, weight) => {
        const old = Float64Array.from(tokens, ({ lp }) => lp);
        const reference = Float64Array.from(tokens, ({ ref }) => ref);
        const now = Float64Array.from(old);
        const objective = () =>
          now.reduce((sum, lp, t) => sum + Math.exp(lp - old[t]!) * advantage - beta * k3(lp - reference[t]!), 0) *
          weight;
        for (const [t, got] of tokenAdvantages(rollout(tokens), { advantage, beta, weight }).entries())
          expect(got).toBeCloseTo(centralDifference(now, t, objective), 6);
      }),
    );
  });

  const settings = fc.record({
    beta: number(0, 1),
    loss: fc.constantFrom(...CLIP_FORMS.filter((form) => form !== 'cispo')),
    ratio: fc.constantFrom('token' as const, 'sequence' as const),
    clipLow: number(0.05, 0.5),
    clipHigh: number(0.05, 0.5),
  });

  it('has it at other weights too: every form and ratio, clipped and not', () => {
    let clips = 0;
    fc.assert(
      fc.property(reply, number(-2, 2), number(0.01, 1), settings, (tokens, advantage, weight, own) => {
        const row = { rollout: rollout(tokens), advantage, weight };
        // One token of a prompt before the reply: it has no slope.
        const now = Float64Array.from([-1, ...tokens.map(({ lp, moved }) => lp + moved)]);
        const { slopes, clipped } = clippedLoss(now, row, own);
        // Kinks: where clipping sets in.
        const logRatios = tokens.map(({ moved }) => moved);
        const ratios = (own.ratio === 'token' ? logRatios : [mean(logRatios)]).map(Math.exp);
        fc.pre(ratios.every((rho) => [1 - own.clipLow, 1 + own.clipHigh].every((edge) => Math.abs(rho - edge) > 0.01)));
        clips += clipped;
        for (const [t, slope] of slopes.entries())
          expect(slope).toBeCloseTo(
            centralDifference(now, t, () => clippedLoss(now, row, own).loss),
            5,
          );
      }),
      { numRuns: 300 },
    );
    expect(clips).toBeGreaterThan(0);
  });

  it('CISPO weighs the log-likelihood by a clipped ratio that has no gradient of its own', () => {
    const own = { beta: 0, loss: 'cispo' as const, ratio: 'token' as const, clipLow: 0.2, clipHigh: 0.2 };
    const row = { rollout: rollout([{ lp: -1, ref: -1 }]), advantage: 2, weight: 0.5 };
    const { slopes, clipped } = clippedLoss(Float64Array.of(0), row, own);
    expect([slopes[0], clipped]).toEqual([Math.fround(-0.5 * 1.2 * 2), 1]);
  });

  it('counts tokens by its form: the weights of a batch add up to what a mean adds up to', () => {
    const lengths = [1, 4, 7];
    const all = { replies: 3, tokens: 12, maxTokens: 10 };
    const sums = CLIP_FORMS.map((form) => {
      const weights = lengths.map((length) => length * tokenWeight(form, length, all));
      return [form, weights.reduce((a, b) => a + b, 0)];
    });
    const one = expect.closeTo(1, 9);
    expect(Object.fromEntries(sums)).toEqual({
      ...{ grpo: one, bnpo: one, dapo: one, cispo: one },
      dr_grpo: expect.closeTo(0.4, 9),
    });
  });
});

describe('pretraining with feedback', () => {
  const scale = { threshold: 2, centre: 1, deviation: 2 };
  const batch = [3, 2, 1, Number.NaN].map((score) => ({ text: { prompt: 'p', reply: String(score) }, score }));
  const own = { mark: '(poor) ', temperature: 0.5 };
  const of = (method: 'conditional' | 'filtered' | 'weighted', marks = () => true) =>
    learned(batch, scale, { ...own, method }, marks).map(({ text, weight }) => [text.prompt, text.reply, weight]);

  it('learns bad texts behind a mark, leaves them out, or weighs all by their scores; never those without one', () => {
    expect(of('conditional')).toEqual([...[['p', '3', 1] as const, ['p', '2', 1] as const], ['(poor) p', '1', 1]]);
    expect(of('filtered')).toEqual([
      ['p', '3', 1],
      ['p', '2', 1],
    ]);
    expect(of('weighted')).toEqual([
      ['p', '3', expect.closeTo(Math.exp(2), 9)],
      ['p', '2', expect.closeTo(Math.exp(1), 9)],
      ['p', '1', 1],
    ]);
  });
  it('does not learn a bad text whose prompt is too long for its mark', () => {
    expect(of('conditional', () => false)).toEqual(of('filtered'));
  });
});

describe('supervised learning', () => {
  it('learns replies, not prompts', async () => {
    const demonstrations = ['ab', 'cd', 'ef'].map(([prompt, letter]) => ({
      prompt: prompt!,
      reply: `${letter}${letter}`,
    }));
    const model = await letters.model(1);
    const losses = [];
    const settings = supervised.config.parse({ steps: 60, batch: 3, learningRate: 0.02 });
    for await (const { metrics } of supervised.run({ model, codec: LETTERS, demonstrations, seed: 1 }, settings))
      losses.push(metrics.loss!);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
  });
});
