import { describe, expect, it } from 'vitest';
import { evaluate, input, type NdArray } from '../tensor/index.ts';
import { drawOutputs } from './draw.ts';
import { logprobOutputs, scalarGradientOutputs, TOKEN_LOSS_NAMES, tokenLossOutputs } from './losses.ts';
import {
  initialParameters,
  loraFault,
  loraTargets,
  parameterCount,
  parametersOf,
  trainableParameters,
} from './parameters.ts';
import { architectureOf, specDifferences, specFault, type TransformerSpec } from './spec.ts';
import { decodeOutputs, prefillOutputs, turnedInputs } from './transformer.ts';

const spec: TransformerSpec = {
  vocabulary: 7,
  width: 8,
  layers: 2,
  heads: 2,
  feedForward: 6,
  maxContext: 8,
  scalarHead: true,
};
const gpt2 = { norm: 'layer', positions: 'learned', activation: 'gelu', biases: 'all' } as const;
const llama3 = {
  kind: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 4,
} as const;
/** Every choice of the description somewhere. */
const FAMILIES: Readonly<Record<string, TransformerSpec>> = {
  'the plain model': spec,
  'like GPT-2': { ...spec, architecture: gpt2 },
  'like Llama 3, output apart': {
    ...spec,
    architecture: { keyValueHeads: 1, rotaryBase: 500, rotaryScaling: llama3, tied: false },
  },
  'like Qwen2': { ...spec, architecture: { keyValueHeads: 1, biases: 'qkv', normEpsilon: 1e-6 } },
  'like Qwen3': { ...spec, heads: 4, architecture: { keyValueHeads: 2, headWidth: 6, queryKeyNorm: true } },
  'with adapters on all linear layers': { ...spec, lora: { rank: 2, alpha: 3 } },
  'like GPT-2 with adapters on some': {
    ...spec,
    architecture: gpt2,
    lora: { rank: 2, alpha: 4, targets: ['attention.k', 'mlp.up'] },
  },
};

function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 0) / 2 ** 32 - 0.5) * 20;
  };
}
const nd = (shape: readonly number[], values: ArrayLike<number>): NdArray => ({
  shape,
  data: Float64Array.from(values),
});

/** Weights well away from zero, so that every path carries gradient. */
function weightFeeds(of: TransformerSpec = spec, seed = 3): Record<string, NdArray> {
  const normal = noise(seed);
  const fresh = initialParameters(of, normal);
  return Object.fromEntries(
    parametersOf(of).map(({ name, shape, role }) => [
      name,
      nd(
        shape,
        Array.from(fresh.get(name)!, (v) =>
          role === 'gain' ? 1 + 0.01 * normal() : role === 'bias' || v === 0 ? 0.02 * normal() : v,
        ),
      ),
    ]),
  );
}

/** The inputs of a pass of one sequence. */
const oneRow = (tokens: readonly number[]): Record<string, NdArray> => ({
  tokens: nd([1, tokens.length], tokens),
  positions: nd([1, tokens.length], [...tokens.keys()]),
  ends: nd([1, tokens.length], Array<number>(tokens.length).fill(tokens.length)),
  order: nd([tokens.length], [...tokens.keys()]),
});

const [B, T] = [2, 4];
const data: Record<string, NdArray> = {
  tokens: nd([B, T], [1, 2, 3, 4, 6, 5, 0, 2]),
  positions: nd([B, T], [0, 1, 2, 3, 0, 1, 2, 3]),
  ends: nd([B, T], new Array(B * T).fill(T)),
  order: nd([T], [0, 1, 2, 3]),
  targets: nd([B * T], [2, 3, 4, 0, 5, 0, 2, 1]),
  weights: nd([B * T], [0, 1, -0.5, 2, 1, 1, 0.3, 0]),
  oldLogprobs: nd([B * T], [-1.2, -2.3, -2.1, -1.7, -2.2, -1.4, -1.9, -2.6]),
  advantages: nd([B * T], [0, 0.7, -1.1, 0.4, -0.6, 1.3, 0.2, 0]),
  clipLow: nd([], [0.8]),
  clipHigh: nd([], [1.2]),
  seeds: nd([B * T], [0, 0, 0, 1.5, 0, 0, -0.7, 0]),
};

/** Largest relative difference between graph gradients and central differences over a sample of weights. */
function gradientError(outputs: ReturnType<typeof tokenLossOutputs>, feeds: Record<string, NdArray>): number {
  const names = Object.keys(outputs).filter((name) => name.startsWith('grad:'));
  const analytic = evaluate(
    names.map((name) => outputs[name]!),
    feeds,
  );
  const loss = () => evaluate([outputs.loss!], feeds)[0]!.data[0]!;
  let worst = 0;
  for (const [k, name] of names.entries()) {
    const values = feeds[name.slice(5)]!.data;
    for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 5))) {
      const [x, h] = [values[i]!, 1e-5];
      values[i] = x + h;
      const up = loss();
      values[i] = x - h;
      const down = loss();
      values[i] = x;
      const numeric = (up - down) / (2 * h);
      worst = Math.max(worst, Math.abs(analytic[k]!.data[i]! - numeric) / Math.max(1, Math.abs(numeric)));
    }
  }
  return worst;
}

describe('the transformer', () => {
  it.each(TOKEN_LOSS_NAMES.filter((loss) => loss !== 'cispo'))(
    '%s: gradients agree with central differences',
    (loss) => {
      expect(gradientError(tokenLossOutputs(spec, loss), { ...weightFeeds(), ...data })).toBeLessThan(1e-6);
    },
  );

  it.each(Object.entries(FAMILIES))('%s: gradients of what is trained agree with central differences', (_, family) => {
    const outputs = tokenLossOutputs(family, 'cross_entropy');
    expect(gradientError(outputs, { ...weightFeeds(family), ...data })).toBeLessThan(1e-6);
    const scalars = scalarGradientOutputs(family);
    expect(gradientError(scalars, { ...weightFeeds(family), ...data })).toBeLessThan(1e-6);
    const named = (of: Record<string, unknown>) =>
      Object.keys(of).flatMap((name) => name.match(/^grad:(.*)/)?.[1] ?? []);
    const trained = new Set([...named(outputs), ...named(scalars)]);
    expect([...trained].sort()).toEqual(
      trainableParameters(family)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('cispo: the gradient is that of cross-entropy weighted by the clipped ratio', () => {
    const feeds = { ...weightFeeds(), ...data };
    const cispo = tokenLossOutputs(spec, 'cispo');
    const [logprobs] = evaluate([cispo.logprobs!], feeds);
    const weights = Array.from(logprobs!.data, (lp, i) => {
      const ratio = Math.exp(lp - data.oldLogprobs!.data[i]!);
      return Math.min(1.2, Math.max(0.8, ratio)) * data.advantages!.data[i]!;
    });
    const grad = 'grad:layer0.attention.qkv';
    const [got] = evaluate([cispo[grad]!], feeds);
    const [want] = evaluate([tokenLossOutputs(spec, 'cross_entropy')[grad]!], {
      ...feeds,
      weights: nd([B, T], weights),
    });
    got!.data.forEach((v, i) => {
      expect(v).toBeCloseTo(want!.data[i]!, 12);
    });
  });

  it('is causal: a later token leaves earlier log-probabilities alone', () => {
    const outputs = tokenLossOutputs(spec, 'cross_entropy');
    const feeds = { ...weightFeeds(), ...data };
    const [before] = evaluate([outputs.logprobs!], feeds);
    const [after] = evaluate([outputs.logprobs!], { ...feeds, tokens: nd([B, T], [1, 2, 3, 6, 6, 5, 0, 4]) });
    for (const i of [0, 1, 2, 4, 5, 6]) expect(after!.data[i]).toBeCloseTo(before!.data[i]!, 12);
    expect(after!.data[3]).not.toBeCloseTo(before!.data[3]!, 6);
  });

  it.each(Object.entries(FAMILIES))(
    '%s: computes sequences that share a beginning as it does each alone, whichever tokens are wanted',
    (_, family) => {
      const weights = weightFeeds(family);
      // 1 2 3 4 and 1 2 5 in one row, then 6 0 in the rest of it, and a padded token.
      const packed = {
        tokens: nd([1, 8], [1, 2, 3, 4, 5, 6, 0, 0]),
        positions: nd([1, 8], [0, 1, 2, 3, 2, 0, 1, 0]),
        ends: nd([1, 8], [5, 5, 4, 4, 5, 7, 7, 8]),
        order: nd([8], [...Array(8).keys()]),
      };
      const targets = (count: number) => nd([count], Array<number>(count).fill(3));
      const alone = (tokens: number[]) => {
        const feeds = { ...weights, ...oneRow(tokens), targets: targets(tokens.length) };
        return [...evaluate([logprobOutputs(family).logprobs!], feeds)[0]!.data];
      };
      const expected = [...alone([1, 2, 3, 4]), alone([1, 2, 5])[2]!, ...alone([6, 0])];
      for (const wanted of ['all', 'late', 'early'] as const) {
        const rows = wanted === 'all' ? [...Array(8).keys()] : [6, 3, 4, 0];
        const feeds = { ...weights, ...packed, rows: nd([rows.length], rows), targets: targets(rows.length) };
        const [got] = evaluate([logprobOutputs(family, wanted).logprobs!], feeds);
        for (const [i, row] of rows.entries()) if (row < 7) expect(got!.data[i]).toBeCloseTo(expected[row]!, 10);
      }
    },
  );

  it.each(Object.entries(FAMILIES))(
    '%s: decodes one token against a cache as it does the whole sequence',
    (_, family) => {
      const { keyValueHeads, headWidth } = architectureOf(family);
      const weights = weightFeeds(family);
      const prefill = prefillOutputs(family);
      const step = decodeOutputs(family);
      const caches = Object.keys(prefill).filter((name) => name !== 'logits');
      const prompt = { ...oneRow([1, 2, 3]), rows: nd([1], [2]) };
      const cached = evaluate(
        caches.map((name) => prefill[name]!),
        { ...weights, ...prompt },
      );
      // One spare slot at the end holds rubbish and must be masked.
      const past = Object.fromEntries(
        caches.map((name, i) => {
          const { data: values } = cached[i]!;
          const row = 3 * headWidth;
          const rows = Array.from({ length: keyValueHeads }, (_, head) => [
            ...values.subarray(head * row, head * row + row),
            ...Array<number>(headWidth).fill(9),
          ]);
          const place = `past${name[0]!.toUpperCase()}${name.slice(1)}`;
          return [place, nd([1, keyValueHeads, 4, headWidth], rows.flat())];
        }),
      );
      const one = { tokens: nd([1, 1], [4]), positions: nd([1, 1], [3]), mask: nd([1, 1, 1, 4], [0, 0, 0, -1e9]) };
      const [decoded] = evaluate([step.logits!], { ...weights, ...past, ...one });
      const whole = { ...oneRow([1, 2, 3, 4]), rows: nd([1], [3]) };
      const [full] = evaluate([prefill.logits!], { ...weights, ...whole });
      // The same with matrices that lie as [out, in].
      const columns = parametersOf(family).flatMap(({ name, role, shape }): [string, NdArray][] => {
        if (role !== 'matrix') return [];
        const [rows, width] = shape as [number, number];
        const from = weights[name]!.data;
        return [
          [
            name,
            nd(
              [width, rows],
              from.map((_, i) => from[(i % rows) * width + Math.floor(i / rows)]!),
            ),
          ],
        ];
      });
      const turnedFeeds = { ...weights, ...Object.fromEntries(columns), ...past, ...one };
      const [turned] = evaluate([decodeOutputs(family, turnedInputs(family)).logits!], turnedFeeds);
      decoded!.data.forEach((v, i) => {
        expect(v).toBeCloseTo(full!.data[i]!, 9);
        expect(turned!.data[i]).toBeCloseTo(v, 9);
      });
    },
  );

  it('draws the token whose share of the running sum holds the place, for vocabularies of any size', () => {
    for (const vocabulary of [1, 5, 7, 8, 24, 50, 96, 130, 128]) {
      const value = noise(vocabulary);
      const logits = Array.from({ length: 3 * vocabulary }, () => value() / 4);
      const uniforms = [0, 0.42, 0.999_999];
      const { token, logprob } = drawOutputs(input('logits', 'float32', ['batch', vocabulary]));
      const feeds = { logits: nd([3, vocabulary], logits), uniforms: nd([3], uniforms) };
      const [tokens, logprobs] = evaluate([token, logprob], feeds);
      for (const [r, uniform] of uniforms.entries()) {
        const powers = logits.slice(r * vocabulary, (r + 1) * vocabulary).map(Math.exp);
        const total = powers.reduce((a, b) => a + b, 0);
        let left = uniform * total;
        const drawn = powers.findIndex((p) => {
          left -= p;
          return left < 0;
        });
        expect([vocabulary, tokens!.data[r]]).toEqual([vocabulary, drawn]);
        expect(logprobs!.data[r]).toBeCloseTo(Math.log(powers[drawn]! / total), 9);
      }
    }
  });

  it('counts its parameters', () => {
    const large = { vocabulary: 2048, width: 256, layers: 4, heads: 8, feedForward: 704, maxContext: 128 };
    expect(parameterCount(large)).toBe(3_737_856);
    // GPT-2 small and SmolLM2-135M as their cards have them.
    const small = { vocabulary: 50257, width: 768, layers: 12, heads: 12, feedForward: 3072, maxContext: 1024 };
    expect(parameterCount({ ...small, architecture: gpt2 })).toBe(124_439_808);
    const smol = { vocabulary: 49152, width: 576, layers: 30, heads: 9, feedForward: 1536, maxContext: 8192 };
    expect(parameterCount({ ...smol, architecture: { keyValueHeads: 3 } })).toBe(134_515_008);
  });

  it('says in one line what is wrong with a description', () => {
    expect(specFault(spec)).toBeUndefined();
    expect(specFault({ ...spec, width: 9 })).toBe('width 9 must be a multiple of twice the heads (4)');
    expect(specFault({ ...spec, architecture: { keyValueHeads: 3 } })).toMatch(/multiple of keyValueHeads \(3\)/);
    expect(specFault({ ...spec, layers: 0 })).toMatch(/layers 0: expected a positive whole number/);
    const fault = (targets: string[]) => loraFault(spec, { rank: 1, alpha: 1, targets });
    expect(loraTargets(spec).defaults.every((target) => fault([target]) === undefined)).toBe(true);
    expect(fault(['attention.z'])).toMatch(/attention.z is no linear layer; expected some of attention.qkv/);
    expect(fault(['attention.qkv', 'attention.q'])).toMatch(/named whole and by part/);
    expect(specDifferences(FAMILIES['like GPT-2']!, spec, { additions: false })).toContain('norm layer instead of rms');
  });
});
