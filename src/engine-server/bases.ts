import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Engine,
  type ModelSpec,
  modelSpecSchema,
  type StartOptions,
  type TrainableModel,
} from '../engine/index.ts';
import { FRESH } from '../engine-tinker/index.ts';
import { loraTargets, parameterCount, specFault } from '../model/index.ts';
import { ProtocolError } from './protocol-error.ts';

/** A model that clients may name: what it is, where its weights lie, and which tokenizer goes with it. */
export interface ServedBase {
  readonly name: string;
  readonly spec: ModelSpec;
  /** Where its weights come from; fresh ones of the description's seed where there is none. */
  readonly start: StartOptions;
  /** What a client loads its tokenizer by. */
  readonly tokenizerId?: string;
  /** Ids that end a completion where a request names none. */
  readonly stop?: readonly number[];
  /** Text of token ids, where stop texts are to be understood. */
  readonly decode?: (ids: readonly number[]) => string;
}

/** Which parts of a model adapters are put on. */
export interface AdapterParts {
  readonly attention: boolean;
  readonly feedForward: boolean;
}

/** What a client asks of the adapters: none trains the whole model. */
export interface AdapterWish extends AdapterParts {
  readonly rank: number;
  readonly seed: number | undefined;
}

/** The protocol names no scale; this is the one that its servers use. */
export const LORA_ALPHA = 32;

/** The model that a fresh name describes. `mostParameters` bounds what a name can make this process allocate. */
function freshBase(name: string, mostParameters: number): ServedBase {
  let raw: unknown;
  try {
    raw = JSON.parse(name.slice(FRESH.length));
  } catch {
    throw new ProtocolError(400, 'base_model: expected JSON behind fresh:');
  }
  const parsed = modelSpecSchema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError(400, `base_model: ${issue!.path.join('.') || 'fresh'}: ${issue!.message}`);
  }
  const spec = parsed.data;
  const fault =
    specFault(spec) ??
    (spec.lora !== undefined || spec.scalarHead === true
      ? 'lora and scalarHead are no part of a base model; ask for adapters by lora_config'
      : parameterCount(spec) > mostParameters
        ? `${parameterCount(spec)} weights; this server makes at most ${mostParameters}`
        : undefined);
  if (fault !== undefined) throw new ProtocolError(400, `base_model: ${fault}`);
  return { name, spec, start: {} };
}

export class Bases {
  readonly #named: ReadonlyMap<string, ServedBase>;
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #mostParameters: number;

  constructor(named: readonly ServedBase[], options: { engine: Engine; folder: string; mostParameters: number }) {
    this.#named = new Map(named.map((base) => [base.name, base]));
    this.#engine = options.engine;
    this.#folder = options.folder;
    this.#mostParameters = options.mostParameters;
  }

  get all(): readonly ServedBase[] {
    return [...this.#named.values()];
  }

  get(name: string): ServedBase {
    const named = this.#named.get(name);
    if (named !== undefined) return named;
    if (name.startsWith(FRESH)) return freshBase(name, this.#mostParameters);
    const known = [...this.#named.keys(), `${FRESH}{…}`].join(', ');
    throw new ProtocolError(400, `base_model ${name.slice(0, 80)}: this server has ${known}`);
  }

  /** What a model of a base with these adapters is. @throws ProtocolError where nothing would be trained. */
  specOf({ spec }: ServedBase, wish: AdapterWish | undefined): ModelSpec {
    if (wish === undefined) return spec;
    if (wish.rank > spec.width)
      throw new ProtocolError(400, `lora_config.rank ${wish.rank}: expected at most the width, ${spec.width}`);
    const targets = loraTargets(spec).defaults.filter((name) =>
      name.startsWith('attention.') ? wish.attention : wish.feedForward,
    );
    if (targets.length === 0)
      throw new ProtocolError(
        400,
        'lora_config: the output projection stays as it is here; set train_attn or train_mlp',
      );
    return { ...spec, seed: wish.seed ?? spec.seed, lora: { rank: wish.rank, alpha: LORA_ALPHA, targets } };
  }

  /** A model of a base, with fresh adapters where some are asked for. */
  async make(base: ServedBase, spec: ModelSpec): Promise<TrainableModel> {
    const other = base.start.from === undefined && spec.seed !== base.spec.seed;
    return this.#engine.createModel(spec, other ? { from: await this.#written(base) } : base.start);
  }

  /** The weights of a fresh base as a folder: adapters of another seed are put on them. */
  async #written(base: ServedBase): Promise<string> {
    const folder = join(this.#folder, 'bases', createHash('sha256').update(base.name).digest('hex').slice(0, 16));
    if (existsSync(folder)) return folder;
    const model = await this.#engine.createModel(base.spec);
    await model.saveState(folder);
    await model.dispose();
    return folder;
  }
}
