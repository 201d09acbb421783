import { DataError } from '../run/index.ts';
import { type Family, familyOf } from './hub-config.ts';
import { moduleName, targetNames } from './hub-tensors.ts';
import { type Adapter, adaptersOf, linearLayers, loraTargets, parameterShapes } from './parameters.ts';
import { peftPlan } from './peft-config.ts';
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

/** A smaller matrix in the corner of one of zeros; its values times `scale`. */
function padded(values: Float32Array, columns: number, to: readonly [number, number], scale: number): Float32Array {
  const out = new Float32Array(to[0] * to[1]);
  for (let i = 0; i < values.length; i++) out[Math.floor(i / columns) * to[1] + (i % columns)] = scale * values[i]!;
  return out;
}

/**
 * Adapter weights by our names, from PEFT's tensors and settings. Every adapter of the settings must be there, and nothing else. Where
 * PEFT adapts a layer at a smaller rank or not at all, the rest of A and of B is zero: it adds nothing, and no gradient reaches it.
 */
export function fromPeft(
  read: { readonly names: readonly string[]; read(name: string): FloatTensor },
  spec: TransformerSpec,
  peft: { readonly config: Readonly<Record<string, unknown>>; readonly source: string },
): Map<string, Float32Array> {
  const { config, source } = peft;
  const family = familyOf(spec);
  const shapes = parameterShapes(spec);
  const left = new Set(read.names);
  const weights = new Map<string, Float32Array>();
  const plan = peftPlan(config, spec, source);
  const modules = new Map(plan.modules.map((module) => [`layer${module.layer}.${module.name}`, module]));
  const names = new Set(plan.modules.map((module) => module.name));
  const { rank, alpha } = spec.lora!;
  const take = (tensor: string, shape: readonly [number, number]): Float32Array => {
    if (!left.delete(tensor)) throw new DataError('adapter', `${source}: tensor ${tensor} is missing`);
    const got = read.read(tensor);
    if (got.shape.join() !== shape.join()) {
      throw new DataError('adapter', `${source}: tensor ${tensor} is [${got.shape}]; expected [${shape}]`);
    }
    return transposed(got.values, shape[0], shape[1]);
  };
  for (const { layer, adapter } of everyAdapter(spec)) {
    const at = `layer${layer}.${adapter.name}`;
    const [a, b] = ['A', 'B'].map((half) => shapes.get(`${at}.lora${half}`) as [number, number]);
    const module = modules.get(at);
    modules.delete(at);
    if (module === undefined && names.has(adapter.name)) {
      weights.set(`${at}.loraA`, new Float32Array(a![0] * rank)).set(`${at}.loraB`, new Float32Array(rank * b![1]));
      continue;
    }
    const name = adapterModule(family, layer, adapter.name);
    if (module === undefined) throw new DataError('adapter', `${source}: tensor ${name}.lora_A.weight is missing`);
    // Rounded to one where it is one: the numbers of the file stay as they are.
    const ratio = module.scale / (alpha / rank);
    const scale = Math.abs(ratio - 1) < 1e-12 ? 1 : ratio;
    const own = Math.min(module.rank, rank);
    weights.set(`${at}.loraA`, padded(take(`${name}.lora_A.weight`, [own, a![0]]), own, a!, 1));
    weights.set(`${at}.loraB`, padded(take(`${name}.lora_B.weight`, [b![1], own]), b![1], b!, scale));
  }
  const head = 'base_model.model.score.weight';
  if (left.has(head)) {
    if (spec.scalarHead !== true) {
      throw new DataError('adapter', `${source}: holds the head of a reward model; open its base with a scalar head`);
    }
    weights.set('scalarHead', take(head, [1, spec.width]));
  } else if (plan.savesHead && spec.scalarHead === true) {
    throw new DataError('adapter', `${source}: tensor ${head} is missing`);
  }
  const [missing] = modules.keys();
  if (left.size > 0 || missing !== undefined) {
    const names = left.size > 0 ? [...left].slice(0, 3) : `none for ${missing}`;
    throw new DataError('adapter', `${source}: tensors that adapter_config.json does not explain: ${names}`);
  }
  return weights;
}
