import { own } from '../run/index.ts';
import type { Family } from './hub-config.ts';
import { linearLayers, parametersOf } from './parameters.ts';
import type { TransformerSpec } from './spec.ts';

/** Where each parameter's numbers stand among the tensors of a published family. */

/** One published tensor as part of a parameter: columns `start` to `start + size` of its last axis. */
export interface Piece {
  readonly tensor: string;
  /** Shape as published. */
  readonly shape: readonly number[];
  /** Published as [out, in] (torch's Linear), stored here as [in, out]. */
  readonly transposed: boolean;
  readonly start: number;
  readonly size: number;
}

/** Published module names inside a block, by our linear layer or part of one. */
const MODULES: { readonly [F in 'gpt2' | 'rotary']: Readonly<Record<string, string>> } = {
  gpt2: {
    'attention.norm': 'ln_1',
    'attention.qkv': 'attn.c_attn',
    'attention.out': 'attn.c_proj',
    'mlp.norm': 'ln_2',
    'mlp.up': 'mlp.c_fc',
    'mlp.down': 'mlp.c_proj',
  },
  rotary: {
    'attention.norm': 'input_layernorm',
    'attention.q': 'self_attn.q_proj',
    'attention.k': 'self_attn.k_proj',
    'attention.v': 'self_attn.v_proj',
    'attention.queryNorm': 'self_attn.q_norm',
    'attention.keyNorm': 'self_attn.k_norm',
    'attention.out': 'self_attn.o_proj',
    'mlp.norm': 'post_attention_layernorm',
    'mlp.gate': 'mlp.gate_proj',
    'mlp.up': 'mlp.up_proj',
    'mlp.down': 'mlp.down_proj',
  },
};
const OUTSIDE: { readonly [F in 'gpt2' | 'rotary']: Readonly<Record<string, string>> } = {
  gpt2: { embedding: 'transformer.wte', positionEmbedding: 'transformer.wpe', norm: 'transformer.ln_f' },
  rotary: { embedding: 'model.embed_tokens', norm: 'model.norm' },
};
const layoutOf = (family: Family) => (family === 'gpt2' ? 'gpt2' : 'rotary');

/** Published name of a block's module, for example `model.layers.3.self_attn.q_proj`. */
export function moduleName(family: Family, layer: number, name: string): string {
  const layout = layoutOf(family);
  const block = layout === 'gpt2' ? `transformer.h.${layer}` : `model.layers.${layer}`;
  return `${block}.${own(MODULES[layout], name)}`;
}

/** Our names of linear layers (or parts) by the last part of the published module name: `q_proj`, `c_attn`; GPT-2's `c_proj` names two. */
export function targetNames(family: Family): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [ours, module] of Object.entries(MODULES[layoutOf(family)])) {
    if (/norm/i.test(ours)) continue;
    const last = module.slice(module.lastIndexOf('.') + 1);
    names.set(last, [...(names.get(last) ?? []), ours]);
  }
  return names;
}

/** For every parameter but adapters, its pieces; a piece of a fused layer is one published tensor. */
export function hubTensors(spec: TransformerSpec, family: Family): Map<string, Piece[]> {
  const layout = layoutOf(family);
  const pieces = new Map<string, Piece[]>();
  const linears = new Map(linearLayers(spec).map((linear) => [linear.name, linear]));
  for (const { name, shape, role } of parametersOf(spec)) {
    if (role === 'adapter') continue;
    const whole = { transposed: false, start: 0, size: shape.at(-1)!, shape };
    if (name === 'scalarHead') {
      pieces.set(name, [{ ...whole, tensor: 'score.weight', shape: [1, spec.width], transposed: true }]);
      continue;
    }
    if (name === 'unembedding') {
      pieces.set(name, [{ ...whole, tensor: 'lm_head.weight' }]);
      continue;
    }
    const suffix = name.endsWith('.bias') ? 'bias' : 'weight';
    const bare = suffix === 'bias' ? name.slice(0, -'.bias'.length) : name;
    const [, layer, inner] = bare.match(/^layer(\d+)\.(.+)$/) ?? [];
    if (layer === undefined || inner === undefined) {
      pieces.set(name, [{ ...whole, tensor: `${own(OUTSIDE[layout], bare)}.${suffix}` }]);
      continue;
    }
    const parts = linears.get(inner)?.parts ?? [];
    const split =
      parts.length > 0 && own(MODULES[layout], inner) === undefined ? parts : [{ name: inner, size: whole.size }];
    // GPT-2 publishes matrices as [in, out] (its Conv1D).
    const transposed = role === 'matrix' && layout === 'rotary';
    let start = 0;
    pieces.set(
      name,
      split.map((part) => {
        const piece = {
          tensor: `${moduleName(family, Number(layer), part.name)}.${suffix}`,
          shape: role !== 'matrix' ? [part.size] : transposed ? [part.size, shape[0]!] : [shape[0]!, part.size],
          transposed,
          start,
          size: part.size,
        };
        start += part.size;
        return piece;
      }),
    );
  }
  return pieces;
}

/** Copies a published tensor into a parameter of `columns` columns. */
export function placePiece(values: Float32Array, piece: Piece, to: Float32Array, columns: number): void {
  const { transposed, start, size } = piece;
  const rows = values.length / size;
  if (!transposed) {
    for (let r = 0; r < rows; r++) to.set(values.subarray(r * size, (r + 1) * size), r * columns + start);
    return;
  }
  for (let c = 0; c < size; c++) for (let r = 0; r < rows; r++) to[r * columns + start + c] = values[c * rows + r]!;
}

/** The published tensor that a parameter of `columns` columns holds: the inverse of `placePiece`. */
export function takePiece(from: Float32Array, piece: Piece, columns: number): Float32Array {
  const { transposed, start, size } = piece;
  const rows = from.length / columns;
  const values = new Float32Array(rows * size);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < size; c++) values[transposed ? c * rows + r : r * size + c] = from[r * columns + start + c]!;
  }
  return values;
}
