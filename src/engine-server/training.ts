import type { z } from 'zod';
import type { Engine, ModelSpec, TrainableModel } from '../engine/index.ts';
import { encodePassOutput, type PassOutput, type PassRequest, passOutputJson } from '../engine-tinker/index.ts';
import type { AdapterWish, Bases } from './bases.ts';
import { type Futures, jsonResult, type Result, ROW_BYTES } from './futures.ts';
import { passOf } from './passes.ts';
import { ProtocolError } from './protocol-error.ts';
import type {
  createModelSchema,
  loadWeightsSchema,
  optimStepSchema,
  saveForSamplerSchema,
  saveWeightsSchema,
} from './requests.ts';
import type { Samplers } from './samplers.ts';
import { pathOf, type StateCard, type States } from './states.ts';
import { type Turn, Turns } from './turns.ts';

/** A model that a client trains. */
export interface Training {
  readonly id: string;
  readonly session: string;
  readonly baseModel: string;
  readonly spec: ModelSpec;
  readonly adapters: StateCard['adapters'];
  readonly userMetadata: StateCard['userMetadata'];
  readonly turns: Turns;
  /** What it was made by, and the request that made it. */
  readonly digest: string;
  readonly request: string;
  model: Promise<TrainableModel>;
}

export interface TrainingMeans {
  readonly engine: Engine;
  readonly bases: Bases;
  readonly states: States;
  readonly samplers: Samplers;
  readonly futures: Futures;
  /** Most models held at once. */
  readonly most: number;
}

const wishOf = ({ lora_config }: z.infer<typeof createModelSchema>): AdapterWish | undefined =>
  lora_config == null || lora_config.rank === 0
    ? undefined
    : {
        rank: lora_config.rank,
        seed: lora_config.seed ?? undefined,
        attention: lora_config.train_attn,
        feedForward: lora_config.train_mlp,
      };

/** The models of all clients, and what is done with them. */
export class Trainings {
  readonly #means: TrainingMeans;
  readonly #models = new Map<string, Training>();

  constructor(means: TrainingMeans) {
    this.#means = means;
  }

  get all(): readonly Training[] {
    return [...this.#models.values()];
  }

  get(id: string): Training {
    const training = this.#models.get(id);
    if (training !== undefined) return training;
    throw new ProtocolError(
      404,
      'this server has no such model: it was unloaded, or the server was started again; make one from a saved state',
    );
  }

  /** Starts a model, once however often it is asked for. Returns the request that answers when it is there. */
  #begin(
    facts: Omit<Training, 'turns' | 'request' | 'model'>,
    make: () => Promise<TrainableModel>,
    answer: (training: Training) => object,
  ): string {
    const known = this.#models.get(facts.id);
    if (known !== undefined) {
      if (known.digest === facts.digest) return known.request;
      throw new ProtocolError(400, 'model_seq_id was used for another model; number models 0, 1, 2, …');
    }
    const { futures, most } = this.#means;
    if (this.#models.size >= most)
      throw new ProtocolError(400, `${most} models are held already; unload one, or wait until a session ends`);
    futures.requireRoom();
    const model = make();
    const request = futures.submit(model.then(() => jsonResult(answer(training))));
    const training: Training = { ...facts, turns: new Turns(futures), request, model };
    this.#models.set(facts.id, training);
    return request;
  }

  create(given: z.infer<typeof createModelSchema>, digest: string): string {
    const { bases } = this.#means;
    const base = bases.get(given.base_model);
    const wish = wishOf(given);
    const spec = bases.specOf(base, wish);
    const facts = {
      id: `${given.session_id}:train:${given.model_seq_id}`,
      session: given.session_id,
      baseModel: base.name,
      spec,
      adapters: wish === undefined ? null : { attention: wish.attention, feedForward: wish.feedForward },
      userMetadata: given.user_metadata ?? null,
      digest,
    };
    return this.#begin(
      facts,
      () => bases.make(base, spec),
      ({ id }) => ({ model_id: id, type: 'create_model' }),
    );
  }

  /** A model as a saved state has it; without `optimizer` its moments begin anew. */
  async #fromState(card: StateCard, folder: string, optimizer: boolean): Promise<TrainableModel> {
    const model = await this.#means.engine.createModel(card.spec, { from: folder });
    if (optimizer) await model.loadState(folder);
    return model;
  }

  /** A new model from a saved state. */
  createFrom(given: z.infer<typeof loadWeightsSchema>, digest: string): string {
    const { card, folder } = this.#means.states.find(given.path);
    this.#requireBase(card, given.base_model);
    const facts = {
      id: `${given.session_id}:train:${given.model_seq_id}`,
      session: given.session_id!,
      baseModel: card.baseModel,
      spec: card.spec,
      adapters: card.adapters,
      userMetadata: given.user_metadata ?? null,
      digest,
    };
    return this.#begin(
      facts,
      () => this.#fromState(card, folder, given.optimizer),
      ({ id }) => ({ path: given.path, model_id: id, type: 'load_weights' }),
    );
  }

  #requireBase({ baseModel }: StateCard, wanted: string | null | undefined): void {
    if (wanted != null && wanted !== baseModel)
      throw new ProtocolError(400, `base_model: the state is one of ${baseModel.slice(0, 80)}; leave base_model out`);
  }

  /** Puts a saved state in the place of a model. */
  load(training: Training, turn: Turn, given: () => z.infer<typeof loadWeightsSchema>): string {
    return training.turns.submit(turn, async () => {
      const { path, optimizer, base_model } = given();
      const { card, folder } = this.#means.states.find(path);
      this.#requireBase(card, base_model);
      if (JSON.stringify(card.spec.lora) !== JSON.stringify(training.spec.lora))
        throw new ProtocolError(400, 'the state has other adapters; make the model from the state instead');
      const before = await training.model;
      const model = await this.#fromState(card, folder, optimizer);
      training.model = Promise.resolve(model);
      await before.dispose();
      return jsonResult({ path, model_id: training.id, type: 'load_weights' });
    });
  }

  pass(training: Training, turn: Turn, given: () => PassRequest): string {
    return training.turns.submit(turn, async () => {
      const request = given();
      const { data, loss, config } = passOf(request);
      const model = await training.model;
      const { loss: sum, logprobs } = request.forwardOnly
        ? await model.forward(data, loss, config)
        : await model.forwardBackward(data, loss, config);
      return passResult({ logprobs, metrics: new Map([['loss:sum', sum]]) });
    });
  }

  step(training: Training, turn: Turn, given: () => z.infer<typeof optimStepSchema>): string {
    return training.turns.submit(turn, async () => {
      const { adam_params: adam } = given();
      const { gradNorm, step } = await (await training.model).optimStep({
        learningRate: adam.learning_rate,
        beta1: adam.beta1,
        beta2: adam.beta2,
        eps: adam.eps,
        weightDecay: adam.weight_decay,
        gradClipNorm: adam.grad_clip_norm,
      });
      return jsonResult({ metrics: { grad_norm: gradNorm, step }, type: 'optim_step' });
    });
  }

  #save(training: Training, kind: StateCard['kind'], given: z.infer<typeof saveWeightsSchema>, turn: Turn) {
    const facts = {
      run: training.id,
      kind,
      name: given.path ?? `step-${turn.seq ?? 0}`,
      baseModel: training.baseModel,
      spec: training.spec,
      adapters: training.adapters,
      userMetadata: given.user_metadata ?? training.userMetadata,
    };
    const options = { overwrite: given.overwrite, ttlSeconds: given.ttl_seconds ?? undefined };
    return this.#means.states.save(facts, options, async (folder) => (await training.model).saveState(folder));
  }

  save(training: Training, turn: Turn, given: () => z.infer<typeof saveWeightsSchema>): string {
    return training.turns.submit(turn, async () => {
      const card = await this.#save(training, 'weights', given(), turn);
      return jsonResult({ path: pathOf(card), type: 'save_weights' });
    });
  }

  /** Saves for sampling under a name, or opens a sampling session on the weights as they are. */
  saveForSampler(training: Training, turn: Turn, given: () => z.infer<typeof saveForSamplerSchema>): string {
    return training.turns.submit(turn, async () => {
      const wanted = given();
      if (wanted.path != null) {
        const card = await this.#save(training, 'sampler_weights', wanted, turn);
        return jsonResult({ path: pathOf(card), type: 'save_weights_for_sampler' });
      }
      const sampler = await (await training.model).sampler({ retain: true });
      const { session, baseModel } = training;
      const id = this.#means.samplers.open({ session, baseModel, modelPath: undefined }, async () => sampler);
      return jsonResult({ path: null, sampling_session_id: id, type: 'save_weights_for_sampler' });
    });
  }

  /** Lets a model go; what was saved of it stays. */
  unload(training: Training): string {
    return this.#means.futures.submit(
      this.#drop(training).then(() => jsonResult({ model_id: training.id, type: 'unload_model' })),
    );
  }

  async #drop(training: Training): Promise<void> {
    this.#models.delete(training.id);
    await training.turns.end('the model was unloaded; make one from a saved state');
    const model = await training.model.catch(() => undefined);
    await model?.dispose();
  }

  async endSession(session: string): Promise<void> {
    await Promise.all(this.all.filter((each) => each.session === session).map((each) => this.#drop(each)));
  }
}

function passResult(output: PassOutput): Result {
  return {
    json: () => passOutputJson(output),
    protobuf: () => encodePassOutput(output),
    bytes: output.logprobs.reduce((sum, row) => sum + row.byteLength + ROW_BYTES, 0),
  };
}
