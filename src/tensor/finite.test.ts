import fc from 'fast-check';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluate, type NdArray } from './evaluate.ts';
import { describeTensor, finiteProbes, firstNonFinite } from './finite.ts';
import { encodeOnnx } from './onnx.ts';
import * as t from './ops.ts';

const x = t.input('x', 'float32', [3]);
const y = t.input('y', 'float32', [3]);
const nd = (...values: number[]): NdArray => ({ shape: [values.length], data: Float64Array.from(values) });

/** Where a graph stops being finite, by the probes. */
function origin(output: ReturnType<typeof t.add>, feeds: Record<string, NdArray>) {
  const { outputs, probed } = finiteProbes([output]);
  const values = evaluate(Object.values(outputs), feeds);
  const bad = new Set([...probed.values()].filter((_, i) => values[i]!.data[0] !== 0));
  return firstNonFinite(output, (tensor) => !bad.has(tensor));
}

describe('where numbers stop being finite', () => {
  const logged = t.log(x);
  const divided = t.div(y, t.sub(x, x));
  const output = t.reduceSum(t.add(t.mul(logged, y), t.softmax(t.neg(divided))));

  it('is the operator whose inputs are finite and whose result is not', () => {
    expect(describeTensor(origin(t.reduceSum(t.mul(logged, y)), { x: nd(1, 0, 2), y: nd(1, 1, 1) })!)).toBe(
      'log [3] over x',
    );
    expect(describeTensor(origin(t.neg(divided), { x: nd(1, 1, 2), y: nd(1, 1, 1) })!)).toBe('div [3] over y');
    expect(origin(t.neg(logged), { x: nd(1, 1, 2) })).toBeUndefined();
  });

  it('is an input where one was fed so, however deep the graph', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(describeTensor(origin(output, { x: nd(1, 3, 2), y: nd(1, bad, 1) })!)).toBe('input y [3]');
    }
  });

  it('is found through an integer or a constant, and named by the nearest inputs', () => {
    const table = t.gather(t.exp(x), t.input('i', 'int64', [2]));
    const feeds = { x: nd(1, 1e4, 0), i: nd(1, 1) };
    expect(describeTensor(origin(t.reduceSum(table), feeds)!)).toBe('exp [3] over x');
    expect(describeTensor(t.exp(t.scalar(1)))).toBe('exp []');
    expect(describeTensor(t.neg(t.exp(t.add(x, y))))).toBe('neg [3] over x, y');
  });

  it('is found by ONNX Runtime too: log 0, 0/0, √−1, an overflow that float64 would not have', async () => {
    const cases: [string, ReturnType<typeof t.add>, number[]][] = [
      ['log [3] over x', t.log(t.mul(x, x)), [1, 0, 2]],
      ['div [3] over x', t.div(t.neg(x), x), [1, 0, 2]],
      ['sqrt [3] over x', t.sqrt(t.neg(x)), [1, 0, -2]],
      ['exp [3] over x', t.exp(t.neg(x)), [1, 0, -100]],
    ];
    for (const [where, middle, values] of cases) {
      const out = t.reduceSum(t.add(middle, t.neg(middle)));
      const { outputs, probed } = finiteProbes([out]);
      const session = await InferenceSession.create(encodeOnnx(outputs), { graphOptimizationLevel: 'disabled' });
      const got = await session.run({ x: new OrtTensor('float32', Float32Array.from(values), [3]) });
      await session.release();
      const bad = new Set([...probed].flatMap(([name, at]) => ((got[name]!.data[0] as number) === 0 ? [] : [at])));
      expect(describeTensor(firstNonFinite(out, (tensor) => !bad.has(tensor))!)).toBe(where);
    }
  });

  it('probes are zero for finite numbers of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 }),
        (v) => {
          const { outputs } = finiteProbes([t.neg(x)]);
          for (const { data } of evaluate(Object.values(outputs), { x: nd(...v) })) expect(data[0]! === 0).toBe(true);
        },
      ),
    );
  });
});
