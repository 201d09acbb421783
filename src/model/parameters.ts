import type { LoraSpec } from '../engine/index.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';

/** The weights of a model by name, as its description has them: shapes, roles, fresh values. */

export interface Parameter {
  /** For example `layer0.attention.qkv`. */
  readonly name: string;
  /** Matrices act from the right: rows of activations times [in, out]. Embeddings are [entries, width]. */
  readonly shape: readonly number[];
  readonly role: 'embedding' | 'matrix' | 'gain' | 'bias' | 'head' | 'adapter';
}

/** A linear layer of every block, and the parts of its output that may be adapted one by one. */
interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly biased: boolean;
  readonly parts: readonly { readonly name: string; readonly size: number }[];
}

/** The linear layers of one block, in storage order. */
export function linearLayers(spec: TransformerSpec): Linear[] {
  const { width, heads, feedForward } = spec;
  const { keyValueHeads, headWidth, activation, biases } = architectureOf(spec);
  const joined = heads * headWidth;
  const kv = keyValueHeads * headWidth;
  const all = biases === 'all';
  const up: Linear =
    activation === 'swiglu'
      ? {
          name: 'mlp.gateUp',
          inputs: width,
          outputs: 2 * feedForward,
          biased: all,
          parts: [
            { name: 'mlp.gate', size: feedForward },
            { name: 'mlp.up', size: feedForward },
          ],
        }
      : { name: 'mlp.up', inputs: width, outputs: feedForward, biased: all, parts: [] };
  return [
    {
      name: 'attention.qkv',
      inputs: width,
      outputs: joined + 2 * kv,
      biased: biases !== 'none',
      parts: [
        { name: 'attention.q', size: joined },
        { name: 'attention.k', size: kv },
        { name: 'attention.v', size: kv },
      ],
    },
    { name: 'attention.out', inputs: joined, outputs: width, biased: all, parts: [] },
    up,
    { name: 'mlp.down', inputs: feedForward, outputs: width, biased: all, parts: [] },
  ];
}

/** An adapter of one linear layer: where in the layer's output it adds, and its name without `.loraA`. */
export interface Adapter {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** What `lora.targets` may name: every linear layer, whole or by part. The default adapts every part. */
export function loraTargets(spec: TransformerSpec): { readonly allowed: string[]; readonly defaults: string[] } {
  const layers = linearLayers(spec);
  return {
    allowed: layers.flatMap((layer) => [layer.name, ...layer.parts.map((part) => part.name)]),
    defaults: layers.flatMap((layer) => (layer.parts.length > 0 ? layer.parts.map((part) => part.name) : [layer.name])),
  };
}

/** Why adapters do not fit a model, in one line; `undefined` when they do. */
export function loraFault(spec: TransformerSpec, lora: LoraSpec): string | undefined {
  if (!Number.isSafeInteger(lora.rank) || lora.rank < 1)
    return `lora.rank ${lora.rank}: expected a positive whole number`;
  if (!(lora.alpha > 0)) return `lora.alpha ${lora.alpha}: expected a positive number`;
  const { allowed } = loraTargets(spec);
  const targets = lora.targets ?? [];
  if (lora.targets !== undefined && targets.length === 0) return 'lora.targets: expected at least one linear layer';
  const unknown = targets.find((target) => !allowed.includes(target));
  if (unknown !== undefined)
    return `lora.targets: ${unknown} is no linear layer; expected some of ${allowed.join(', ')}`;
  const twice = linearLayers(spec).find(
    ({ name, parts }) => targets.includes(name) && parts.some((part) => targets.includes(part.name)),
  );
  return twice === undefined ? undefined : `lora.targets: ${twice.name} is named whole and by part; choose one`;
}

/** The adapters on a linear layer, in the order of its output. */
export function adaptersOf(spec: TransformerSpec, linear: string): Adapter[] {
  if (spec.lora === undefined) return [];
  const layer = linearLayers(spec).find(({ name }) => name === linear)!;
  const targets = spec.lora.targets ?? loraTargets(spec).defaults;
  const adapters: Adapter[] = [];
  if (targets.includes(layer.name)) adapters.push({ name: layer.name, start: 0, size: layer.outputs });
  let start = 0;
  for (const { name, size } of layer.parts) {
    if (targets.includes(name)) adapters.push({ name, start, size });
    start += size;
  }
  return adapters;
}

/** Every parameter, in storage order; adapters come last, so that they leave the bits of a fresh model alone. */
export function parametersOf(spec: TransformerSpec): Parameter[] {
  const { vocabulary, width, layers, maxContext, lora } = spec;
  const { norm, positions, queryKeyNorm, headWidth, tied } = architectureOf(spec);
  const list: Parameter[] = [{ name: 'embedding', shape: [vocabulary, width], role: 'embedding' }];
  const adapters: Parameter[] = [];
  if (positions === 'learned') list.push({ name: 'positionEmbedding', shape: [maxContext, width], role: 'embedding' });
  const gain = (name: string, size: number) => list.push({ name, shape: [size], role: 'gain' });
  const bias = (name: string, size: number) => list.push({ name: `${name}.bias`, shape: [size], role: 'bias' });
  const normed = (name: string) => {
    gain(name, width);
    if (norm === 'layer') bias(name, width);
  };
  const linears = linearLayers(spec);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `layer${layer}`;
    for (const linear of linears) {
      const { name, inputs, outputs, biased } = linear;
      if (name === 'attention.qkv') normed(`${prefix}.attention.norm`);
      if (name.startsWith('mlp') && name !== 'mlp.down') normed(`${prefix}.mlp.norm`);
      list.push({ name: `${prefix}.${name}`, shape: [inputs, outputs], role: 'matrix' });
      if (biased) bias(`${prefix}.${name}`, outputs);
      if (name === 'attention.qkv' && queryKeyNorm) {
        gain(`${prefix}.attention.queryNorm`, headWidth);
        gain(`${prefix}.attention.keyNorm`, headWidth);
      }
      for (const adapter of adaptersOf(spec, name)) {
        const at = `${prefix}.${adapter.name}`;
        adapters.push({ name: `${at}.loraA`, shape: [inputs, lora!.rank], role: 'adapter' });
        adapters.push({ name: `${at}.loraB`, shape: [lora!.rank, adapter.size], role: 'adapter' });
      }
    }
  }
  normed('norm');
  if (!tied) list.push({ name: 'unembedding', shape: [vocabulary, width], role: 'embedding' });
  if (spec.scalarHead === true) list.push({ name: 'scalarHead', shape: [width, 1], role: 'head' });
  return [...list, ...adapters];
}

/** Shapes by name, in storage order. */
export const parameterShapes = (spec: TransformerSpec): Map<string, readonly number[]> =>
  new Map(parametersOf(spec).map(({ name, shape }) => [name, shape]));

const sizeOf = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);

/** Number of weights. */
export const parameterCount = (spec: TransformerSpec): number =>
  parametersOf(spec).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Parameters that training changes: all of them, or with LoRA the adapters and the scalar head. */
export const trainableParameters = (spec: TransformerSpec): Parameter[] =>
  parametersOf(spec).filter(({ role }) => spec.lora === undefined || role === 'adapter' || role === 'head');

/** Standard deviation of fresh values; 0 for those that are filled. */
function deviationOf({ name, role, shape }: Parameter, spec: TransformerSpec): number {
  if (role === 'head') return 1 / Math.sqrt(spec.width + 1);
  // PEFT draws A uniformly within ±1/√in; this is the normal distribution of that variance.
  if (role === 'adapter') return name.endsWith('.loraA') ? 1 / Math.sqrt(3 * shape[0]!) : 0;
  if (role === 'gain' || role === 'bias') return 0;
  const residual = name.endsWith('.out') || name.endsWith('.down');
  return residual ? 0.02 / Math.sqrt(2 * spec.layers) : 0.02;
}

/**
 * Fresh weights: gains 1, biases and LoRA's B 0; matrices normal with deviation 0.02, those that write to the residual
 * stream scaled by 1/√(2·layers) (GPT-2); the scalar head N(0, 1/(width + 1)). `normal` gives the i-th standard normal
 * number; those of the names in `given` are passed over, so that the others do not depend on what is given.
 */
export function initialParameters(
  spec: TransformerSpec,
  normal: (index: number) => number,
  given: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  let drawn = 0;
  for (const parameter of parametersOf(spec)) {
    const { name, role } = parameter;
    const size = sizeOf(parameter.shape);
    const deviation = deviationOf(parameter, spec);
    let values = given.get(name);
    if (values === undefined) {
      values = new Float32Array(size);
      if (role === 'gain') values.fill(1);
      else if (deviation > 0) for (let i = 0; i < size; i++) values[i] = deviation * normal(drawn + i);
    }
    if (deviation > 0) drawn += size;
    parameters.set(name, values);
  }
  return parameters;
}
