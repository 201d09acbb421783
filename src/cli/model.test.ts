import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedEngine, readCheckpoint } from '../engine-embedded/index.ts';
import { initialParameters, mergeAdapters, type TransformerSpec } from '../model/index.ts';
import { readAdapterLora, readPretrained, readPretrainedSpec, writePretrained } from '../model/node.ts';
import { createRng } from '../stats/index.ts';
import { createTokenizer, trainBpe } from '../text/index.ts';
import { createHarbour } from '../world/index.ts';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-model-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const published = join(folder, 'published');
const out = join(folder, 'run');

/** A small model as it would be published: weights, tokenizer, chat template with marks. */
function publish(): void {
  const counter = (state: number) => () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const texts = createHarbour().corpus(200, createRng(1));
  const json = trainBpe(
    texts.flatMap(({ prompt, reply }) => [prompt, reply]),
    420,
  );
  const size = Object.keys((json.model as { vocab: object }).vocab).length;
  const mark = (i: number, content: string) => ({ id: size + i, content, special: true, normalized: false });
  const marks = ['<|im_start|>', '<|im_end|>'].map((content, i) => mark(i, content));
  const spec: TransformerSpec = {
    vocabulary: size + marks.length,
    width: 16,
    layers: 2,
    heads: 4,
    feedForward: 24,
    maxContext: 256,
    architecture: { keyValueHeads: 2, biases: 'qkv', rotaryBase: 1e6 },
  };
  const uniform = counter(7);
  // A deviation for which replies vary, as those of a trained model do.
  writePretrained(published, { spec, weights: initialParameters(spec, () => 8 * (uniform() - 0.5)) });
  const put = (file: string, value: unknown) => writeFileSync(join(published, file), JSON.stringify(value));
  put('tokenizer.json', { ...json, added_tokens: marks });
  put('tokenizer_config.json', {
    eos_token: '<|im_end|>',
    chat_template:
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  });
}

const CONFIG = `
name: published
seed: 3
data: { layout: ground, ground: harbour }
base: { from: ${JSON.stringify(published)}, maxContext: 96, system: Be brief., examples: 60 }
feedback: { pairs: 40, overlap: 2, pool: empty, raters: { noisy: 4 } }
reward: { family: transformer, members: 1, epochs: 1, lora: { rank: 2, alpha: 4 } }
policy:
  steps: 2
  promptsPerStep: 2
  samples: 3
  maxTokens: 16
  evaluateEvery: 2
  learningRate: 1e-2
  schedule: cosine
  warmup: 1
  lora: { rank: 2, alpha: 4, targets: [q_proj, v_proj, down_proj] }
audit: { prompts: 4, samples: 3 }
`;

/** What onnxruntime-web gives for one sequence: [time, …] flattened. */
async function inBrowserRuntime(file: string, tokens: readonly number[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(file)), {
    executionProviders: ['wasm'],
  });
  const integers = (values: readonly number[], dims: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  const output = await session.run({
    tokens: integers(tokens, [1, tokens.length]),
    positions: integers([...tokens.keys()], [tokens.length]),
  });
  const values = Float32Array.from(Object.values(output)[0]!.data as Float32Array);
  await session.release();
  return values;
}

describe('a published model', () => {
  beforeAll(() => {
    publish();
    // The binary of the runtime lies beside its code; one thread needs no shared memory.
    ort.env.wasm.numThreads = 1;
  });

  it('is described', async () => {
    const { code, out: text } = await run('model', 'info', published);
    expect(code).toBe(0);
    for (const line of [/family +qwen2/, /keyValueHeads +2/, /maxContext +256/, /chatTemplate +its own/]) {
      expect(text).toMatch(line);
    }
  });

  it('is the base of a whole run, with adapters in policy and reward', async () => {
    const path = join(folder, 'published.yaml');
    writeFileSync(path, CONFIG);
    const { code, err } = await run('run', path, '--out', out);
    expect({ code, faults: err.split('\n').filter((line) => line.startsWith('goodhart:')) }).toEqual({
      code: 0,
      faults: [],
    });
    const base = JSON.parse(readFileSync(join(out, 'checkpoints/base.json'), 'utf8'));
    expect(base).toMatchObject({ from: published, examples: 0, steps: 0 });
    const weights = readCheckpoint(join(out, 'checkpoints/base')).weights;
    expect(weights).toEqual(readPretrained(published, readPretrainedSpec(published)));
    const policy = readCheckpoint(join(out, 'checkpoints/policy-2'));
    expect(policy.spec.lora).toEqual({ rank: 2, alpha: 4, targets: ['attention.q', 'attention.v', 'mlp.down'] });
    expect(policy.weights.get('layer1.attention.q.loraB')!.some((value) => value !== 0)).toBe(true);
    expect(policy.weights.get('layer1.attention.qkv')).toEqual(weights.get('layer1.attention.qkv'));
    const rates = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ stage }) => stage === 'policy')
      .map(({ metrics }) => metrics.lr);
    expect(rates).toEqual([1e-2, 1e-2]);
    const kept = createTokenizer(JSON.parse(readFileSync(join(out, 'checkpoints/tokenizer.json'), 'utf8')));
    expect(kept.decode(kept.encodePrompt('When?', 60))).toBe('system\nBe brief.\nuser\nWhen?\nassistant\n');
  });

  it('once trained is handed out whole, and read back gives the same weights', async () => {
    const target = join(folder, 'policy');
    expect((await run('model', 'export', out, '--out', target)).code).toBe(0);
    const merged = mergeAdapters(readCheckpoint(join(out, 'checkpoints/policy-2')));
    expect(readPretrained(target, readPretrainedSpec(target))).toEqual(merged.weights);
    expect(readdirSync(target).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect((await run('model', 'info', target)).out).toMatch(/family +qwen2/);
    const again = await run('model', 'export', out, '--out', target);
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/expected an empty or new folder/)]);
  });

  it('hands out its adapter alone, for the model it belongs to', async () => {
    const target = join(folder, 'adapter');
    const asked = await run('model', 'export', out, '--out', target, '--format', 'adapter');
    expect([asked.code, asked.err]).toEqual([2, expect.stringMatching(/expected --base/)]);
    expect((await run('model', 'export', out, '--out', target, '--format', 'adapter', '--base', published)).code).toBe(
      0,
    );
    const lora = readAdapterLora(target, readPretrainedSpec(published));
    expect(lora).toEqual({ rank: 2, alpha: 4, targets: ['attention.q', 'attention.v', 'mlp.down'] });
    const imported = join(folder, 'imported');
    expect(
      (await run('model', 'import', published, '--adapter', target, '--out', imported, '--max-context', '80')).code,
    ).toBe(0);
    const policy = readCheckpoint(join(out, 'checkpoints/policy-2'));
    expect(readCheckpoint(join(imported, 'base')).weights).toEqual(policy.weights);
  });

  it('as ONNX gives in onnxruntime-web what the engine gives: policy and reward model', async () => {
    const reward = join(out, 'reward/model/member-0');
    for (const [place, name] of [
      [out, 'policy-onnx'],
      [reward, 'reward-onnx'],
    ] as const) {
      const written = await run('model', 'export', place, '--out', join(folder, name), '--format', 'onnx');
      expect({ code: written.code, err: written.err }).toEqual({ code: 0, err: '' });
    }
    const tokens = [5, 40, 300, 7, 7, 260, 99];
    const sequence = Int32Array.from(tokens);
    const engine = createEmbeddedEngine({ threads: 1 });
    const { spec } = readCheckpoint(join(out, 'checkpoints/policy-2'));
    const policy = await engine.createModel(spec, { from: join(out, 'checkpoints/policy-2') });
    const [logprobs] = await (await policy.sampler()).logprobs([sequence]);
    const logits = await inBrowserRuntime(join(folder, 'policy-onnx/model.onnx'), tokens);
    for (const [t, want] of logprobs!.entries()) {
      const row = logits.subarray(t * spec.vocabulary, (t + 1) * spec.vocabulary);
      const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
      expect(Math.abs(row[tokens[t + 1]!]! - total - want)).toBeLessThan(1e-4);
    }
    const card = JSON.parse(readFileSync(join(out, 'reward/model/card.json'), 'utf8')).members[0];
    const scorer = await engine.createModel(card.spec, { from: reward });
    const [scalars] = await (await scorer.sampler()).scalars([sequence]);
    const rewards = await inBrowserRuntime(join(folder, 'reward-onnx/model.onnx'), tokens);
    for (const [t, want] of scalars!.entries()) {
      expect(Math.abs(rewards[t]! - (want - card.normaliser.mean) / card.normaliser.scale)).toBeLessThan(1e-3);
    }
    await engine.dispose();
  });

  it('that is none ends with one line', async () => {
    const line = async (...args: string[]) => {
      const { code, err } = await run(...args);
      expect(code).toBe(2);
      return err.trim();
    };
    expect(await line('model', 'info', './absent')).toMatch(/no such folder/);
    expect(await line('model', 'export', folder, '--out', join(folder, 'x'))).toMatch(
      /expected a checkpoint, or a run folder/,
    );
    const fixture = resolve(import.meta.dirname, '../../fixtures/pretrained/gpt2');
    expect(await line('model', 'import', fixture, '--out', join(folder, 'y'), '--max-context', '99')).toMatch(
      /a context of 99 was asked for, but the model has 64/,
    );
  });
});
