import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Sampler, TrainableModel } from '../engine/index.ts';
import { createRng, mean, permutationTest } from '../stats/index.ts';
import type { Algorithm, CommonContext, Need, PolicyPrompt, ScoreFunction, Supplies } from './algorithm.ts';
import { createLetters, LETTERS, type Letters } from './letters.fake.ts';

export interface AlgorithmCase {
  /** Settings of a run of some seconds that learns. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings under which equal scores leave nothing to learn: a KL term without weight. */
  readonly withoutKl?: Readonly<Record<string, unknown>>;
  /** Why theory lets a constant in all scores move the policy; an algorithm without a reason must not mind one. */
  readonly levelMatters?: string;
}

const countOfB: ScoreFunction = async (_, replies) =>
  replies.map((reply) => ({ mean: [...reply].filter((letter) => letter === 'b').length }));

/** An algorithm under settings, with everything that it may need. */
function bench<S extends z.ZodObject, N extends Need>(
  algorithm: Algorithm<S, N>,
  settings: AlgorithmCase['settings'],
  letters: Letters,
) {
  const needs: readonly Need[] = algorithm.needs;

  /** A context with everything that an algorithm may need. */
  async function context(seed: number, scores = countOfB) {
    const model = await letters.model(seed);
    const prompts = ['a', 'c', 'e'].map((text): PolicyPrompt => ({ id: text, text }));
    const pairs = prompts.map(({ text }) => ({ prompt: text, chosen: 'bb', rejected: text, weight: 1 }));
    const demonstrations = prompts.flatMap(({ text }) => [
      { prompt: text, reply: 'bb' },
      { prompt: text, reply: 'cd' },
    ]);
    const reference = await model.sampler({ retain: true });
    const critic = needs.includes('critic') ? await letters.critic(seed) : model;
    return {
      model,
      reference,
      codec: LETTERS,
      prompts,
      scores,
      pairs,
      demonstrations,
      critic,
      seed,
      samplerKlLimit: letters.samplerKl,
    };
  }
  type Whole = CommonContext & Supplies;
  async function run(on: Whole, changes: Readonly<Record<string, unknown>> = {}) {
    const records = [];
    const config = algorithm.config.parse({ ...settings, ...changes });
    for await (const record of algorithm.run(on, config)) records.push(record);
    return records;
  }
  /** Log-probabilities of a text: two models that give the same bits are the same model. */
  const printOf = async (model: TrainableModel) => {
    const data = [{ tokens: Int32Array.of(0, 2, 3), targets: Int32Array.of(2, 3, 4) }];
    return [...(await model.forward(data, 'cross_entropy')).logprobs[0]!];
  };
  const worth = async (sampler: Sampler, { prompts }: Whole) => {
    const encoded = prompts.map(({ text }) => LETTERS.encodePrompt(text));
    const groups = await sampler.sample(encoded, { n: 32, maxTokens: 4, stop: LETTERS.stop, seed: 99 });
    const texts = groups.flat().map(({ tokens }) => LETTERS.decodeReply(tokens));
    return mean((await countOfB(prompts[0]!, texts)).map((score) => score.mean));
  };
  return { context, run, printOf, worth };
}

// One engine for all algorithms of a file, which need the same graphs; the last that is through lets it go.
let shared: Letters | undefined;
let users = 0;
function sharedLetters(): Letters {
  users += 1;
  shared ??= createLetters();
  return shared;
}
async function leave(): Promise<void> {
  users -= 1;
  if (users > 0) return;
  await shared?.dispose();
  shared = undefined;
}

/** What every algorithm promises, on a policy of six letters that is to say "b". */
export function describeAlgorithm<S extends z.ZodObject, N extends Need>(
  algorithm: Algorithm<S, N>,
  { settings, withoutKl = {}, levelMatters }: AlgorithmCase,
): void {
  describe(`the algorithm ${algorithm.id}`, () => {
    const letters = sharedLetters();
    afterAll(leave);
    const { context, run, printOf, worth } = bench(algorithm, settings, letters);

    it('is named, cited, explained, and configured by a strict schema in which every key has a default and a meaning', () => {
      expect(algorithm.id).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(algorithm.title.length * algorithm.citation.length).toBeGreaterThan(0);
      for (const words of [algorithm.details.flat(), algorithm.differs.in, [algorithm.objective]].flat())
        expect(words.length).toBeGreaterThan(10);
      const { properties } = z.toJSONSchema(algorithm.config, { io: 'input' }) as { properties: object };
      const unexplained = Object.entries(properties).filter(([, { description }]) => description === undefined);
      expect(unexplained.map(([key]) => key)).toEqual([]);
      expect(algorithm.config.safeParse({}).success).toBe(true);
      expect(algorithm.config.safeParse({ ...settings, noSuchKey: 1 }).success).toBe(false);
    });
    it('improves the policy: what it is told to say becomes likelier over seeds', async () => {
      const [before, after]: [number[], number[]] = [[], []];
      for (let seed = 1; seed <= 5; seed++) {
        const on = await context(seed);
        before.push(await worth(on.reference, on));
        await run(on);
        after.push(await worth(await on.model.sampler(), on));
        await on.model.dispose();
      }
      expect(mean(after)).toBeGreaterThan(mean(before));
      expect(permutationTest(before, after, { uniform: createRng(1).uniform })).toBeLessThan(0.02);
    });
    it('logs every metric that it documents and no other, as finite numbers, step by step', async () => {
      const records = await run(await context(2), { steps: 3 });
      expect(records.map(({ step }) => step)).toEqual([1, 2, 3]);
      for (const { metrics } of records) {
        expect(Object.keys(metrics).sort()).toEqual(Object.keys(algorithm.metrics).sort());
        expect(Object.entries(metrics).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
      }
      for (const explanation of Object.values(algorithm.metrics)) expect(explanation.length).toBeGreaterThan(10);
    });
    it('repeats with its seed, bit for bit, and not with another', async () => {
      const [first, again] = [await context(3), await context(3)];
      expect(await run(first, { steps: 2 })).toEqual(await run(again, { steps: 2 }));
      expect(await printOf(first.model)).toEqual(await printOf(again.model));
      // Of few rows two seeds may draw the same ones.
      let differs = false;
      for (let seed = 4; seed <= 7 && !differs; seed++) {
        const other = { ...(await context(3)), seed };
        await run(other, { steps: 2 });
        differs = String(await printOf(other.model)) !== String(await printOf(first.model));
      }
      expect(differs).toBe(true);
    });
    it('taken up at a step goes on to the same bits', async () => {
      const [whole, parts] = [await context(5), await context(5)];
      const records = await run(whole, { steps: 4 });
      const config = algorithm.config.parse({ ...settings, steps: 4 });
      const begun = [];
      for await (const record of algorithm.run(parts, config)) {
        begun.push(record);
        if (record.step === 2) break;
      }
      const rest = await run({ ...parts, fromStep: 2, previous: begun.at(-1)!.metrics }, { steps: 4 });
      expect([...begun, ...rest]).toEqual(records);
      expect(await printOf(parts.model)).toEqual(await printOf(whole.model));
    });
    it('has taken its step when it reports it', async () => {
      const on = await context(6);
      const before = await printOf(on.model);
      const [record] = await run(on, { steps: 1 });
      expect(record!.metrics.grad_norm).toBeGreaterThan(0);
      expect(await printOf(on.model)).not.toEqual(before);
    });
    it('takes the same step whether its sequences come at once or in parts', async () => {
      const [whole, parts] = [await context(6), await context(6)];
      await run(whole, { steps: 1 });
      await run(parts, { steps: 1, microBatch: 2 });
      const print = await printOf(parts.model);
      for (const [i, lp] of (await printOf(whole.model)).entries()) expect(print[i]).toBeCloseTo(lp, 4);
    });

    if (!(algorithm.needs as readonly Need[]).includes('scores')) return;
    const samples = (algorithm.needs as readonly Need[]).includes('prompts');
    it.skipIf(levelMatters !== undefined)('does not mind a constant added to every score', async () => {
      const [plain, shifted] = [
        await context(3),
        await context(3, async (p, replies) => (await countOfB(p, replies)).map((s) => ({ mean: s.mean + 4 }))),
      ];
      await run(plain, { steps: 2 });
      await run(shifted, { steps: 2 });
      const print = await printOf(shifted.model);
      for (const [i, lp] of (await printOf(plain.model)).entries()) expect(print[i]).toBeCloseTo(lp, 4);
    });
    it('takes no step from equal scores, and none from replies that cannot be scored', async () => {
      for (const value of levelMatters === undefined ? [1, Number.NaN] : [Number.NaN]) {
        const on = await context(4, async (_, replies) => replies.map(() => ({ mean: value })));
        const before = await printOf(on.model);
        await run(on, { steps: 1, ...(samples && { missingEosPenalty: 0 }), ...withoutKl });
        expect(await printOf(on.model)).toEqual(before);
      }
    });
    it.skipIf(!samples)('stops when the sampler is not the model that it trains', async () => {
      const on = await context(7);
      const other = await letters.model(8);
      const lying: TrainableModel = new Proxy(on.model, {
        get(model, key: keyof TrainableModel) {
          const value = key === 'sampler' ? () => other.sampler() : model[key];
          return typeof value === 'function' ? value.bind(model) : value;
        },
      });
      await expect(run({ ...on, model: lying }, { steps: 1 })).rejects.toThrow(
        /sampler and trainer differ by .* nats a token/,
      );
    });
  });
}
