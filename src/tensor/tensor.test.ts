import fc from 'fast-check';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluate, type NdArray } from './evaluate.ts';
import { gradientError } from './gradient-check.fake.ts';
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

/** What fast-check draws for a case: three sizes, a shape of any rank with names on some axes, and one that broadcasts with it. */
interface Sizes {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly shape: readonly number[];
  readonly symbolic: Shape;
  readonly other: { readonly shape: readonly number[]; readonly symbolic: Shape };
  /** Some axes of `shape`, at least one; a permutation of all of them. */
  readonly axes: readonly number[];
  readonly perm: readonly number[];
  readonly keepDims: boolean;
}
const one =
  (f: (x: Tensor, sizes: Sizes) => Tensor, low = -2) =>
  (sizes: Sizes): Case => ({
    feeds: { x: { shape: sizes.shape, symbolic: sizes.symbolic, low } },
    build: ({ x }) => f(x!, sizes),
  });
const two =
  (f: (x: Tensor, y: Tensor) => Tensor, low = -2) =>
  ({ shape, symbolic, other }: Sizes): Case => ({
    feeds: { x: { shape, symbolic, low }, y: { ...other, low } },
    build: ({ x, y }) => f(x!, y!),
  });

/** A case for every operator: the mapped type refuses a new operator without one. */
const CASES: { readonly [P in OpName]: (sizes: Sizes) => Case } = {
  input: one((x) => x),
  constant: one((x) => t.mul(x, t.constant([2, 3], [2, 1, 1, 1, 1]))),
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
  transpose: one((x, { perm }) => t.mul(t.transpose(t.mul(x, x), perm), t.transpose(x, perm))),
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
  reduceSum: one((x, { axes, keepDims }) =>
    t.mul(t.reduceSum(x, axes, keepDims), t.reduceSum(t.mul(x, x), axes, keepDims)),
  ),
  reduceMax: one((x, { axes, keepDims }) => {
    const top = t.reduceMax(x, axes, keepDims);
    return keepDims ? t.sub(top, t.mul(x, top)) : t.mul(top, top);
  }),
  addAlong: ({ a, b, c }) => ({
    feeds: {
      x: { shape: [a, b], symbolic: ['rows', b] },
      i: { shape: [a, c], symbolic: ['rows', c], below: b },
      y: { shape: [a, c], symbolic: ['rows', c] },
    },
    build: ({ x, i, y }) => t.addAlong(x!, i!, y!),
  }),
  silu: one(t.silu),
  rmsNorm: ({ a, b, c }) => ({
    feeds: { x: { shape: [a, b, c], symbolic: ['batch', 'time', c], low: 0.3 }, y: { shape: [c] } },
    build: ({ x, y }) => t.rmsNorm(x!, y!, 0.1),
  }),
  rmsInverse: ({ a, b }) => ({
    feeds: { x: { shape: [a, b], symbolic: ['rows', b], low: 0.3 }, y: { shape: [b] } },
    build: ({ x, y }) => t.mul(t.rmsInverse(x!, y!, 0.1), t.rmsNorm(x!, y!, 0.1)),
  }),
  rotary: ({ a, b, c }) => {
    const table = (f: (angle: number) => number) =>
      t.constant(
        Array.from({ length: 10 }, (_, i) => f(i + 1)),
        [5, 2],
      );
    return {
      feeds: {
        x: { shape: [a, b, c, 4], symbolic: ['batch', b, 'time', 4] },
        i: { shape: [a, c], symbolic: ['batch', 'time'], below: 5 },
      },
      build: ({ x, i }) => t.rotary(x!, i!, { cos: table(Math.cos), sin: table(Math.sin) }),
    };
  },
  softmax: one(t.softmax),
  logSoftmax: one(t.logSoftmax),
};

/** Deterministic feeds; no two floats of a case share a cell of a jittered grid, so that none is near a kink or a tie. */
function makeFeeds(definition: Case, seed: number): Record<string, NdArray> {
  let state = seed * 2654435761 + 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const CELLS = 2048;
  const cells = Array.from({ length: CELLS }, (_, i) => i);
  const cell = () => cells.splice(Math.floor(uniform() * cells.length), 1)[0]!;
  return Object.fromEntries(
    Object.entries(definition.feeds).map(([name, { shape, below, low = -2 }]) => {
      const size = shape.reduce((p, d) => p * d, 1);
      const data = Float64Array.from({ length: size }, () =>
        below === undefined
          ? Math.fround(low + (8 * (cell() + 0.2 * uniform())) / CELLS)
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

const dims = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    named: fc.boolean(),
    // Whether the axis is there in both shapes, or is 1 in the first or in the second one.
    broadcast: fc.constantFrom('both', 'both', 'first', 'second'),
    reduced: fc.boolean(),
    order: fc.nat(),
  }),
  { minLength: 1, maxLength: 4 },
);
const sizes: fc.Arbitrary<Sizes> = fc
  .record({
    a: fc.integer({ min: 2, max: 4 }),
    b: fc.integer({ min: 2, max: 4 }),
    c: fc.integer({ min: 2, max: 3 }),
    dims,
    dropped: fc.nat({ max: 3 }),
    keepDims: fc.boolean(),
  })
  .map(({ a, b, c, dims, dropped, keepDims }) => {
    const side = (ones: 'first' | 'second') => ({
      shape: dims.map(({ size, broadcast }) => (broadcast === ones ? 1 : size)),
      symbolic: dims.map(({ size, named, broadcast }, i) =>
        broadcast === ones ? 1 : named && size > 1 ? `axis${i}` : size,
      ),
    });
    const [first, second] = [side('first'), side('second')];
    const lead = Math.min(dropped, dims.length - 1);
    const some = dims.flatMap(({ reduced }, i) => (reduced ? [i] : []));
    return {
      ...{ a, b, c, keepDims },
      ...first,
      other: { shape: second.shape.slice(lead), symbolic: second.symbolic.slice(lead) },
      axes: some.length > 0 ? some : [dims.length - 1],
      perm: dims.map((_, i) => i).sort((i, j) => dims[i]!.order - dims[j]!.order || i - j),
    };
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
        const rules = gradients(
          loss,
          wrt.map(([, x]) => x),
        );
        const analytic = Object.fromEntries(evaluate(rules, feeds).map((g, i) => [wrt[i]![0], g]));
        for (const [name, { shape }] of Object.entries(analytic)) expect(shape).toEqual(feeds[name]!.shape);
        const value = () => evaluate([loss], feeds)[0]!.data[0]!;
        expect(gradientError(analytic, feeds, { value, sample: 24 })).toBeLessThan(1e-6);
      }),
      { numRuns: 12 },
    );
  });

  it('stopGradient blocks exactly the path it stands on', () => {
    const x = t.input('x', 'float32', [1]);
    const [g] = gradients(t.reduceSum(t.mul(t.stopGradient(x), x)), [x]);
    expect(evaluate([g!], { x: { data: Float64Array.of(3), shape: [1] } })[0]!.data[0]).toBe(3);
  });
});

/** Runs outputs by ONNX Runtime on the same feeds. */
async function runOnnx(outputs: Record<string, Tensor>, feeds: Record<string, NdArray>, integers: readonly string[]) {
  const session = await InferenceSession.create(encodeOnnx(outputs), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const fed = Object.fromEntries(
    session.inputNames.map((name) => {
      const { data, shape } = feeds[name]!;
      const tensor = integers.includes(name)
        ? new OrtTensor('int64', BigInt64Array.from(data, BigInt), [...shape])
        : new OrtTensor('float32', Float32Array.from(data), [...shape]);
      return [name, tensor];
    }),
  );
  try {
    return await session.run(fed);
  } finally {
    await session.release();
  }
}

describe('ONNX encoding against the reference evaluator', () => {
  it.each(OP_NAMES)('%s, value and gradient', async (op) => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 1000 }), async (size, seed) => {
        const definition = CASES[op](size);
        const inputs = inputsOf(definition);
        const feeds = makeFeeds(definition, seed);
        const out = definition.build(inputs);
        const floats = Object.values(inputs).filter((x) => x.dtype === 'float32');
        const outputs = { out, ...Object.fromEntries(gradients(scalarLoss(out), floats).map((g, i) => [`g${i}`, g])) };
        const expected = evaluate(Object.values(outputs), feeds);
        const integers = Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'int64');
        const got = await runOnnx(outputs, feeds, integers);
        for (const [i, name] of Object.keys(outputs).entries()) {
          expect({ name, shape: got[name]!.dims }).toEqual({ name, shape: expected[i]!.shape });
          const values = got[name]!.data as Float32Array;
          const largest = expected[i]!.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
          expected[i]!.data.forEach((want, k) => {
            expect(Math.abs(values[k]! - want)).toBeLessThan(1e-5 * largest);
          });
        }
      }),
      { numRuns: 4 },
    );
  });

  it('agrees where eˣ overflows: the saturating operators stay finite and right', async () => {
    const x = t.input('x', 'float32', [9]);
    const outputs = {
      sigmoid: t.sigmoid(x),
      tanh: t.tanh(x),
      softplus: t.softplus(x),
      softmax: t.softmax(x),
      logSoftmax: t.logSoftmax(x),
    };
    const data = Float64Array.of(-1e4, -200, -90, -1e-6, 0, 1e-6, 90, 200, 1e4);
    const feeds = { x: { data, shape: [9] } };
    const got = await runOnnx(outputs, feeds, []);
    for (const [i, expected] of evaluate(Object.values(outputs), feeds).entries()) {
      const name = Object.keys(outputs)[i]!;
      expected.data.forEach((want, k) => {
        const value = (got[name]!.data as Float32Array)[k]!;
        expect({ name, x: data[k], near: Math.abs(value - want) <= 1e-6 * Math.max(1, Math.abs(want)) }).toEqual({
          name,
          x: data[k],
          near: true,
        });
      });
    }
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
