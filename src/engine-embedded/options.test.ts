import { describe, expect, it } from 'vitest';
import { createEmbeddedEngine, type EngineOptions } from './index.ts';

const spec = { vocabulary: 50, width: 16, layers: 2, heads: 2, feedForward: 24, maxContext: 32, seed: 5 };
const DATA = Array.from({ length: 9 }, (_, i) => {
  const ids = Int32Array.from({ length: 6 + 2 * i }, (_, t) => (7 * i + 11 * t) % 50);
  return { tokens: ids.slice(0, -1), targets: ids.slice(1) };
});

async function trained(options: EngineOptions) {
  const engine = createEmbeddedEngine({ threads: 1, ...options });
  const model = await engine.createModel(spec);
  const { loss } = await model.forwardBackward(DATA, 'cross_entropy');
  const { gradNorm } = await model.optimStep({ learningRate: 1e-2 });
  const { logprobs } = await model.forward(DATA, 'cross_entropy');
  const { deterministic } = engine.capabilities();
  await engine.dispose();
  return { loss, gradNorm, logprobs: logprobs.flatMap((row) => [...row]), deterministic };
}

describe('options of the embedded engine', () => {
  it('a bound on the tokens of a pass divides batches and changes no result beyond rounding', async () => {
    const [whole, divided] = [await trained({}), await trained({ tokensPerPass: 40 })];
    expect(Math.abs(divided.loss / whole.loss - 1)).toBeLessThan(1e-6);
    expect(Math.abs(divided.gradNorm / whole.gradNorm - 1)).toBeLessThan(1e-5);
    for (const [i, value] of divided.logprobs.entries())
      expect(Math.abs(value - whole.logprobs[i]!)).toBeLessThan(1e-4);
  });

  it('webgpu computes the same, on a device or, after one clear line, without', async () => {
    const lines: string[] = [];
    const [cpu, gpu] = [
      await trained({}),
      await trained({ providers: ['webgpu', 'cpu'], warn: (line) => lines.push(line) }),
    ];
    expect([cpu.deterministic, gpu.deterministic]).toEqual([true, false]);
    expect(Math.abs(gpu.loss / cpu.loss - 1)).toBeLessThan(1e-3);
    for (const [i, value] of gpu.logprobs.entries()) expect(Math.abs(value - cpu.logprobs[i]!)).toBeLessThan(1e-2);
    expect(lines.length).toBeLessThanOrEqual(1);
    for (const line of lines) expect(line).toMatch(/^webgpu: no device can be used \([^\n]+\); computing on the CPU$/);
  });

  it('are refused by name where they cannot be', () => {
    expect(() => createEmbeddedEngine({ providers: [] })).toThrow(/providers: got none; expected some of cpu, webgpu/);
    expect(() => createEmbeddedEngine({ providers: ['cuda' as 'cpu'] })).toThrow(/providers: got cuda/);
    expect(() => createEmbeddedEngine({ tokensPerPass: 0 })).toThrow(/tokensPerPass 0: expected a positive whole/);
  });
});
