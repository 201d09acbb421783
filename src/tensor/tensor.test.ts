import fc from 'fast-check';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluate, type NdArray } from './evaluate.ts';
import { gradients, OP_NAMES } from './gradients.ts';
import { encodeOnnx } from './onnx.ts';
import * as t from './ops.ts';
import type { Shape } from './shape.ts';
import type { OpName, Tensor } from './tensor.ts';

interface Case {
  /** Float inputs and integer inputs (with their bound), by name. */
  readonly feeds: Readonly<
    Record<string, { shape: readonly number[]; symbolic?: Shape; below?: number; low?: number }>
  >;
  readonly build: (x: Record<string, Tensor>) => Tensor;
}

interface Sizes {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}
const one =
  (f: (x: Tensor) => Tensor, low = -2) =>
  ({ a, b }: Sizes): Case => ({ feeds: { x: { shape: [a, b], symbolic: ['rows', b], low } }, build: ({ x }) => f(x!) });
const two =
  (f: (x: Tensor, y: Tensor) => Tensor, low = -2) =>
  ({ a, b }: Sizes): Case => ({
    feeds: { x: { shape: [a, 1, b], symbolic: ['rows', 1, b], low }, y: { shape: [a, b], low } },
    build: ({ x, y }) => f(x!, y!),
  });

/** A case for every operator: the mapped type refuses a new operator without one. */
const CASES: { readonly [P in OpName]: (sizes: Sizes) => Case } = {
  input: one((x) => x),
  constant: one((x) => t.mul(x, t.constant([2, 3], [2, 1, 1]))),
  neg: one(t.neg),
  exp: one(t.exp),
  log: one(t.log, 0.5),
  sqrt: one(t.sqrt, 0.5),
  tanh: one(t.tanh),
  sigmoid: one(t.sigmoid),
  softplus: one(t.softplus),
  add: two(t.add),
  sub: two(t.sub),
  mul: two(t.mul),
  div: two(t.div, 0.7),
  minimum: two(t.minimum),
  maximum: two(t.maximum),
  greater: two((x, y) => t.mul(t.mul(x, y), t.cast(t.greater(x, y), 'float32'))),
  where: two((x, y) => t.where(t.greater(x, y), t.mul(x, x), y)),
  cast: one((x) => t.mul(x, t.cast(t.cast(x, 'float32'), 'float32'))),
  stopGradient: one((x) => t.mul(x, x)),
  matmul: ({ a, b, c }) => ({
    feeds: { x: { shape: [2, a, b], symbolic: ['batch', a, b] }, y: { shape: [b, c] } },
    build: ({ x, y }) => t.matmul(x!, y!),
  }),
  transpose: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b, c], symbolic: ['rows', b, c] } },
    build: ({ x }) => t.mul(t.transpose(x!, [2, 0, 1]), t.transpose(t.transpose(x!), [1, 0, 2])),
  }),
  reshape: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b, c], symbolic: ['rows', 'columns', c] } },
    build: ({ x }) => t.reshape(t.mul(t.reshape(x!, ['rows*columns', c]), 3), ['rows', 'columns', c], x),
  }),
  expandLike: two((x, y) => t.mul(t.expandLike(y, t.add(x, y)), t.add(x, y))),
  concat: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b], symbolic: ['rows', b] }, y: { shape: [a, c], symbolic: ['rows', c] } },
    build: ({ x, y }) => t.concat([x!, y!, x!], 1),
  }),
  slice: ({ a, b }) => ({
    feeds: { x: { shape: [a, b + 2], symbolic: ['rows', b + 2] } },
    build: ({ x }) => t.mul(t.slice(x!, 1, 1, b + 1), t.slice(x!, 1, 2, b + 2)),
  }),
  padLike: ({ a, b }) => ({
    feeds: { x: { shape: [a, b], symbolic: ['rows', b] }, y: { shape: [a, b + 3], symbolic: ['rows', b + 3] } },
    build: ({ x, y }) => t.mul(t.padLike(x!, y!, 1, 2), y!),
  }),
  gather: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b] }, i: { shape: [2, c], symbolic: [2, 'columns'], below: a } },
    build: ({ x, i }) => t.gather(x!, i!),
  }),
  scatterAdd: ({ a, b, c }) => ({
    feeds: {
      i: { shape: [2, c], symbolic: [2, 'columns'], below: a },
      x: { shape: [2, c, b], symbolic: [2, 'columns', b] },
    },
    build: ({ x, i }) => t.scatterAdd(i!, x!, a),
  }),
  takeAlong: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b], symbolic: ['rows', b] }, i: { shape: [a, c], symbolic: ['rows', c], below: b } },
    build: ({ x, i }) => t.takeAlong(x!, i!),
  }),
  putAlong: ({ a, b, c }) => ({
    feeds: {
      x: { shape: [a, c], symbolic: ['rows', c] },
      i: { shape: [a, c], symbolic: ['rows', c], below: b },
      y: { shape: [a, b], symbolic: ['rows', b] },
    },
    build: ({ x, i, y }) => t.mul(t.putAlong(x!, i!, y!), y!),
  }),
  reduceSum: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b, c], symbolic: ['rows', 'columns', c] } },
    build: ({ x }) => t.mul(t.reduceSum(x!, [0, 2]), t.reduceSum(t.reduceSum(t.mul(x!, x!), [0], true), [0, 2])),
  }),
  reduceMax: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b, c], symbolic: ['rows', 'columns', c] } },
    build: ({ x }) => t.sub(t.reduceMax(x!, [2], true), t.mul(x!, t.reduceMax(x!, [-1], true))),
  }),
  softmax: one(t.softmax),
  logSoftmax: one(t.logSoftmax),
};

/** Deterministic feeds; floats lie on a jittered grid so that no two are near a kink or a tie. */
function makeFeeds(definition: Case, seed: number): Record<string, NdArray> {
  let state = seed * 2654435761 + 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  return Object.fromEntries(
    Object.entries(definition.feeds).map(([name, { shape, below, low = -2 }]) => {
      const size = shape.reduce((p, d) => p * d, 1);
      const data = Float64Array.from({ length: size }, () =>
        below === undefined
          ? Math.fround(low + Math.floor(uniform() * 400) / 100 + 0.002 * uniform())
          : Math.floor(uniform() * below),
      );
      return [name, { data, shape }];
    }),
  );
}

const inputsOf = (definition: Case) =>
  Object.fromEntries(
    Object.entries(definition.feeds).map(([name, { shape, symbolic, below }]) => [
      name,
      t.input(name, below === undefined ? 'float32' : 'int64', symbolic ?? shape),
    ]),
  );

/** Sum of the output weighted by fixed numbers, so that every element's gradient differs. */
function scalarLoss(out: Tensor): Tensor {
  return t.reduceSum(t.mul(t.mul(out, out), 0.3), undefined);
}

const sizes = fc.record({
  a: fc.integer({ min: 2, max: 4 }),
  b: fc.integer({ min: 2, max: 4 }),
  c: fc.integer({ min: 2, max: 3 }),
});

describe('gradient rules against central differences in float64', () => {
  it.each(OP_NAMES)('%s', (op) => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 1000 }), (size, seed) => {
        const definition = CASES[op](size);
        const inputs = inputsOf(definition);
        const feeds = makeFeeds(definition, seed);
        const loss = scalarLoss(definition.build(inputs));
        const wrt = Object.entries(inputs).filter(([, x]) => x.dtype === 'float32');
        const analytic = evaluate(
          gradients(
            loss,
            wrt.map(([, x]) => x),
          ),
          feeds,
        );
        const value = () => evaluate([loss], feeds)[0]!.data[0]!;
        for (const [k, [name]] of wrt.entries()) {
          const data = feeds[name]!.data;
          for (let i = 0; i < data.length; i++) {
            const x = data[i]!;
            const h = 1e-5;
            data[i] = x + h;
            const up = value();
            data[i] = x - h;
            const down = value();
            data[i] = x;
            const numeric = (up - down) / (2 * h);
            const got = analytic[k]!.data[i]!;
            expect(Math.abs(got - numeric) / Math.max(1, Math.abs(numeric), Math.abs(got))).toBeLessThan(1e-6);
          }
        }
      }),
      { numRuns: 5 },
    );
  });

  it('stopGradient blocks exactly the path it stands on', () => {
    const x = t.input('x', 'float32', [1]);
    const [g] = gradients(t.reduceSum(t.mul(t.stopGradient(x), x)), [x]);
    expect(evaluate([g!], { x: { data: Float64Array.of(3), shape: [1] } })[0]!.data[0]).toBe(3);
  });
});

describe('ONNX encoding against the reference evaluator', () => {
  it.each(OP_NAMES)('%s, value and gradient', async (op) => {
    const definition = CASES[op]({ a: 3, b: 4, c: 2 });
    const inputs = inputsOf(definition);
    const feeds = makeFeeds(definition, 7);
    const out = definition.build(inputs);
    const floats = Object.values(inputs).filter((x) => x.dtype === 'float32');
    const outputs = { out, ...Object.fromEntries(gradients(scalarLoss(out), floats).map((g, i) => [`g${i}`, g])) };
    const expected = evaluate(Object.values(outputs), feeds);
    const session = await InferenceSession.create(encodeOnnx(outputs), { intraOpNumThreads: 1 });
    const fed = Object.fromEntries(
      session.inputNames.map((name) => {
        const { data, shape } = feeds[name]!;
        const tensor =
          inputs[name]!.dtype === 'int64'
            ? new OrtTensor('int64', BigInt64Array.from(data, BigInt), [...shape])
            : new OrtTensor('float32', Float32Array.from(data), [...shape]);
        return [name, tensor];
      }),
    );
    const got = await session.run(fed);
    for (const [i, name] of Object.keys(outputs).entries()) {
      expect({ name, shape: got[name]!.dims }).toEqual({ name, shape: expected[i]!.shape });
      const values = got[name]!.data as Float32Array;
      expected[i]!.data.forEach((want, k) => {
        expect(Math.abs(values[k]! - want)).toBeLessThan(1e-4 * Math.max(1, Math.abs(want)));
      });
    }
    await session.release();
  });
});

describe('shape checking', () => {
  const x = t.input('x', 'float32', ['rows', 3]);
  it.each<[string, () => unknown, RegExp]>([
    ['add', () => t.add(x, t.constant([1, 2], [2])), /add: got \[rows, 3\], \[2\]; expected shapes that broadcast/],
    ['matmul', () => t.matmul(x, x), /matmul: got \[rows, 3\], \[rows, 3\]/],
    ['reshape', () => t.reshape(x, ['rows', 4]), /reshape: got \[rows, 3\], \[rows, 4\]; expected equal numbers/],
    ['gather', () => t.gather(x, x), /gather: got float32; expected int64 indices/],
    ['log', () => t.log(t.cast(x, 'int64')), /log: got \[rows, 3\], int64; expected dtype float32/],
    ['gradients', () => gradients(x, [x]), /gradients: got \[rows, 3\]; expected a scalar loss/],
    [
      'unused',
      () => gradients(t.scalar(1), [x]),
      /gradients: got \[rows, 3\], x; expected a tensor that the loss depends on/,
    ],
  ])('%s names the operator and the shapes', (_, build, message) => {
    expect(build).toThrow(message);
  });
});
