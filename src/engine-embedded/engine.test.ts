import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { engineContract } from '../engine/engine.contract.ts';
import { createEmbeddedEngine } from './index.ts';
import { pickToken } from './sampling.ts';
import { uniformAt } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-engine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

engineContract('embedded', () => createEmbeddedEngine({ threads: 1 }), { temporaryFolder: () => folder });

const spec = { vocabulary: 5, width: 4, layers: 1, heads: 1, feedForward: 4, maxContext: 8, seed: 1 };

describe('privacy', () => {
  it('leaves nothing in the home folder: ONNX Runtime is told to report to nobody', () => {
    const home = mkdtempSync(join(folder, 'home-'));
    const script = join(folder, 'one-engine.mjs');
    const engine = JSON.stringify(new URL('./index.ts', import.meta.url).href);
    writeFileSync(
      script,
      `import { createEmbeddedEngine } from ${engine};
      const engine = createEmbeddedEngine({ threads: 1 });
      const model = await engine.createModel(${JSON.stringify(spec)});
      await model.forward([{ tokens: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }], 'cross_entropy');
      await engine.dispose();`,
    );
    const { ORT_DISABLE_TELEMETRY: _, CI: __, XDG_CACHE_HOME: ___, ...env } = process.env;
    const run = spawnSync(process.execPath, ['--import', 'tsx', script], {
      env: { ...env, HOME: home },
      encoding: 'utf8',
    });
    expect({ status: run.status, stderr: run.stderr, left: readdirSync(home) }).toEqual({
      status: 0,
      stderr: '',
      left: [],
    });
  });
});

describe('the worker', () => {
  it('computes while the thread that called does nothing but wait', async () => {
    const engine = createEmbeddedEngine({ threads: 1 });
    const model = await engine.createModel(spec);
    const path = join(folder, 'beside');
    const pending = [
      model.forwardBackward([{ tokens: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }], 'cross_entropy'),
      model.optimStep({ learningRate: 0.1 }),
      model.saveState(path),
    ];
    // This thread's event loop does not turn once: whoever writes the checkpoint is another thread.
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 0; i < 10_000 && !existsSync(join(path, 'state.json')); i++) Atomics.wait(clock, 0, 0, 5);
    expect(JSON.parse(readFileSync(join(path, 'state.json'), 'utf8')).step).toBe(1);
    await Promise.all(pending);
    await engine.dispose();
  });
});

describe('a closed engine', () => {
  it('answers what was asked before, refuses what is asked after, and may be closed again', async () => {
    const engine = createEmbeddedEngine({ threads: 1 });
    const model = await engine.createModel(spec);
    const forward = () =>
      model.forward([{ tokens: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }], 'cross_entropy');
    const before = forward();
    await engine.dispose();
    expect((await before).logprobs[0]!.length).toBe(2);
    await expect(forward()).rejects.toThrow(/the engine was closed; create a new one/);
    await engine.dispose();
  });
});

describe('choosing a token', () => {
  const logits = Float32Array.from([0, Math.log(2), Math.log(5), Math.log(2)]);
  const frequencies = (params: Parameters<typeof pickToken>[2]) => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[pickToken(logits, uniformAt(1, i), params).token]!++;
    return counts.map((c) => c / 4000);
  };
  const near = (got: number[], want: number[]) => {
    for (const [i, p] of want.entries()) expect(Math.abs(got[i]! - p)).toBeLessThan(0.03);
  };
  it('follows the softmax at temperature 1, sharpens below, and cuts by k and by mass', () => {
    near(frequencies({}), [0.1, 0.2, 0.5, 0.2]);
    near(frequencies({ temperature: 0.5 }), [1 / 34, 4 / 34, 25 / 34, 4 / 34]);
    near(frequencies({ topK: 1 }), [0, 0, 1, 0]);
    near(frequencies({ topP: 0.6 }), [0, 2 / 7, 5 / 7, 0]);
  });
  it('reports the log-probability of temperature 1 whatever the choice', () => {
    expect(pickToken(logits, 0.5, { temperature: 0 }).logprob).toBeCloseTo(Math.log(0.5), 6);
    expect(pickToken(logits, 0.5, { topK: 1 }).logprob).toBeCloseTo(Math.log(0.5), 6);
  });
});

describe('two threads', () => {
  it('sample as one does, whole groups and parts of them, and twice the same', async () => {
    const wide = { ...spec, vocabulary: 40, maxContext: 24, width: 16, heads: 2 };
    const prompts = Array.from({ length: 5 }, (_, i) => Int32Array.from([1 + i, 2, 3 + i].slice(0, 1 + (i % 3))));
    const params = { maxTokens: 20, n: 7, stop: [0], seed: 6 };
    const draw = async (threads: number) => {
      const engine = createEmbeddedEngine({ threads });
      const model = await engine.createModel(wide);
      const sampler = await model.sampler();
      const groups = await sampler.sample(prompts, params);
      const again = await sampler.sample(prompts, params);
      expect(again).toEqual(groups);
      const rows = groups.flatMap((group, p) => group.map((s) => ({ prompt: prompts[p]!, ...s })));
      const scored = await sampler.logprobs(rows.map((row) => Int32Array.from([...row.prompt, ...row.tokens])));
      for (const [i, row] of rows.entries()) {
        const recomputed = scored[i]!.subarray(row.prompt.length - 1);
        for (const [t, lp] of row.logprobs.entries()) expect(Math.abs(lp - recomputed[t]!)).toBeLessThan(1e-4);
      }
      await sampler.dispose();
      await expect(sampler.sample(prompts, params)).rejects.toThrow(/disposed/);
      await engine.dispose();
      return groups.map((group) => group.map((s) => [...s.tokens]));
    };
    expect(await draw(2)).toEqual(await draw(1));
  });

  it('train to the same bits twice, on batches large enough to be divided among them', async () => {
    const large = { vocabulary: 300, width: 128, layers: 1, heads: 4, feedForward: 128, maxContext: 40, seed: 3 };
    const data = Array.from({ length: 64 }, (_, row) => {
      // Few distinct tokens: many rows of the batch add to one row of the embedding's gradient.
      const ids = Int32Array.from({ length: 40 }, (_, t) => Math.floor(uniformAt(5, row * 40 + t) * 50));
      return { tokens: ids.slice(0, -1), targets: ids.slice(1) };
    });
    const train = async () => {
      const engine = createEmbeddedEngine({ threads: 2 });
      const model = await engine.createModel(large);
      for (let step = 0; step < 3; step++) {
        await model.forwardBackward(data, 'cross_entropy');
        await model.optimStep({ learningRate: 1e-2 });
      }
      const { logprobs } = await model.forward(data, 'cross_entropy');
      await engine.dispose();
      return logprobs;
    };
    const first = await train();
    for (let i = 0; i < 3; i++) expect(await train()).toEqual(first);
  });
});
