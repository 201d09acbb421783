import { describe, expect, it } from 'vitest';
import { findingsOf, type Measured, requireConformance } from './conformance.ts';
import { Meter } from './meter.ts';
import { chunksOf, lossOf, wireConfig, wireDatum } from './passes.ts';
import { alignedLogprobs } from './sampler.ts';

/** A server that does as the protocol says. */
const SOUND: Measured = {
  wire: 'protobuf',
  norms: { one: 9.16, two: 18.32, minus: 9.16, doubled: 18.32, twice: 18.32, mixed: 4.1 },
  losses: ['cross_entropy', 'importance_sampling', 'ppo', 'cispo'],
  promptLogprobsOffset: 1,
  temperedGap: 1e-6,
  samplerKl: 1e-9,
  seeds: true,
};
const verdicts = (measured: Measured) =>
  Object.fromEntries(findingsOf(measured).map(({ name, verdict }) => [name, verdict]));
const others = (measured: Measured, than = 'honoured') =>
  Object.fromEntries(Object.entries(verdicts(measured)).filter(([, verdict]) => verdict !== than));

describe('what a server was found to do', () => {
  it('is honoured where it is what the protocol says, up to the rounding of bfloat16', () => {
    expect(others(SOUND)).toEqual({});
    expect(others({ ...SOUND, norms: { ...SOUND.norms, two: 18.0, minus: 9.3 } })).toEqual({});
    expect(() => requireConformance('http://x', findingsOf(SOUND))).not.toThrow();
  });

  it('is refused by name where the gradient is another: the numbers of a server that divides by its weights', () => {
    const norms = { one: 9.16, two: 9.16, minus: 2.7e10, doubled: 9.16, twice: 9.16, mixed: 2e10 };
    const findings = findingsOf({ ...SOUND, norms, promptLogprobsOffset: 0, losses: ['cross_entropy'] });
    expect(others({ ...SOUND, norms, promptLogprobsOffset: 0 })).toEqual({
      'weights scale the loss': 'refused',
      'negative weights': 'refused',
      'weights of both signs': 'refused',
      'losses sum over data': 'refused',
      'gradients add up over requests': 'refused',
      'place of prompt log-probabilities': 'corrected',
    });
    expect(() => requireConformance('http://x', findings)).toThrow(
      /^http:\/\/x: this server does not honour: weights scale the loss \(norm 9\.160 for weights 2, 9\.160 without\); .*; train on another one$/,
    );
    expect(findings.find(({ name }) => name === 'losses')?.remedy).toBe(
      'importance_sampling, ppo, cispo are refused when asked for',
    );
  });

  it('is not taken on trust where the server tells no norm', () => {
    const norms = { one: Number.NaN, two: Number.NaN, minus: 1, doubled: 1, twice: 1, mixed: Number.NaN };
    expect(Object.values(others({ ...SOUND, norms }))).toEqual(new Array(5).fill('unknown'));
    expect(() => requireConformance('u', findingsOf({ ...SOUND, norms }))).toThrow(/the server tells no norm/);
  });

  it('is corrected where that can be: tempered log-probabilities, seeds; a sampler that is another model is refused', () => {
    expect(others({ ...SOUND, temperedGap: 0.4, seeds: false })).toEqual({
      'log-probabilities of temperature 1': 'corrected',
      seeds: 'corrected',
    });
    expect(() => requireConformance('u', findingsOf({ ...SOUND, samplerKl: 0.3 }))).toThrow(
      /sampler and trainer agree/,
    );
  });
});

describe('prompt log-probabilities', () => {
  it('are those of the second token on, whether the first has an empty entry or none', () => {
    expect([...alignedLogprobs(Float32Array.of(Number.NaN, -1, -2), 3, 'u')]).toEqual([-1, -2]);
    expect([...alignedLogprobs(Float32Array.of(-1, -2), 3, 'u')]).toEqual([-1, -2]);
    expect(() => alignedLogprobs(Float32Array.of(-1), 3, 'u')).toThrow(/1 log-probabilities of a prompt of 3 tokens/);
  });
});

describe('the budget', () => {
  it('refuses the call that would go beyond it before it is sent, and counts what came back unused', () => {
    const meter = new Meter(100);
    meter.take('trained', 60);
    meter.take('sampled', 40);
    expect(() => meter.take('read', 1)).toThrow(
      /the budget of 100 tokens is used up: 100 were spent and the next call takes 1/,
    );
    meter.giveBack('sampled', 30);
    meter.take('read', 20);
    expect(meter.spent).toEqual({ trained: 60, sampled: 10, read: 20 });
  });
});

describe('a pass', () => {
  const datum = (length: number) => ({
    tokens: new Int32Array(length).fill(1),
    targets: new Int32Array(length).fill(2),
    logprobs: new Float32Array(length).fill(-1),
    advantages: new Float32Array(length).fill(1),
  });
  it('is divided by data and by bytes, each datum once and in order, one that is too large alone', () => {
    const data = [3, 5, 400, 2, 2, 2].map((length) => wireDatum(datum(length), 'ppo'));
    const chunks = chunksOf(data, { data: 2, bytes: 500 });
    expect(chunks.map((chunk) => chunk.map(({ tokens }) => tokens.length))).toEqual([[3, 5], [400], [2, 2], [2]]);
    expect(chunks.flat()).toEqual(data);
  });
  it('says its clips always, and of a datum only what its loss reads', () => {
    expect([...wireConfig('ppo', { clipHigh: 1.3 })]).toEqual([
      ['clip_low_threshold', 0.8],
      ['clip_high_threshold', 1.3],
    ]);
    expect([...wireConfig('cross_entropy', {})]).toEqual([]);
    expect([...wireDatum(datum(2), 'cross_entropy').inputs.keys()]).toEqual(['target_tokens', 'weights']);
    expect([...wireDatum(datum(2), 'cispo').inputs.keys()]).toEqual(['target_tokens', 'logprobs', 'advantages']);
  });
  it('has the loss that its formula gives', () => {
    const one = { ...datum(1), logprobs: Float32Array.of(-1), advantages: Float32Array.of(2) };
    const lp = [Float32Array.of(-0.5)];
    const ratio = Math.exp(0.5);
    expect(lossOf([one], lp, 'importance_sampling', {})).toBeCloseTo(-2 * ratio, 6);
    expect(lossOf([one], lp, 'ppo', {})).toBeCloseTo(-2 * 1.2, 6);
    expect(lossOf([one], lp, 'ppo', { clipHigh: 5 })).toBeCloseTo(-2 * ratio, 6);
    expect(lossOf([one], lp, 'cispo', {})).toBeCloseTo(-1.2 * 2 * -0.5, 6);
    expect(lossOf([{ ...one, weights: Float32Array.of(-3) }], lp, 'cross_entropy', {})).toBeCloseTo(-1.5, 6);
  });
});
