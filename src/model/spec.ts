/** A decoder-only transformer, Llama-shaped: RMS norm, rotary positions, SwiGLU, tied embeddings. Sizes in numbers of units. */
export interface TransformerSpec {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly maxContext: number;
  readonly scalarHead?: boolean;
}

/** Parameters by name with their shapes, in storage order. Matrices act from the right: rows of activations times [in, out]. */
export function parameterShapes(spec: TransformerSpec): Map<string, readonly number[]> {
  const { vocabulary, width, layers, feedForward } = spec;
  const shapes = new Map<string, readonly number[]>([['embedding', [vocabulary, width]]]);
  for (let layer = 0; layer < layers; layer++) {
    shapes.set(`layer${layer}.attention.norm`, [width]);
    shapes.set(`layer${layer}.attention.qkv`, [width, 3 * width]);
    shapes.set(`layer${layer}.attention.out`, [width, width]);
    shapes.set(`layer${layer}.mlp.norm`, [width]);
    shapes.set(`layer${layer}.mlp.gateUp`, [width, 2 * feedForward]);
    shapes.set(`layer${layer}.mlp.down`, [feedForward, width]);
  }
  shapes.set('norm', [width]);
  if (spec.scalarHead === true) shapes.set('scalarHead', [width, 1]);
  return shapes;
}

/** Number of weights. */
export const parameterCount = (spec: TransformerSpec): number =>
  [...parameterShapes(spec).values()].reduce((sum, shape) => sum + shape.reduce((p, d) => p * d, 1), 0);

/**
 * Fresh weights: norms 1; matrices normal with deviation 0.02, those that write to the residual stream scaled by
 * 1/√(2·layers) (GPT-2); the scalar head N(0, 1/(width + 1)).
 */
export function initialParameters(spec: TransformerSpec, normal: () => number): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  for (const [name, shape] of parameterShapes(spec)) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = new Float32Array(size);
    if (name.endsWith('norm')) values.fill(1);
    else {
      const residual = name.endsWith('.out') || name.endsWith('.down');
      const deviation =
        name === 'scalarHead' ? 1 / Math.sqrt(spec.width + 1) : residual ? 0.02 / Math.sqrt(2 * spec.layers) : 0.02;
      for (let i = 0; i < size; i++) values[i] = deviation * normal();
    }
    parameters.set(name, values);
  }
  return parameters;
}
