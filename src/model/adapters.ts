import type { LoraSpec } from '../engine/index.ts';
import { DataError, own } from '../run/index.ts';
import { type Family, familyOf } from './hub-config.ts';
import { moduleName, targetNames } from './hub-tensors.ts';
import { type Adapter, adaptersOf, linearLayers, loraTargets, parameterShapes } from './parameters.ts';
import type { FloatTensor } from './safetensors.ts';
import type { TransformerSpec } from './spec.ts';

/** Low-rank adapters: merged into the weights, and as PEFT names them. */

/** Every adapter of a model with the block it is in. */
function everyAdapter(spec: TransformerSpec): { layer: number; linear: string; adapter: Adapter }[] {
  return Array.from({ length: spec.layers }, (_, layer) =>
    linearLayers(spec).flatMap(({ name }) =>
      adaptersOf(spec, name).map((adapter) => ({ layer, linear: name, adapter })),
    ),
  ).flat();
}

/** The same model without adapters: W + alpha/rank · A B, summed in float64 and rounded once. */
export function mergeAdapters(model: {
  readonly spec: TransformerSpec;
  readonly weights: ReadonlyMap<string, Float32Array>;
}): { spec: TransformerSpec; weights: Map<string, Float32Array> } {
  const { lora, ...spec } = model.spec;
  const weights = new Map([...parameterShapes(spec).keys()].map((name) => [name, model.weights.get(name)!]));
  if (lora === undefined) return { spec, weights };
  const { rank, alpha } = lora;
  const shapes = parameterShapes(spec);
  const own = new Set<string>();
  for (const { layer, linear, adapter } of everyAdapter(model.spec)) {
    const name = `layer${layer}.${linear}`;
    // Parts of one layer share its weights: copied once, so that the model that came in stays as it was.
    if (!own.has(name)) weights.set(name, weights.get(name)!.slice());
    own.add(name);
    const merged = weights.get(name)!;
    const [rows, columns] = shapes.get(name) as [number, number];
    const [a, b] = ['loraA', 'loraB'].map((half) => model.weights.get(`layer${layer}.${adapter.name}.${half}`)!);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < adapter.size; c++) {
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += a![r * rank + k]! * b![k * adapter.size + c]!;
        const at = r * columns + adapter.start + c;
        merged[at] = merged[at]! + (alpha / rank) * sum;
      }
    }
  }
  return { spec, weights };
}

const transposed = (values: Float32Array, rows: number, columns: number) => {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return out;
};

/** Published module of an adapter; a fused layer is a module only where the family publishes it fused. */
function adapterModule(family: Family, layer: number, name: string): string {
  if (![...targetNames(family).values()].flat().includes(name)) {
    throw new DataError(
      'adapter',
      `an adapter on ${name} has no place in a PEFT file of ${family}; adapt its parts, or merge it into the weights`,
    );
  }
  return `base_model.model.${moduleName(family, layer, name)}`;
}

/** `adapter_config.json` and the tensors of `adapter_model.safetensors` as PEFT reads them. */
export function toPeft(
  model: { readonly spec: TransformerSpec; readonly weights: ReadonlyMap<string, Float32Array> },
  base: string,
): { config: Record<string, unknown>; tensors: Map<string, FloatTensor> } {
  const { spec, weights } = model;
  if (spec.lora === undefined) throw new DataError('adapter', 'the model has no adapters; export it whole');
  const family = familyOf(spec);
  const { rank, alpha } = spec.lora;
  const tensors = new Map<string, FloatTensor>();
  const shapes = parameterShapes(spec);
  const modules = new Set<string>();
  for (const { layer, adapter } of everyAdapter(spec)) {
    const module = adapterModule(family, layer, adapter.name);
    // A name within the block tells GPT-2's two modules called c_proj apart.
    modules.add(module.split('.').slice(-2).join('.'));
    for (const half of ['A', 'B']) {
      const name = `layer${layer}.${adapter.name}.lora${half}`;
      const [rows, columns] = shapes.get(name) as [number, number];
      const values = transposed(weights.get(name)!, rows, columns);
      tensors.set(`${module}.lora_${half}.weight`, { shape: [columns, rows], values });
    }
  }
  if (spec.scalarHead === true) {
    tensors.set('base_model.model.score.weight', { shape: [1, spec.width], values: weights.get('scalarHead')! });
  }
  const config = {
    peft_type: 'LORA',
    task_type: spec.scalarHead === true ? 'SEQ_CLS' : 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: family === 'gpt2',
    modules_to_save: spec.scalarHead === true ? ['score'] : null,
    target_modules: [...modules],
    inference_mode: true,
  };
  return { config, tensors };
}

const MOST_RANK = 65_536;

/** Settings of an `adapter_config.json` for a model. What PEFT can do and this engine cannot is refused by name. */
export function loraFromPeft(
  config: Readonly<Record<string, unknown>>,
  spec: TransformerSpec,
  source: string,
): LoraSpec {
  const fault = (text: string) => new DataError('adapter', `${source}: ${text}`);
  if (config.peft_type !== 'LORA') throw fault(`peft_type is ${JSON.stringify(config.peft_type)}; expected "LORA"`);
  for (const key of [
    'use_dora',
    'use_rslora',
    'rank_pattern',
    'alpha_pattern',
    'layers_to_transform',
    'layer_replication',
  ]) {
    const value = own(config, key);
    const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (value !== undefined && value !== null && value !== false && !empty) {
      throw fault(`${key} is ${JSON.stringify(value)}, which is not supported; expected it unset`);
    }
  }
  if ((config.bias ?? 'none') !== 'none') throw fault(`bias is ${JSON.stringify(config.bias)}; expected "none"`);
  const { r: rank, lora_alpha: alpha, target_modules: modules } = config;
  if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1 || rank > MOST_RANK)
    throw fault(`r: expected a whole number from 1 to ${MOST_RANK}, got ${JSON.stringify(rank)}`);
  if (typeof alpha !== 'number' || !Number.isFinite(alpha) || alpha <= 0)
    throw fault(`lora_alpha: expected a positive number, got ${JSON.stringify(alpha)}`);
  if (modules === 'all-linear') return { rank, alpha };
  if (!Array.isArray(modules) || !modules.every((name) => typeof name === 'string'))
    throw fault('target_modules: expected a list of module names, or "all-linear"');
  return { rank, alpha, targets: resolveTargets(modules as string[], spec, source) };
}

/**
 * Names of linear layers as this house has them, for names in either manner: `attention.q`, `q_proj`, `self_attn.q_proj`. GPT-2's
 * `c_proj` means both layers of that name. `all-linear` means all.
 */
export function resolveTargets(names: readonly string[], spec: TransformerSpec, source: string): string[] {
  const { allowed, defaults } = loraTargets(spec);
  const family = familyOf(spec);
  const published = targetNames(family);
  const known = [...allowed, ...published.keys()];
  const resolved = names.flatMap((name) => {
    if (name === 'all-linear') return defaults;
    if (allowed.includes(name)) return [name];
    const candidates = published.get(name.slice(name.lastIndexOf('.') + 1)) ?? [];
    const fitting = candidates.filter((ours) => moduleName(family, 0, ours).endsWith(`.${name}`));
    if (fitting.length === 0) {
      throw new DataError('adapter', `${source}: ${name} is no linear layer; expected some of ${known.join(', ')}`);
    }
    return fitting;
  });
  return [...new Set(resolved)];
}

/** Adapter weights by our names, from PEFT's tensors. Every adapter of the description must be there, and nothing else. */
export function fromPeft(
  read: { readonly names: readonly string[]; read(name: string): FloatTensor },
  spec: TransformerSpec,
  source: string,
): Map<string, Float32Array> {
  const family = familyOf(spec);
  const shapes = parameterShapes(spec);
  const left = new Set(read.names);
  const weights = new Map<string, Float32Array>();
  const take = (tensor: string, name: string) => {
    if (!left.delete(tensor)) throw new DataError('adapter', `${source}: tensor ${tensor} is missing`);
    const { shape, values } = read.read(tensor);
    const [rows, columns] = shapes.get(name) as [number, number];
    if (shape.join() !== [columns, rows].join()) {
      throw new DataError('adapter', `${source}: tensor ${tensor} is [${shape}]; expected [${columns},${rows}]`);
    }
    weights.set(name, transposed(values, columns, rows));
  };
  for (const { layer, adapter } of everyAdapter(spec)) {
    const module = adapterModule(family, layer, adapter.name);
    for (const half of ['A', 'B']) take(`${module}.lora_${half}.weight`, `layer${layer}.${adapter.name}.lora${half}`);
  }
  const head = 'base_model.model.score.weight';
  if (spec.scalarHead === true && left.has(head)) take(head, 'scalarHead');
  left.delete(head);
  if (left.size > 0) {
    throw new DataError(
      'adapter',
      `${source}: tensors that adapter_config.json does not explain: ${[...left].slice(0, 3)}`,
    );
  }
  return weights;
}
