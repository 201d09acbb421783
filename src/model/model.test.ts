import { describe, expect, it } from 'vitest';
import { evaluate, type NdArray } from '../tensor/index.ts';
import { logprobOutputs, scalarGradientOutputs, TOKEN_LOSS_NAMES, tokenLossOutputs } from './losses.ts';
import { initialParameters, parameterCount, parameterShapes, type TransformerSpec } from './spec.ts';
import { decodeOutputs, prefillOutputs } from './transformer.ts';

const spec: TransformerSpec = {
  vocabulary: 7,
  width: 8,
  layers: 2,
  heads: 2,
  feedForward: 6,
  maxContext: 8,
  scalarHead: true,
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
function weightFeeds(seed = 3): Record<string, NdArray> {
  const normal = noise(seed);
  return Object.fromEntries(
    [...initialParameters(spec, normal)].map(([name, values]) => [
      name,
      nd(
        parameterShapes(spec).get(name)!,
        Array.from(values, (v) => (name.endsWith('norm') ? 1 + 0.01 * normal() : v)),
      ),
    ]),
  );
}

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

  it('scalar head: gradients agree with central differences', () => {
    expect(gradientError(scalarGradientOutputs(spec), { ...weightFeeds(), ...data })).toBeLessThan(1e-6);
  });

  it('is causal: a later token leaves earlier log-probabilities alone', () => {
    const outputs = tokenLossOutputs(spec, 'cross_entropy');
    const feeds = { ...weightFeeds(), ...data };
    const [before] = evaluate([outputs.logprobs!], feeds);
    const [after] = evaluate([outputs.logprobs!], { ...feeds, tokens: nd([B, T], [1, 2, 3, 6, 6, 5, 0, 4]) });
    for (const i of [0, 1, 2, 4, 5, 6]) expect(after!.data[i]).toBeCloseTo(before!.data[i]!, 12);
    expect(after!.data[3]).not.toBeCloseTo(before!.data[3]!, 6);
  });

  it('computes sequences that share a beginning as it does each alone, whichever tokens are wanted', () => {
    const weights = weightFeeds();
    // 1 2 3 4 and 1 2 5 in one row, then 6 0 in the rest of it, and a padded token.
    const packed = {
      tokens: nd([1, 8], [1, 2, 3, 4, 5, 6, 0, 0]),
      positions: nd([1, 8], [0, 1, 2, 3, 2, 0, 1, 0]),
      ends: nd([1, 8], [5, 5, 4, 4, 5, 7, 7, 8]),
      order: nd([8], [0, 1, 2, 3, 4, 5, 6, 7]),
    };
    const alone = (tokens: number[]) => {
      const feeds = {
        tokens: nd([1, tokens.length], tokens),
        positions: nd([1, tokens.length], [...tokens.keys()]),
        ends: nd(
          [1, tokens.length],
          tokens.map(() => tokens.length),
        ),
        order: nd([tokens.length], [...tokens.keys()]),
        targets: nd(
          [tokens.length],
          tokens.map(() => 3),
        ),
      };
      return [...evaluate([logprobOutputs(spec).logprobs!], { ...weights, ...feeds })[0]!.data];
    };
    const [first, second, third] = [alone([1, 2, 3, 4]), alone([1, 2, 5]), alone([6, 0])];
    const expected = [...first, second[2]!, ...third];
    for (const wanted of ['all', 'late', 'early'] as const) {
      const rows = wanted === 'all' ? [0, 1, 2, 3, 4, 5, 6, 7] : [6, 3, 4, 0];
      const feeds = {
        ...weights,
        ...packed,
        rows: nd([rows.length], rows),
        targets: nd(
          [rows.length],
          rows.map(() => 3),
        ),
      };
      const [got] = evaluate([logprobOutputs(spec, wanted).logprobs!], feeds);
      for (const [i, row] of rows.entries()) if (row < 7) expect(got!.data[i]).toBeCloseTo(expected[row]!, 10);
    }
  });

  it('decodes one token against a cache as it does the whole sequence', () => {
    const weights = weightFeeds();
    const prefill = prefillOutputs(spec);
    const step = decodeOutputs(spec);
    const caches = Object.keys(prefill).filter((name) => name !== 'logits');
    const whole = (tokens: number[]) => ({
      tokens: nd([1, tokens.length], tokens),
      positions: nd([1, tokens.length], [...tokens.keys()]),
      ends: nd(
        [1, tokens.length],
        tokens.map(() => tokens.length),
      ),
      order: nd([tokens.length], [...tokens.keys()]),
      rows: nd([1], [tokens.length - 1]),
    });
    const prompt = whole([1, 2, 3]);
    const cached = evaluate(
      caches.map((name) => prefill[name]!),
      { ...weights, ...prompt },
    );
    // One spare slot at the end holds rubbish and must be masked.
    const past = Object.fromEntries(
      caches.map((name, i) => {
        const { data: values } = cached[i]!;
        const rows = Array.from({ length: 2 }, (_, head) => [
          ...values.subarray(head * 12, head * 12 + 12),
          9,
          9,
          9,
          9,
        ]);
        return [`past${name[0]!.toUpperCase()}${name.slice(1)}`, nd([1, 2, 4, 4], rows.flat())];
      }),
    );
    const one = { tokens: nd([1, 1], [4]), positions: nd([1, 1], [3]), mask: nd([1, 1, 1, 4], [0, 0, 0, -1e9]) };
    const [decoded] = evaluate([step.logits!], { ...weights, ...past, ...one });
    const [full] = evaluate([prefill.logits!], { ...weights, ...whole([1, 2, 3, 4]) });
    decoded!.data.forEach((v, i) => {
      expect(v).toBeCloseTo(full!.data[i]!, 9);
    });
  });

  it('counts its parameters', () => {
    const large = { vocabulary: 2048, width: 256, layers: 4, heads: 8, feedForward: 704, maxContext: 128 };
    expect(parameterCount(large)).toBe(3_737_856);
  });
});
