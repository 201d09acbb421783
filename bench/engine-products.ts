import type * as Ort from 'onnxruntime-node';
import { type TransformerSpec, tokenLossOutputs } from '../src/model/index.ts';
import { encodeOnnx, input, matmul, slice, type Tensor, topologicalOrder, transpose } from '../src/tensor/index.ts';

/** A named dimension, or a product of them, as a number. */
function sizeOf(dim: number | string, named: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, part) => product * (named[part] ?? Number(part)), 1);
}

/** Whether a product reads its operand with the last two axes swapped. */
const swapped = ({ op, attributes, shape }: Tensor) => {
  if (op !== 'transpose') return false;
  const { perm } = attributes as { perm: readonly number[] };
  return perm.every((axis, i) => axis === (i < shape.length - 2 ? i : 2 * shape.length - 3 - i));
};

/**
 * The matrix products of one training step and nothing else: each on operands of its own, in the layout the step reads
 * them in, only one element leaving the graph. The time of a run is the floor under the step; `flops` counts
 * multiplications and additions.
 */
export async function productsOfStep(spec: TransformerSpec, batch: number, time: number, threads: number) {
  const ort = (await import('onnxruntime-node')) as typeof Ort;
  const named = { batch, time };
  const outputs: Record<string, Tensor> = {};
  const feeds: Record<string, Ort.Tensor> = {};
  let flops = 0;
  const products = topologicalOrder(Object.values(tokenLossOutputs(spec, 'cross_entropy'))).filter(
    (t) => t.op === 'matmul',
  );
  for (const [i, product] of products.entries()) {
    const operands = product.inputs.map((operand, side) => {
      const turned = swapped(operand);
      const shape = (turned ? operand.inputs[0]! : operand).shape.map((dim) => sizeOf(dim, named));
      const name = `p${i}.${side}`;
      const count = shape.reduce((n, d) => n * d, 1);
      feeds[name] = new ort.Tensor(
        'float32',
        Float32Array.from({ length: count }, (_, j) => ((j * 37) % 101) / 101 - 0.5),
        shape,
      );
      const leaf = input(name, 'float32', shape);
      return turned ? transpose(leaf) : leaf;
    });
    const out = matmul(operands[0]!, operands[1]!);
    flops += 2 * (out.shape as number[]).reduce((n, d) => n * d, 1) * (operands[0]!.shape.at(-1) as number);
    outputs[`o${i}`] = out.shape.reduce<Tensor>((t, _, axis) => slice(t, axis, 0, 1), out);
  }
  const session = await ort.InferenceSession.create(encodeOnnx(outputs), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return { flops, run: async () => void (await session.run(feeds)), close: () => session.release() };
}
