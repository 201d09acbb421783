import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { centralDifference } from '../../tensor/gradient-check.fake.ts';
import { type AlgorithmCase, describeAlgorithm } from '../algorithm.contract.ts';
import type { Need } from '../algorithm.ts';
import { k3 } from '../kl-estimators.ts';
import { createLetters, LETTERS } from '../letters.fake.ts';
import { tokenAdvantages } from './grpo.ts';
import { ALGORITHMS, type AlgorithmId, algorithmSchema, runAlgorithm } from './index.ts';
import { supervised } from './supervised.ts';

const letters = createLetters();
afterAll(() => letters.dispose());

const online = { steps: 12, promptsPerStep: 2, samples: 8, learningRate: 0.02, maxTokens: 4, missingEosPenalty: 0 };
const offline = { steps: 20, batch: 2, learningRate: 0.02 };
const CASES: { readonly [K in AlgorithmId]: AlgorithmCase } = {
  rloo: { settings: { ...online, beta: 0.01 }, withoutKl: { beta: 0 } },
  grpo: { settings: { ...online, beta: 0.01 }, withoutKl: { beta: 0 } },
  'reinforce-plus-plus': { settings: { ...online, beta: 0.01 }, withoutKl: { beta: 0 } },
  raft: { settings: { ...online, steps: 20 } },
  'online-dpo': { settings: { ...online, beta: 0.5 } },
  dpo: { settings: offline },
  simpo: { settings: { ...offline, steps: 40, learningRate: 0.01 } },
  orpo: { settings: { ...offline, steps: 30 } },
  kto: { settings: { ...offline, steps: 30, beta: 0.5 } },
};
for (const id of Object.keys(CASES) as AlgorithmId[]) describeAlgorithm<z.ZodObject, Need>(ALGORITHMS[id], CASES[id]);
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
  it('has the gradient of its paper: Eq. 3 and 4 by central differences, at the policy that sampled', () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const reply = fc.array(fc.record({ lp: number(-4, 0), ref: number(-4, 0) }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        reply,
        number(-2, 2),
        number(0, 1),
        fc.integer({ min: 2, max: 9 }),
        (tokens, advantage, beta, replies) => {
          const old = Float64Array.from(tokens, ({ lp }) => lp);
          const reference = Float64Array.from(tokens, ({ ref }) => ref);
          const now = Float64Array.from(old);
          const objective = () =>
            now.reduce((sum, lp, t) => sum + Math.exp(lp - old[t]!) * advantage - beta * k3(lp - reference[t]!), 0) /
            (replies * tokens.length);
          const rollout = { sample: { logprobs: old as never }, reference_T: reference as never };
          for (const [t, got] of tokenAdvantages(advantage, rollout, { beta, replies }).entries())
            expect(got).toBeCloseTo(centralDifference(now, t, objective), 6);
        },
      ),
    );
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
