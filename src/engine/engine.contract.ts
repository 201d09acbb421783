import { describe, expect, it } from 'vitest';
import { preferenceLoss } from '../policy/index.ts';
import { comparisonLoss } from '../stats/index.ts';
import { type Datum, type Engine, LOSS_NAMES, type LossName, type ModelSpec, type TrainableModel } from './engine.ts';

const spec: ModelSpec = {
  vocabulary: 11,
  width: 16,
  layers: 2,
  heads: 2,
  feedForward: 24,
  maxContext: 16,
  seed: 5,
};
const ADAM = { learningRate: 1e-2 };

const sequence = (...tokens: number[]) => Int32Array.from(tokens);
const datum = (tokens: number[], extra: Partial<Datum> = {}): Datum => ({
  tokens: Int32Array.from(tokens.slice(0, -1)),
  targets: Int32Array.from(tokens.slice(1)),
  ...extra,
});
const DATA = [datum([1, 2, 3, 4]), datum([5, 6, 7]), datum([1, 3, 5, 7, 9, 2]), datum([8, 1])];
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

function close(got: readonly number[], want: readonly number[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (const [i, value] of got.entries()) expect(Math.abs(value - want[i]!)).toBeLessThan(tolerance);
}

function maxAndMean(got: readonly number[], want: readonly number[]): { max: number; mean: number } {
  expect(got.length).toBe(want.length);
  const gaps = got.map((value, i) => Math.abs(value - want[i]!));
  return { max: Math.max(...gaps), mean: gaps.reduce((a, b) => a + b, 0) / gaps.length };
}

/** Eight sequences of lengths 2 to 15, with the arrays that every loss reads. */
const EIGHT: readonly Datum[] = [9, 2, 15, 4, 4, 7, 12, 3].map((length, row) => {
  const ids = Array.from({ length: length + 1 }, (_, t) => (3 * row + 5 * t + ((row * t) % 7)) % spec.vocabulary);
  const wave = (shift: number) => Float32Array.from({ length }, (_, t) => Math.sin(shift + 1.3 * row + 0.9 * t));
  return datum(ids, {
    weights: wave(0),
    advantages: wave(1),
    logprobs: wave(2).map((v) => v * 0.6 - Math.log(spec.vocabulary)),
  });
});

/**
 * AdamW that moves by −rate·g: without memory, and with an eps that dwarfs every gradient. A negative rate climbs.
 */
const plainStep = (rate: number) => ({ learningRate: rate * 1e6, beta1: 0, beta2: 0, eps: 1e6 });

/** Cases every engine passes, or names among `cannot` with the reason. */
export function engineContract(
  name: string,
  makeEngine: () => Engine,
  options: { cannot?: Readonly<Record<string, string>>; temporaryFolder: () => string },
): void {
  const cases: Record<string, (engine: Engine, model: TrainableModel) => Promise<void>> = {
    'accumulates gradients across calls': async (engine, model) => {
      const other = await engine.createModel(spec);
      await model.forwardBackward(DATA, 'cross_entropy');
      for (const one of DATA) await other.forwardBackward([one], 'cross_entropy');
      const [together, apart] = [await model.optimStep(ADAM), await other.optimStep(ADAM)];
      expect(together.gradNorm).toBeCloseTo(apart.gradNorm, 3);
      close(
        flat((await model.forward(DATA, 'cross_entropy')).logprobs),
        flat((await other.forward(DATA, 'cross_entropy')).logprobs),
        2e-3,
      );
    },
    'does in order what is submitted at once: passes, a step, and what is asked after it': async (engine, model) => {
      const other = await engine.createModel(spec);
      for (const one of DATA) await other.forwardBackward([one], 'cross_entropy');
      const apart = await other.optimStep(ADAM);
      const later = await other.forward(DATA, 'cross_entropy');
      const submitted = DATA.map((one) => model.forwardBackward([one], 'cross_entropy'));
      const [together, after] = await Promise.all([
        model.optimStep(ADAM),
        model.forward(DATA, 'cross_entropy'),
        ...submitted,
      ]);
      expect(together.step).toBe(apart.step);
      expect(together.gradNorm).toBeCloseTo(apart.gradNorm, 5);
      close(flat(after.logprobs), flat(later.logprobs), 1e-4);
    },
    'sampling and training differ by no more than the engine says': async (engine, model) => {
      const sampler = await model.sampler();
      const [samples] = await sampler.sample([Int32Array.of(1, 2)], { n: 16, maxTokens: 6, stop: [], seed: 3 });
      const data = samples!.map(({ tokens }) => {
        const ids = Int32Array.from([1, 2, ...tokens]);
        return { tokens: ids.slice(0, -1), targets: ids.slice(1) };
      });
      const { logprobs } = await model.forward(data, 'cross_entropy');
      const differences = samples!.flatMap((sample, i) =>
        [...sample.logprobs].map((lp, t) => lp - logprobs[i]![t + 1]!),
      );
      const kl = differences.reduce((sum, d) => sum + d ** 2 / 2, 0) / differences.length;
      expect(kl).toBeLessThanOrEqual(engine.capabilities().samplerKl);
    },
    'sums losses, with signed weights': async (_, model) => {
      const weighted = (w: number) => DATA.map((d) => ({ ...d, weights: new Float32Array(d.tokens.length).fill(w) }));
      const one = (await model.forward(weighted(1), 'cross_entropy')).loss;
      expect((await model.forward(weighted(2), 'cross_entropy')).loss).toBeCloseTo(2 * one, 3);
      expect((await model.forward(weighted(-1), 'cross_entropy')).loss).toBeCloseTo(-one, 3);
      expect((await model.forward([...DATA, ...DATA], 'cross_entropy')).loss).toBeCloseTo(2 * one, 3);
    },
    'a weight and its negative cancel': async (_, model) => {
      const w = (v: number) => DATA.map((d) => ({ ...d, weights: new Float32Array(d.tokens.length).fill(v) }));
      await model.forwardBackward(w(1), 'cross_entropy');
      await model.forwardBackward(w(-1), 'cross_entropy');
      expect((await model.optimStep(ADAM)).gradNorm).toBeLessThan(1e-4);
    },
    'log-probabilities agree: sampled, recomputed, forward, alone or in a batch': async (_, model) => {
      const sampler = await model.sampler();
      const prompts = [sequence(1), sequence(2, 3, 4), sequence(5, 6)];
      const samples = await sampler.sample(prompts, { maxTokens: 6, stop: [0], n: 3, seed: 9 });
      const rows = samples.flatMap((group, p) => group.map((s) => ({ prompt: prompts[p]!, ...s })));
      const sequences = rows.map((row) => Int32Array.from([...row.prompt, ...row.tokens]));
      const together = await sampler.logprobs(sequences);
      const alone = await sampler.logprobs([sequences[4]!]);
      close([...alone[0]!], [...together[4]!], 1e-4);
      const { logprobs } = await model.forward(
        sequences.map((s) => datum([...s])),
        'cross_entropy',
      );
      for (const [i, row] of rows.entries()) {
        close([...together[i]!.subarray(row.prompt.length - 1)], [...row.logprobs], 1e-4);
        close([...logprobs[i]!], [...together[i]!], 1e-4);
      }
    },
    'on the first minibatch the ratio is one and approximate KL is zero, for every ratio loss': async (_, model) => {
      const sampler = await model.sampler();
      const prompts = [sequence(1, 2), sequence(3), sequence(4, 5, 6, 7)];
      const groups = await sampler.sample(prompts, { maxTokens: 9, stop: [0], n: 4, seed: 3 });
      const data = groups.flatMap((group, p) =>
        group.map((s, i): Datum => {
          const before = prompts[p]!.length - 1;
          const after = (values: readonly number[]) => Float32Array.from([...new Array(before).fill(0), ...values]);
          const advantages = after([...s.tokens].map(() => i - 1.5));
          return datum([...prompts[p]!, ...s.tokens], {
            logprobs: after([...s.logprobs]),
            advantages,
            weights: advantages,
          });
        }),
      );
      const total = data.reduce((sum, d) => sum + d.advantages!.reduce((a, b) => a + b, 0), 0);
      // At ratio one every ratio loss has the gradient of cross-entropy weighted by the advantages.
      await model.forwardBackward(data, 'cross_entropy');
      const { gradNorm } = await model.optimStep({ learningRate: 0 });
      for (const loss of ['importance_sampling', 'ppo', 'cispo'] as const) {
        const output = await model.forwardBackward(data, loss);
        const logRatios = data.flatMap((d, i) =>
          [...d.advantages!.keys()]
            .filter((t) => d.advantages![t] !== 0)
            .map((t) => output.logprobs[i]![t]! - d.logprobs![t]!),
        );
        for (const r of logRatios) expect(Math.abs(Math.expm1(r))).toBeLessThan(1e-4);
        const approximateKl = logRatios.reduce((sum, r) => sum + r * r, 0) / 2 / logRatios.length;
        expect(approximateKl).toBeLessThan(1e-9);
        if (loss !== 'cispo') expect(Math.abs(output.loss + total)).toBeLessThan(1e-3);
        expect((await model.optimStep({ learningRate: 0 })).gradNorm).toBeCloseTo(gradNorm, 3);
      }
    },
    'a row is the same alone, among rows of other lengths, and in any order': async (_, model) => {
      const rows = Array.from({ length: 40 }, (_, r) => EIGHT[(5 * r) % 8]!);
      const { logprobs: together } = await model.forward(rows, 'cross_entropy');
      const { logprobs: reversed } = await model.forward([...rows].reverse(), 'cross_entropy');
      expect(maxAndMean(flat([...reversed].reverse()), flat(together)).max).toBeLessThan(1e-5);
      for (const r of [0, 7, 22, 39]) {
        const { logprobs } = await model.forward([rows[r]!], 'cross_entropy');
        expect(maxAndMean([...together[r]!], [...logprobs[0]!]).max).toBeLessThan(1e-5);
      }
    },
    'micro-batches do not matter: 1×8, 2×4 and 8×1 learn the same': async (engine) => {
      for (const loss of LOSS_NAMES) {
        const results = [];
        for (const size of [8, 4, 1]) {
          const model = await engine.createModel(spec);
          const norms: number[] = [];
          for (let step = 0; step < 3; step++) {
            for (let at = 0; at < EIGHT.length; at += size)
              await model.forwardBackward(EIGHT.slice(at, at + size), loss);
            norms.push((await model.optimStep({ learningRate: 1e-3, gradClipNorm: 1, eps: 1e-3 })).gradNorm);
          }
          results.push({ norms, logprobs: flat((await model.forward(EIGHT, 'cross_entropy')).logprobs) });
          await model.dispose();
        }
        for (const other of results.slice(1)) {
          const { max, mean } = maxAndMean(other.logprobs, results[0]!.logprobs);
          expect({ loss, near: max < 1e-5 && mean < 2e-6 }).toEqual({ loss, near: true });
          const scale = Math.max(...results[0]!.norms);
          expect(maxAndMean(other.norms, results[0]!.norms).max / scale).toBeLessThan(1e-5);
        }
      }
    },
    'every gradient is the derivative of its loss: along itself it is its own squared norm': async (engine) => {
      const heads = engine.capabilities().scalarHead;
      const model = await engine.createModel({ ...spec, scalarHead: heads });
      const sequences = EIGHT.map((d) => d.tokens);
      const plain = EIGHT.map(({ tokens, targets }) => ({ tokens, targets }));
      const reference = EIGHT.map((d) => d.logprobs!);
      const token = (loss: LossName) => async () => (await model.forwardBackward(EIGHT, loss)).loss;
      const ofHeads: Record<string, () => Promise<number>> = {
        'Bradley–Terry': async () => {
          const { loss } = await model.forwardBackwardScalar(sequences, (scalars) => {
            const terms = [0, 2, 4, 6].map((i) => comparisonLoss(scalars[i]! - scalars[i + 1]!, 1));
            const gradient = Float32Array.from(terms.flatMap(({ slope }) => [slope, -slope]));
            return { loss: terms.reduce((sum, term) => sum + term.loss, 0), gradient };
          });
          return loss;
        },
        value: async () => {
          const { loss } = await model.forwardBackwardValues(sequences, (values) => {
            const gradients = values.map((row, i) => row.map((v, t) => v - EIGHT[i]!.advantages![t]!));
            return { loss: flat(gradients).reduce((sum, e) => sum + e * e, 0) / 2, gradients };
          });
          return loss;
        },
      };
      const losses: Record<string, () => Promise<number>> = {
        cross_entropy: token('cross_entropy'),
        importance_sampling: token('importance_sampling'),
        ppo: token('ppo'),
        DPO: async () => {
          const dpo = preferenceLoss({ loss: 'dpo', beta: 0.3, data: plain, reference });
          return (await model.forwardBackwardCustom(plain, dpo)).loss;
        },
        ...(heads && ofHeads),
      };
      // Away from the start, where hidden states are small and losses nearly linear.
      for (let step = 0; step < 5; step++) {
        await losses.cross_entropy!();
        await model.optimStep(ADAM);
      }
      const folder = `${options.temporaryFolder()}/derivative`;
      await model.saveState(folder);
      for (const [name, run] of Object.entries(losses)) {
        const start = await run();
        const { gradNorm } = await model.optimStep({ learningRate: 0 });
        const rate = (0.003 * Math.max(0.1, Math.abs(start))) / gradNorm ** 2;
        const after: number[] = [];
        for (const signed of [rate, -rate]) {
          await model.loadState(folder);
          await run();
          await model.optimStep(plainStep(signed));
          after.push(await run());
        }
        await model.loadState(folder);
        const derivative = (after[1]! - after[0]!) / (2 * rate);
        const error = Math.abs(derivative / gradNorm ** 2 - 1);
        expect({ name, right: error < 0.01 }).toEqual({ name, right: true });
      }
    },
    'samples repeat with the seed, whatever the batch': async (_, model) => {
      const sampler = await model.sampler();
      const params = { maxTokens: 6, stop: [0], n: 2, seed: 4 };
      const both = await sampler.sample([sequence(1), sequence(2, 3)], params);
      const again = await sampler.sample([sequence(1), sequence(2, 3)], params);
      const first = await sampler.sample([sequence(1)], params);
      expect(again).toEqual(both);
      expect(first[0]!.map((s) => [...s.tokens])).toEqual(both[0]!.map((s) => [...s.tokens]));
      // With a seed of its own, a prompt says what it says alone.
      const own = await sampler.sample([sequence(2, 3), sequence(1)], { ...params, seed: [7, 4] });
      expect(own[1]!.map((s) => [...s.tokens])).toEqual(first[0]!.map((s) => [...s.tokens]));
      const other = await sampler.sample([sequence(1), sequence(2, 3)], { ...params, seed: 5 });
      expect(other.flat().map((s) => [...s.tokens])).not.toEqual(both.flat().map((s) => [...s.tokens]));
    },
    'greedy takes the most likely token, and stops for the reason it says': async (_, model) => {
      const sampler = await model.sampler();
      const greedy = (
        await sampler.sample([sequence(1, 2)], {
          maxTokens: 4,
          temperature: 0,
          stop: [],
          n: 1,
          seed: 1,
        })
      )[0]![0]!;
      expect(greedy.stopReason).toBe('length');
      expect(greedy.tokens.length).toBe(4);
      const candidates = Array.from({ length: spec.vocabulary }, (_, v) => sequence(1, 2, v));
      const scores = (await sampler.logprobs(candidates)).map((row) => row.at(-1)!);
      expect(greedy.tokens[0]).toBe(scores.indexOf(Math.max(...scores)));
      const stopped = (
        await sampler.sample([sequence(1, 2)], {
          maxTokens: 4,
          temperature: 0,
          stop: [greedy.tokens[0]!],
          n: 1,
          seed: 1,
        })
      )[0]![0]!;
      expect([stopped.stopReason, stopped.tokens.length]).toEqual(['stop', 1]);
    },
    'a custom loss has the gradient of the direct one': async (engine, model) => {
      const other = await engine.createModel(spec);
      await model.forwardBackward(DATA, 'cross_entropy');
      const custom = await other.forwardBackwardCustom(DATA, (logprobs) => ({
        loss: -flat(logprobs).reduce((a, b) => a + b, 0),
        gradients: logprobs.map((row) => new Float32Array(row.length).fill(-1)),
      }));
      expect(custom.loss).toBeCloseTo((await model.forward(DATA, 'cross_entropy')).loss, 3);
      expect((await model.optimStep(ADAM)).gradNorm).toBeCloseTo((await other.optimStep(ADAM)).gradNorm, 4);
    },
    'learns a small corpus': async (_, model) => {
      const before = (await model.forward(DATA, 'cross_entropy')).loss;
      for (let step = 0; step < 30; step++) {
        await model.forwardBackward(DATA, 'cross_entropy');
        await model.optimStep(ADAM);
      }
      expect((await model.forward(DATA, 'cross_entropy')).loss).toBeLessThan(before / 3);
    },
    'a scalar head separates two classes': async (engine) => {
      const model = await engine.createModel({ ...spec, scalarHead: true });
      const sequences = [sequence(1, 2, 3), sequence(4, 5), sequence(1, 7), sequence(4, 6, 8)];
      const labels = [1, 0, 1, 0];
      const learn = () =>
        model.forwardBackwardScalar(sequences, (scalars) => {
          const p = scalars.map((s) => 1 / (1 + Math.exp(-s)));
          const loss = p.reduce((sum, v, i) => sum - Math.log(labels[i] === 1 ? v : 1 - v), 0);
          return { loss, gradient: p.map((v, i) => v - labels[i]!) };
        });
      const first = (await learn()).loss;
      for (let step = 0; step < 20; step++) {
        await model.optimStep(ADAM);
        await learn();
      }
      const { loss, scalars } = await learn();
      expect(loss).toBeLessThan(first / 3);
      const snapshot = await (await model.sampler()).scalars(sequences);
      close(
        snapshot.map((row) => row.at(-1)!),
        [...scalars],
        1e-4,
      );
    },
    'hidden states are what the scalar head reads': async (engine) => {
      const model = await engine.createModel({ ...spec, scalarHead: true });
      const sampler = await model.sampler();
      const sequences = EIGHT.map(({ tokens }) => tokens);
      const hidden = await sampler.hidden!(sequences);
      expect(hidden.map((rows) => rows.length)).toEqual(sequences.map((own) => own.length * spec.width));
      close([...(await sampler.hidden!([sequences[3]!]))[0]!], [...hidden[3]!], 1e-5);
      // One linear head gives the scalars at all positions, many more than its weights.
      const rowsOf = (own: Float32Array) =>
        Array.from({ length: own.length / spec.width }, (_, t) => own.slice(t * spec.width, (t + 1) * spec.width));
      const [rows, scalars] = [hidden.flatMap(rowsOf), flat(await sampler.scalars(sequences))];
      const head = new Float64Array(spec.width);
      // Kaczmarz's projections, which find it where it exists.
      for (let sweep = 0; sweep < 60_000; sweep++) {
        const i = sweep % rows.length;
        const row = rows[i]!;
        const off = scalars[i]! - row.reduce((sum, v, k) => sum + v * head[k]!, 0);
        const norm = row.reduce((sum, v) => sum + v * v, 0);
        for (let k = 0; k < head.length; k++) head[k]! += (off / norm) * row[k]!;
      }
      const found = rows.map((row) => row.reduce((sum, v, k) => sum + v * head[k]!, 0));
      close(found, scalars, 0.02);
      expect(Math.max(...scalars) - Math.min(...scalars)).toBeGreaterThan(0.2);
    },
    'a critic learns a value at every position': async (engine) => {
      const model = await engine.createModel({ ...spec, scalarHead: true });
      const sequences = [sequence(1, 2, 3), sequence(4, 5, 6, 7), sequence(8)];
      const returns = [[0.5, -1, 2], [1, 1, -1, 0], [3]];
      const squared = (values: readonly Float32Array[]) => {
        const error = values.map((row, i) => row.map((v, t) => v - returns[i]![t]!));
        return { loss: flat(error).reduce((sum, e) => sum + e * e, 0) / 2, gradients: error };
      };
      const first = await model.forwardBackwardValues(sequences, squared);
      expect(first.values.map((row) => row.length)).toEqual([3, 4, 1]);
      for (let step = 0; step < 40; step++) {
        await model.optimStep(ADAM);
        await model.forwardBackwardValues(sequences, squared);
      }
      const { loss, values } = await model.forwardBackwardValues(sequences, squared);
      expect(loss).toBeLessThan(first.loss / 10);
      // Both heads read one gradient: at the last position alone it is the one of forwardBackwardScalar.
      await model.optimStep({ learningRate: 0 });
      await model.forwardBackwardScalar(sequences, (scalars) => {
        close(
          [...scalars],
          values.map((row) => row.at(-1)!),
          1e-4,
        );
        return { loss: 0, gradient: scalars.map((_, i) => i + 1) };
      });
      const { gradNorm } = await model.optimStep({ learningRate: 0 });
      await model.forwardBackwardValues(sequences, (rows) => ({
        loss: 0,
        gradients: rows.map((row, i) => row.map((_, t) => (t === row.length - 1 ? i + 1 : 0))),
      }));
      expect((await model.optimStep({ learningRate: 0 })).gradNorm).toBeCloseTo(gradNorm, 4);
    },
    'refuses what a custom loss may not return': async (_, model) => {
      const wrong = (loss: number, change: (rows: readonly Float32Array[]) => Float32Array[]) =>
        model.forwardBackwardCustom(DATA, (v) => ({ loss, gradients: change(v) }));
      await expect(wrong(0, (v) => v.slice(1))).rejects.toThrow(
        /gradient rows of lengths \[2, 5, 1\]; expected \[3, 2, 5, 1\]/,
      );
      await expect(wrong(Number.NaN, (v) => [...v])).rejects.toThrow(/loss.*NaN/);
      await expect(wrong(0, (v) => v.map((r) => r.map(() => Infinity)))).rejects.toThrow(
        /custom loss for sequence 0 is Infinity/,
      );
      // Nothing of the refused calls has stayed in the gradient.
      expect((await model.optimStep({ learningRate: 0 })).gradNorm).toBe(0);
    },
    'refuses what a loss of a scalar head may not return': async (engine) => {
      const head = await engine.createModel({ ...spec, scalarHead: true });
      const rows = [sequence(1, 2), sequence(3)];
      await expect(head.forwardBackwardValues(rows, (v) => ({ loss: 0, gradients: v.slice(1) }))).rejects.toThrow(
        /gradient rows of lengths \[1\]; expected \[2, 1\]/,
      );
      await expect(head.forwardBackwardValues(rows, (v) => ({ loss: Number.NaN, gradients: v }))).rejects.toThrow(
        /loss.*NaN/,
      );
      expect((await head.optimStep({ learningRate: 0 })).gradNorm).toBe(0);
    },
    'resumes from a saved state to the same weights': async (engine, model) => {
      const train = async (m: TrainableModel) => {
        await m.forwardBackward(DATA, 'cross_entropy');
        await m.optimStep(ADAM);
      };
      await train(model);
      const folder = `${options.temporaryFolder()}/state`;
      await model.saveState(folder);
      await model.saveState(folder);
      await train(model);
      const other = await engine.createModel({ ...spec, seed: 99 });
      await other.loadState(folder);
      await train(other);
      expect(flat((await other.forward(DATA, 'cross_entropy')).logprobs)).toEqual(
        flat((await model.forward(DATA, 'cross_entropy')).logprobs),
      );
      const scalarHead = engine.capabilities().scalarHead;
      const copy = await engine.createModel({ ...spec, seed: 7, scalarHead }, { from: folder });
      await other.loadState(folder);
      close(
        flat((await copy.forward(DATA, 'cross_entropy')).logprobs),
        flat((await other.forward(DATA, 'cross_entropy')).logprobs),
        1e-5,
      );
    },
    'the same seed gives the same bits: weights, losses, gradients, samples': async (engine) => {
      const once = async () => {
        const model = await engine.createModel(spec);
        const numbers: unknown[] = [];
        for (let step = 0; step < 3; step++) {
          for (const loss of LOSS_NAMES) numbers.push(await model.forwardBackward(EIGHT, loss));
          numbers.push(await model.optimStep({ ...ADAM, gradClipNorm: 1, weightDecay: 0.1 }));
          const sampler = await model.sampler();
          numbers.push(
            await sampler.sample([sequence(1, 2), sequence(3)], { maxTokens: 8, stop: [0], n: 3, seed: step }),
          );
        }
        await model.dispose();
        return numbers;
      };
      expect(await once()).toEqual(await once());
    },
    'a superseded sampler throws, a retained one stays as it was': async (_, model) => {
      const stale = await model.sampler();
      const kept = await model.sampler({ retain: true });
      const before = await kept.logprobs([sequence(1, 2, 3)]);
      await model.forwardBackward(DATA, 'cross_entropy');
      await model.optimStep(ADAM);
      await model.sampler();
      await expect(stale.logprobs([sequence(1, 2)])).rejects.toThrow(/stale|newer/);
      expect(await kept.logprobs([sequence(1, 2, 3)])).toEqual(before);
    },
    'mixes weights with saved ones: at 0 the saved model, at 1 itself, and halves of halves are quarters': async (
      _,
      model,
    ) => {
      const folder = `${options.temporaryFolder()}/mixed`;
      const lp = async () => flat((await model.forward(DATA, 'cross_entropy')).logprobs);
      const saved = await lp();
      await model.saveState(folder);
      await model.forwardBackward(DATA, 'cross_entropy');
      await model.optimStep(ADAM);
      const [trained, away] = [await lp(), `${folder}-away`];
      await model.saveState(away);
      await model.interpolate(folder, 1);
      expect(await lp()).toEqual(trained);
      await model.interpolate(folder, 0.25);
      const quarter = await lp();
      await model.loadState(away);
      await model.interpolate(folder, 0.5);
      expect(await lp()).not.toEqual(quarter);
      await model.interpolate(folder, 0.5);
      close(await lp(), quarter, 1e-5);
      await model.interpolate(folder, 0);
      expect(await lp()).toEqual(saved);
      await expect(model.interpolate(folder, 1.5)).rejects.toThrow(/expected a number from 0 to 1/);
    },
    'refuses what it cannot compute, naming it': async (_, model) => {
      await expect(model.forward(DATA, 'nonsense' as 'ppo')).rejects.toThrow(/unknown loss nonsense/);
      await expect(model.forward([], 'cross_entropy')).rejects.toThrow(/no data/);
      await expect(model.forward([datum([1, 99])], 'cross_entropy')).rejects.toThrow(/token 99/);
      await expect(model.forward(DATA, 'ppo')).rejects.toThrow(/lacks logprobs/);
      const long = datum(Array.from({ length: 20 }, () => 1));
      await expect(model.forward([long], 'cross_entropy')).rejects.toThrow(/19 tokens, but the context holds 16/);
      const bad = datum([1, 2], { weights: Float32Array.of(Number.NaN) });
      await expect(model.forward([bad], 'cross_entropy')).rejects.toThrow(/weights.*NaN/);
    },
    'survives numbers out of range without touching the weights': async (_, model) => {
      const before = (await model.forward(DATA, 'cross_entropy')).loss;
      const huge = DATA.map((d) => ({ ...d, weights: new Float32Array(d.tokens.length).fill(3e38) }));
      await expect(model.forwardBackward(huge, 'cross_entropy')).rejects.toThrow(/loss|grad:/);
      await model.optimStep({ learningRate: 0 });
      expect((await model.forward(DATA, 'cross_entropy')).loss).toBe(before);
    },
  };

  describe(`engine contract: ${name}`, () => {
    const { cannot = {} } = options;
    it('lists among what it cannot do only cases that exist', () => {
      expect(Object.keys(cannot).filter((title) => !(title in cases))).toEqual([]);
    });
    for (const [title, run] of Object.entries(cases)) {
      it.skipIf(title in cannot)(title, async () => {
        const engine = makeEngine();
        try {
          await run(engine, await engine.createModel(spec));
        } finally {
          await engine.dispose();
        }
      });
    }
  });
}
