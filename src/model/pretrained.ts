import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { LoraSpec } from '../engine/index.ts';
import { DataError } from '../run/index.ts';
import { fileError, onPath, readJson, targetAt, writeFileAtomic, writeJson } from '../run/node.ts';
import { fromPeft, toPeft } from './adapters.ts';
import { configFromSpec, familyOf, specFromConfig } from './hub-config.ts';
import { hubTensors, type Piece, placePiece, takePiece } from './hub-tensors.ts';
import { isKnownBeside, lossOf } from './left-tensors.ts';
import { type Parameter, parameterCount, parametersOf } from './parameters.ts';
import { type PeftPlan, peftPlan } from './peft-config.ts';
import {
  decodeFloats,
  decodeMask,
  encodeSafetensors,
  type FloatTensor,
  headerLength,
  PREFIX_BYTES,
  parseHeader,
  type StoredTensor,
} from './safetensors.ts';
import { architectureOf, specFault, type TransformerSpec } from './spec.ts';

/** Folders as published on the hub: `config.json` and weights in one safetensors file, or in several with an index. */

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Twice the largest `tokenizer.json` that is published. */
const JSON_BYTES = 64 * 1024 * 1024;

/** Reads a JSON object; what is no object ends with one line. */
export function readJsonObject(path: string): Record<string, unknown> {
  const value = readJson(path, JSON_BYTES);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError('json', `${path}: expected a JSON object`);
}

/** Whether a folder holds a published model. */
export const isPretrained = (folder: string): boolean => existsSync(join(folder, CONFIG));

/** Whether a folder holds a reward model: a sequence classifier, whose head is read as the scalar head. */
export function isRewardModel(folder: string): boolean {
  const { architectures } = readJsonObject(join(folder, CONFIG));
  return Array.isArray(architectures) && architectures.some((name) => /ForSequenceClassification$/.test(String(name)));
}

/** Bytes of the weights in a folder; 0 where it has none. */
const weightBytes = (folder: string): number =>
  onPath(folder, () => readdirSync(folder))
    .filter((name) => /\.(safetensors|gguf|bin)$/.test(name))
    .reduce((sum, name) => sum + (targetAt(join(folder, name))?.size ?? 0), 0);

/**
 * The description of the model in a folder. `maxContext` makes the context shorter than the model allows: tables of
 * positions and the cache of a sampler grow with it.
 */
export function readPretrainedSpec(folder: string, options: { maxContext?: number | undefined } = {}): TransformerSpec {
  const path = join(folder, CONFIG);
  const spec = specFromConfig(readJsonObject(path), path);
  const fault = specFault(spec);
  if (fault !== undefined) throw new DataError('model-config', `${path}: ${fault}`);
  const [described, bytes] = [parameterCount(spec), weightBytes(folder)];
  // Nothing is made of a size before the weights at hand bear it out: no published form takes less than half a byte each.
  if (bytes > 0 && described > 2 * bytes) {
    const want = `expected sizes that ${bytes} bytes of weights can hold, got ${described} weights`;
    throw new DataError('model-config', `${path}: ${want}; fetch the model again`);
  }
  const tied = architectureOf(spec).tied && (bytes === 0 || !hasOwnHead(folder, spec));
  const architecture = { ...spec.architecture, tied };
  const { maxContext = spec.maxContext } = options;
  if (maxContext > spec.maxContext) {
    throw new DataError(
      'context',
      `${path}: a context of ${maxContext} was asked for, but the model has ${spec.maxContext}; ask for less`,
    );
  }
  return { ...spec, architecture, maxContext };
}

/**
 * Whether a model whose settings tie the output projection to the embedding is published with a projection that differs: then that one
 * is its own, as transformers has it.
 */
function hasOwnHead(folder: string, spec: TransformerSpec): boolean {
  const files = new TensorFiles(weightFiles(folder));
  try {
    const [head, embedding] = ['lm_head.weight', hubTensors(spec, familyOf(spec)).get('embedding')![0]!.tensor].map(
      (name) => findTensor(files, name),
    );
    if (head === undefined || embedding === undefined) return false;
    const [own, shared] = [files.read(head), files.read(embedding)];
    return own.shape.join() !== shared.shape.join() || own.values.some((value, i) => value !== shared.values[i]);
  } finally {
    files.close();
  }
}

/** One open safetensors file. */
class TensorFile {
  readonly #file: number;
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;

  constructor(path: string) {
    this.path = path;
    // A pipe would wait for its writer for ever.
    this.#file = onPath(path, () => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
    try {
      const stat = fstatSync(this.#file);
      if (!stat.isFile()) throw new DataError('file', `${path}: expected a regular file; fetch the model again`);
      const { size } = stat;
      const length = headerLength(this.#bytes(0, Math.min(PREFIX_BYTES, size)), size, path);
      this.tensors = parseHeader(this.#bytes(PREFIX_BYTES, PREFIX_BYTES + length), size, path).tensors;
    } catch (error) {
      closeSync(this.#file);
      throw fileError(path, error);
    }
  }

  #bytes(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#file, bytes, at, Math.min(bytes.length - at, 2 ** 30), start + at);
      if (read === 0) throw new DataError('safetensors', `${this.path}: ends at byte ${start + at}; download it again`);
      at += read;
    }
    return bytes;
  }

  read(name: string): FloatTensor {
    const { dtype, shape, start, end } = this.tensors.get(name)!;
    return { shape, values: decodeFloats(this.#bytes(start, end), dtype, `${this.path}: ${name}`) };
  }

  readMask(name: string): FloatTensor {
    const { dtype, shape, start, end } = this.tensors.get(name)!;
    return { shape, values: decodeMask(this.#bytes(start, end), dtype, `${this.path}: ${name}`) };
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The weight files of a folder: the single one, or the shards that the index names. */
function weightFiles(folder: string): string[] {
  if (existsSync(join(folder, WEIGHTS))) return [join(folder, WEIGHTS)];
  const index = join(folder, INDEX);
  if (!existsSync(index)) {
    const others = onPath(folder, () => readdirSync(folder)).filter((file) =>
      /\.(bin|pt|pth|h5|gguf|msgpack)$/.test(file),
    );
    const hint = others.length === 0 ? 'check the path' : `${others[0]} is no safetensors file: convert it first`;
    throw new DataError('weights', `${folder}: expected ${WEIGHTS} or ${INDEX}; ${hint}`);
  }
  const map = readJsonObject(index).weight_map;
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || !/^[\w.-]+\.safetensors$/.test(name))) {
    throw new DataError('weights', `${index}: expected weight_map with names of files in this folder`);
  }
  return names.map((name) => join(folder, name as string));
}

/** Tensors of one or several safetensors files, read one at a time. */
export class TensorFiles {
  readonly #files: TensorFile[] = [];
  readonly #places = new Map<string, TensorFile>();

  constructor(paths: readonly string[]) {
    try {
      for (const path of paths) {
        const file = new TensorFile(path);
        this.#files.push(file);
        for (const name of file.tensors.keys()) {
          const other = this.#places.get(name);
          if (other !== undefined) {
            throw new DataError('weights', `tensor ${name} stands in ${other.path} and in ${path}; expected it once`);
          }
          this.#places.set(name, file);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#places.keys()];
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  shapeOf(name: string): readonly number[] {
    return this.#places.get(name)!.tensors.get(name)!.shape;
  }

  read(name: string): FloatTensor {
    return this.#places.get(name)!.read(name);
  }

  /** A tensor of floats, or a mask of bytes. */
  readMask(name: string): FloatTensor {
    return this.#places.get(name)!.readMask(name);
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

/** The published name in a file: some are published without the prefix of the whole model. */
function findTensor(files: TensorFiles, name: string): string | undefined {
  return [name, name.replace(/^(transformer|model)\./, '')].find((candidate) => files.has(candidate));
}

/** The tensor of a piece, if it has the shape that the description asks for; `longer` has more positions than are wanted. */
function tensorOf(files: TensorFiles, piece: Piece, { name, shape, folder }: Parameter & { folder: string }) {
  const tensor = findTensor(files, piece.tensor);
  if (tensor === undefined) {
    throw new DataError(
      'weights',
      `${folder}: tensor ${piece.tensor} is missing; config.json does not fit the weights`,
    );
  }
  const stored = files.shapeOf(tensor);
  // A shorter context leaves out the last learned positions.
  const longer =
    name === 'positionEmbedding' && stored.length === 2 && stored[1] === shape[1] && stored[0]! >= shape[0]!;
  if (!longer && stored.join() !== piece.shape.join()) {
    throw new DataError(
      'weights',
      `${folder}: tensor ${tensor} is [${stored}], but config.json asks for [${piece.shape}]`,
    );
  }
  return { tensor, longer };
}

function readParameter(files: TensorFiles, parameter: Parameter, pieces: readonly Piece[], folder: string) {
  const { shape } = parameter;
  // All shapes are compared before memory is taken for what config.json says.
  const found = pieces.map((piece) => ({ piece, ...tensorOf(files, piece, { ...parameter, folder }) }));
  const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  for (const { piece, tensor, longer } of found) {
    const read = files.read(tensor);
    placePiece(longer ? read.values.subarray(0, values.length) : read.values, piece, values, shape.at(-1)!);
  }
  return { values, used: found.map(({ tensor }) => tensor) };
}

/**
 * Weights of a published model, by our names. A scalar head is read where the description has one and the folder too;
 * without it in the folder it is left out, to be made fresh. So is the output projection of a model with a scalar head.
 */
export function readPretrained(folder: string, spec: TransformerSpec): Map<string, Float32Array> {
  const pieces = hubTensors(spec, familyOf(spec));
  const files = new TensorFiles(weightFiles(folder));
  try {
    const weights = new Map<string, Float32Array>();
    const used = new Set<string>();
    for (const parameter of parametersOf(spec)) {
      const own = pieces.get(parameter.name);
      if (own === undefined || (parameter.role === 'head' && !files.has(own[0]!.tensor))) continue;
      // A sequence classifier is published without the projection to the vocabulary, which it does not read.
      const classifier = spec.scalarHead === true && parameter.name === 'unembedding';
      if (classifier && findTensor(files, own[0]!.tensor) === undefined) continue;
      const read = readParameter(files, parameter, own, folder);
      weights.set(parameter.name, read.values);
      for (const name of read.used) used.add(name);
    }
    const left = files.names.filter((name) => !used.has(name));
    const strange = left.filter((name) => !isKnownBeside(name));
    if (strange.length > 0) {
      const more = strange.length > 3 ? ` and ${strange.length - 3} more` : '';
      throw new DataError(
        'weights',
        `${folder}: tensors that config.json does not explain: ${strange.slice(0, 3).join(', ').slice(0, 300)}${more}; the architecture differs`,
      );
    }
    for (const name of left) {
      const loss = lossOf(name, () => files.readMask(name), spec);
      if (loss !== undefined) throw new DataError('weights', `${folder}: tensor ${name} ${loss}; it would be left out`);
    }
    return weights;
  } finally {
    files.close();
  }
}

/** Writes tensors as one safetensors file, whole or not at all. */
export function writeSafetensors(path: string, tensors: ReadonlyMap<string, FloatTensor>): void {
  writeFileAtomic(path, Buffer.concat(encodeSafetensors(tensors)));
}

/** Most bytes of one weight file, as transformers has it. */
const SHARD_BYTES = 5e9;

/** Tensors in groups of at most `most` bytes; one that is larger has a group of its own. */
function shards(tensors: ReadonlyMap<string, FloatTensor>, most: number): Map<string, FloatTensor>[] {
  const groups: Map<string, FloatTensor>[] = [new Map()];
  let size = 0;
  for (const [name, tensor] of tensors) {
    const bytes = tensor.values.byteLength;
    if (size > 0 && size + bytes > most) {
      groups.push(new Map());
      size = 0;
    }
    groups.at(-1)!.set(name, tensor);
    size += bytes;
  }
  return groups;
}

/**
 * Writes `config.json` and the weights as transformers loads them (a scalar head as `score.weight` of a classifier). Adapters
 * must be merged before. More than `shardBytes` are divided among files with an index.
 */
export function writePretrained(
  folder: string,
  model: {
    readonly spec: TransformerSpec;
    readonly weights: ReadonlyMap<string, Float32Array>;
    readonly tokens?: Parameters<typeof configFromSpec>[1];
  },
  options: { readonly shardBytes?: number } = {},
): void {
  const { spec, weights } = model;
  const tensors = new Map<string, FloatTensor>();
  const shapes = new Map(parametersOf(spec).map(({ name, shape }) => [name, shape]));
  for (const [name, pieces] of hubTensors(spec, familyOf(spec))) {
    for (const piece of pieces) {
      const values = takePiece(weights.get(name)!, piece, shapes.get(name)!.at(-1)!);
      tensors.set(piece.tensor, { shape: piece.shape, values });
    }
  }
  onPath(folder, () => mkdirSync(folder, { recursive: true }));
  const groups = shards(tensors, options.shardBytes ?? SHARD_BYTES);
  if (groups.length === 1) writeSafetensors(join(folder, WEIGHTS), tensors);
  else {
    const map = new Map<string, string>();
    let total = 0;
    const number = (n: number) => String(n).padStart(5, '0');
    for (const [i, group] of groups.entries()) {
      const file = `model-${number(i + 1)}-of-${number(groups.length)}.safetensors`;
      writeSafetensors(join(folder, file), group);
      for (const [name, { values }] of group) {
        map.set(name, file);
        total += values.byteLength;
      }
    }
    writeJson(join(folder, INDEX), { metadata: { total_size: total }, weight_map: Object.fromEntries(map) });
  }
  writeJson(join(folder, CONFIG), configFromSpec(spec, model.tokens));
}

const ADAPTER_CONFIG = 'adapter_config.json';
const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

/** Writes adapters as a folder that PEFT loads onto `base` (a hub id or a path). */
export function writeAdapter(
  folder: string,
  model: { readonly spec: TransformerSpec; readonly weights: ReadonlyMap<string, Float32Array> },
  base: string,
): void {
  const { config, tensors } = toPeft(model, base);
  onPath(folder, () => mkdirSync(folder, { recursive: true }));
  writeSafetensors(join(folder, ADAPTER_WEIGHTS), tensors);
  writeJson(join(folder, ADAPTER_CONFIG), config);
}

/** What a PEFT folder adapts in a model. */
export function readAdapterPlan(folder: string, spec: TransformerSpec): PeftPlan {
  const path = join(folder, ADAPTER_CONFIG);
  return peftPlan(readJsonObject(path), spec, path);
}

/** The adapter settings of a PEFT folder for a model. */
export const readAdapterLora = (folder: string, spec: TransformerSpec): LoraSpec => readAdapterPlan(folder, spec).lora;

/** Adapter weights of a PEFT folder, by our names; `spec.lora` must be what `readAdapterLora` gave. */
export function readAdapter(folder: string, spec: TransformerSpec): Map<string, Float32Array> {
  const path = join(folder, ADAPTER_WEIGHTS);
  const files = new TensorFiles([path]);
  try {
    const config = readJsonObject(join(folder, ADAPTER_CONFIG));
    return fromPeft(files, spec, { config, source: path });
  } finally {
    files.close();
  }
}
