import { z } from 'zod';
import type { AdamParams, LoraSpec, LossName } from '../engine/index.ts';
import { EngineError } from '../run/index.ts';
import { adamJson, chunksOf, passMessage, readPass, type Wire } from './passes.ts';
import { idSchema, type Session } from './session.ts';
import type { WireDatum } from './tensors.ts';
import { jsonOf, type Message, type Reply } from './transport.ts';

/** A model on a server: its requests are numbered, sent in that order, and not waited for one by one. */

const modelSchema = z.object({ model_id: idSchema });
const savedSchema = z.object({ path: z.string().startsWith('tinker://').max(1000) });
/** An answer of any content: an empty one was cut short. */
const loadedSchema = z.looseObject({});
const openedSchema = z.object({ sampling_session_id: idSchema });
const steppedSchema = z.object({ metrics: z.record(z.string(), z.number()).nullish() });

export interface RemotePass {
  readonly data: readonly WireDatum[];
  readonly loss: LossName;
  readonly config: ReadonlyMap<string, number>;
  readonly forwardOnly: boolean;
}

/** What a model is made of: a base model by name, with adapters or without, or a saved state. */
export interface RemoteStart {
  readonly baseModel: string;
  readonly lora: LoraSpec | undefined;
  readonly seed: number;
  /** A saved state to go on from, with the optimiser or without. */
  readonly state?: { readonly path: string; readonly optimizer: boolean } | undefined;
}

/** Whether adapters are on attention and on feed-forward layers, which is all that the protocol can ask for. */
function adapterParts({ targets }: LoraSpec): { train_attn: boolean; train_mlp: boolean; train_unembed: boolean } {
  const names = targets ?? ['attention.', 'mlp.'];
  const has = (part: string) => names.some((name) => name.startsWith(part));
  return { train_attn: has('attention.'), train_mlp: has('mlp.'), train_unembed: false };
}

/** Scale 32 / rank: that of the servers of this protocol, which has no word for another. */
export const PROTOCOL_ALPHA = 32;

export class RemoteModel {
  readonly id: string;
  readonly #session: Session;
  readonly #wire: Wire;
  #seq = 0;
  #arrived: Promise<unknown> = Promise.resolve();

  private constructor(session: Session, id: string, wire: Wire) {
    this.#session = session;
    this.id = id;
    this.#wire = wire;
  }

  static async make(session: Session, number: number, start: RemoteStart, wire: Wire): Promise<RemoteModel> {
    const { baseModel, lora, seed, state } = start;
    const body = {
      session_id: session.id,
      model_seq_id: number,
      base_model: baseModel,
      lora_config: lora === undefined ? { rank: 0 } : { rank: lora.rank, seed, ...adapterParts(lora) },
      type: 'create_model',
    };
    const { model_id } = await session.call('create_model', { body }, jsonOf(modelSchema));
    const model = new RemoteModel(session, model_id, wire);
    if (state !== undefined) {
      const load = { path: state.path, optimizer: state.optimizer, type: 'load_weights' };
      await model.#inTurn('load_weights', (turn) => ({ body: { ...turn, ...load } }), jsonOf(loadedSchema));
    }
    return model;
  }

  /** Sends a request in its turn, then waits for its result without holding up the next. */
  async #inTurn<T>(
    path: string,
    messageOf: (turn: { readonly model_id: string; readonly seq_id: number }) => Message,
    read: (reply: Reply) => T,
  ): Promise<T> {
    this.#seq += 1;
    const message = messageOf({ model_id: this.id, seq_id: this.#seq });
    const submit = () => this.#session.submit(path, message);
    const before = this.#arrived;
    const sent = this.#session.config.parallel_fwdbwd_chunks ? submit() : before.then(submit);
    this.#arrived = Promise.all([before, sent.catch(() => {})]);
    return this.#session.result(await sent, submit, read, message.protobuf);
  }

  /** Log-probabilities of the targets, chunk by chunk. */
  async pass({ data, loss, config, forwardOnly }: RemotePass): Promise<Float32Array[]> {
    const { fwdbwd_max_chunk_len: most, fwdbwd_max_chunk_bytes_count: bytes } = this.#session.config;
    const answers = chunksOf(data, { data: most, bytes }).map((chunk) => {
      const build = (turn: { readonly model_id: string; readonly seq_id: number }) =>
        passMessage({ modelId: turn.model_id, seqId: turn.seq_id, data: chunk, loss, config, forwardOnly }, this.#wire);
      const { path } = build({ model_id: '', seq_id: 1 });
      return this.#inTurn(path, (turn) => build(turn).message, readPass(chunk));
    });
    return (await Promise.all(answers)).flatMap(({ logprobs }) => logprobs);
  }

  /** Norm of the gradient before clipping; NaN where the server does not say. */
  async step(adam: AdamParams): Promise<number> {
    const { metrics } = await this.#inTurn(
      'optim_step',
      (turn) => ({ body: { ...turn, adam_params: adamJson(adam), type: 'optim_step' } }),
      jsonOf(steppedSchema),
    );
    return Object.entries(metrics ?? {}).find(([name]) => /(^|[/.])grad_norm(:|$)/.test(name))?.[1] ?? Number.NaN;
  }

  /** Saves weights and optimiser under a name. Returns the path. */
  async save(name: string): Promise<string> {
    const body = { path: name, type: 'save_weights' };
    const { path } = await this.#inTurn(
      'save_weights',
      (turn) => ({ body: { ...turn, ...body } }),
      jsonOf(savedSchema),
    );
    return path;
  }

  /** Opens a sampling session on the weights as they are. */
  async openSampler(number: number): Promise<string> {
    const body = { sampling_session_seq_id: number, type: 'save_weights_for_sampler' };
    const { sampling_session_id } = await this.#inTurn(
      'save_weights_for_sampler',
      (turn) => ({ body: { ...turn, ...body } }),
      jsonOf(openedSchema),
    );
    return sampling_session_id;
  }

  /** Lets it go; a server that does not do so when asked does so when the session ends. */
  async unload(): Promise<void> {
    const body = { model_id: this.id, type: 'unload_model' };
    await this.#session
      .call('unload_model', { body }, () => {})
      .catch((error: unknown) => {
        if (!(error instanceof EngineError)) throw error;
      });
  }
}

/** A sampling session on a base model. */
export async function openBaseSampler(session: Session, number: number, baseModel: string): Promise<string> {
  const body = {
    session_id: session.id,
    sampling_session_seq_id: number,
    base_model: baseModel,
    type: 'create_sampling_session',
  };
  return (await session.transport.ask('create_sampling_session', { body }, jsonOf(openedSchema))).sampling_session_id;
}
