import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type AdamParams,
  type Capabilities,
  type CustomLoss,
  customPass,
  type Datum,
  type Engine,
  type ForwardOutput,
  LOSS_NAMES,
  type LossConfig,
  type LossName,
  type ModelSpec,
  type OptimResult,
  type Sampler,
  type StartOptions,
  type TrainableModel,
  validateData,
} from '../engine/index.ts';
import { EngineError, UsageError } from '../run/index.ts';
import { type Finding, findingsOf, type Measured, requireConformance } from './conformance.ts';
import { Meter, type Spent } from './meter.ts';
import { freshName, serverUrl } from './names.ts';
import { lossOf, wireConfig, wireDatum } from './passes.ts';
import { measure } from './probe.ts';
import { openBaseSampler, PROTOCOL_ALPHA, RemoteModel } from './remote.ts';
import { RemoteError } from './remote-error.ts';
import { isRemoteState, type RemoteCard, readRemoteState, writeRemoteState } from './remote-states.ts';
import { noScalarHead, RemoteSampler, TinkerSampler } from './sampler.ts';
import { Session } from './session.ts';
import { jsonOf, Transport } from './transport.ts';

export interface TinkerOptions {
  /** The server, without `/api/v1`. */
  readonly url: string;
  /** Sent as `X-API-Key`; from the environment, never written. */
  readonly key?: string | undefined;
  /** The model that training starts from, by the server's name; a fresh one as described where none is named. */
  readonly baseModel?: string | undefined;
  /** Most tokens in all; a call that would go beyond is refused before it is sent. */
  readonly budgetTokens?: number | undefined;
  /** What this server was found to do before, so that it is not asked again. */
  readonly measured?: Measured | undefined;
  readonly fetch?: typeof fetch;
  readonly wait?: (ms: number) => Promise<void>;
  readonly backoffMs?: number;
  readonly attempts?: number;
  readonly timeoutMs?: number;
  /** Names of saved states, each another. */
  readonly newName?: () => string;
}

/** What a server was found to do. */
export interface ProbeReport {
  readonly url: string;
  readonly baseModel: string;
  readonly measured: Measured;
  readonly findings: readonly Finding[];
  readonly spent: Spent;
}

/** An engine on a server, with what it was found to do and what it has been asked for. */
export interface TinkerEngine extends Engine {
  /** Asks the server what it does, once. @throws where it cannot be asked; what it does not honour is among the findings. */
  probe(): Promise<ProbeReport>;
  /** What it found when it was first asked for a model; undefined before. */
  found(): ProbeReport | undefined;
  spent(): Spent;
}

/** What models of one engine share. */
interface Connection {
  readonly session: Session;
  readonly measured: Measured;
  readonly meter: Meter;
  readonly newModelNumber: () => number;
  readonly newSamplerNumber: () => number;
  readonly newName: () => string;
}

class TinkerModel implements TrainableModel {
  readonly id: string;
  readonly spec: ModelSpec;
  readonly #connection: Connection;
  #card: Pick<RemoteCard, 'baseModel' | 'path'>;
  /** Made when it is first trained: until then it is the base model. */
  #remote: Promise<RemoteModel> | undefined;
  #trained = false;
  #current: TinkerSampler | undefined;
  #snapshots = 0;
  #step: number;

  constructor(
    connection: Connection,
    id: string,
    start: { spec: ModelSpec; card: RemoteCard | Omit<RemoteCard, 'format' | 'url'> },
  ) {
    this.#connection = connection;
    this.id = id;
    this.spec = start.spec;
    this.#card = start.card;
    this.#step = start.card.step;
  }

  /** The model on the server; with `optimizer` a saved state's moments too. */
  #model(optimizer = false): Promise<RemoteModel> {
    const { session, measured, newModelNumber } = this.#connection;
    const { baseModel, path } = this.#card;
    this.#remote ??= RemoteModel.make(
      session,
      newModelNumber(),
      {
        baseModel,
        lora: this.spec.lora,
        seed: this.spec.seed,
        ...(path !== null && { state: { path, optimizer } }),
      },
      measured.wire,
    );
    return this.#remote;
  }

  async #pass(
    data: readonly Datum[],
    loss: LossName,
    config: LossConfig,
    forwardOnly: boolean,
  ): Promise<ForwardOutput> {
    validateData(data, loss, this.spec);
    const { meter, measured, session } = this.#connection;
    if (!measured.losses.includes(loss))
      throw new RemoteError(
        'unknown-loss',
        `${session.transport.url}: this server has no ${loss}; it has ${measured.losses.join(', ')}`,
      );
    meter.take(
      forwardOnly ? 'read' : 'trained',
      data.reduce((sum, { tokens }) => sum + tokens.length, 0),
    );
    this.#trained ||= !forwardOnly;
    const wire = data.map((datum) => wireDatum(datum, loss));
    const model = await this.#model();
    const logprobs = await model.pass({ data: wire, loss, config: wireConfig(loss, config), forwardOnly });
    return { loss: lossOf(data, logprobs, loss, config), logprobs };
  }

  forward(data: readonly Datum[], loss: LossName, config: LossConfig = {}): Promise<ForwardOutput> {
    return this.#pass(data, loss, config, true);
  }

  forwardBackward(data: readonly Datum[], loss: LossName, config: LossConfig = {}): Promise<ForwardOutput> {
    return this.#pass(data, loss, config, false);
  }

  forwardBackwardCustom(
    data: readonly Datum[],
    custom: (logprobs: readonly Float32Array[]) => CustomLoss,
  ): Promise<ForwardOutput> {
    return customPass(this, data, custom, () => this.#step);
  }

  async forwardBackwardScalar(): Promise<never> {
    throw noScalarHead();
  }

  async forwardBackwardValues(): Promise<never> {
    throw noScalarHead();
  }

  async optimStep(adam: AdamParams): Promise<OptimResult> {
    this.#trained = true;
    // Counted as it is submitted: steps of one model are done in order.
    const model = await this.#model();
    this.#step += 1;
    const step = this.#step;
    return { gradNorm: await model.step(adam), step };
  }

  async saveState(folder: string): Promise<void> {
    const { session, newName } = this.#connection;
    const { baseModel } = this.#card;
    if (this.#trained) {
      const path = await (await this.#model()).save(newName());
      this.#card = { baseModel, path };
    }
    const { path } = this.#card;
    writeRemoteState(folder, { url: session.transport.url, baseModel, path, spec: this.spec, step: this.#step });
  }

  async interpolate(): Promise<void> {
    throw new EngineError('interpolate', 'the Tinker protocol mixes no weights; ask Capabilities.interpolates first');
  }

  async loadState(folder: string): Promise<void> {
    const card = readRemoteState(folder, this.#connection.session.transport.url);
    requireSame(folder, card.spec, this.spec, { adapters: true });
    const before = this.#remote;
    this.#card = card;
    this.#step = card.step;
    this.#remote = undefined;
    this.#trained = false;
    // States are loaded into new models alone.
    await this.#model(true);
    await (await before)?.unload();
  }

  async sampler(options: { retain?: boolean } = {}): Promise<Sampler> {
    const { session, meter, measured, newSamplerNumber } = this.#connection;
    const snapshot = `${this.id}/step${this.#step}/${this.#snapshots++}`;
    const untouched = !this.#trained && this.#card.path === null;
    const id = untouched
      ? await openBaseSampler(session, newSamplerNumber(), this.#card.baseModel)
      : await (await this.#model()).openSampler(newSamplerNumber());
    const tempered = findingsOf(measured).some(
      ({ name, verdict }) => name === 'log-probabilities of temperature 1' && verdict === 'corrected',
    );
    const made = new TinkerSampler(new RemoteSampler(session, id, { meter, tempered }), this.spec, snapshot);
    if (options.retain === true) return made;
    this.#current?.retire('stale');
    this.#current = made;
    return made;
  }

  async dispose(): Promise<void> {
    await (await this.#remote?.catch(() => undefined))?.unload();
  }
}

/** Refuses a state of another model: in sizes, and where that counts in adapters. */
function requireSame(folder: string, got: ModelSpec, wanted: ModelSpec, { adapters }: { adapters: boolean }): void {
  const text = ({ seed: _, lora, scalarHead: __, ...rest }: ModelSpec) =>
    JSON.stringify([rest, adapters ? (lora ?? null) : null]);
  if (text(got) !== text(wanted))
    throw new EngineError(
      'spec-mismatch',
      `${folder}: the state is of a model ${text(got)}; create the model to match`,
    );
}

/** The base model and the state that a model starts from. */
function cardFor(
  spec: ModelSpec,
  { from, adapter }: StartOptions,
  { url, baseModel }: TinkerOptions,
): Omit<RemoteCard, 'format' | 'url'> {
  if (adapter !== undefined)
    throw new EngineError(
      'adapter',
      `${adapter}: adapters of a folder cannot be sent by this protocol; start from a saved state`,
    );
  if (from !== undefined && isRemoteState(from)) {
    const card = readRemoteState(from, url);
    const onBase = card.path === null && card.spec.lora === undefined;
    requireSame(from, card.spec, spec, { adapters: !onBase });
    return { ...card, step: 0 };
  }
  const { lora: _, ...plain } = spec;
  if (from === undefined || existsSync(join(from, 'config.json'))) {
    if (baseModel === undefined && from !== undefined)
      throw new UsageError(
        'baseModel',
        `${from}: weights of a folder cannot be sent by this protocol; name the server's base model`,
      );
    return { baseModel: baseModel ?? freshName(plain), path: null, spec, step: 0 };
  }
  throw new EngineError(
    'checkpoint',
    `${from}: a checkpoint of this machine cannot be sent by this protocol; start from a state of ${url}`,
  );
}

function requireAdapters({ lora, scalarHead }: ModelSpec): void {
  if (scalarHead === true) throw noScalarHead();
  if (lora !== undefined && lora.alpha !== PROTOCOL_ALPHA)
    throw new EngineError(
      'lora',
      `lora.alpha ${lora.alpha}: this protocol has adapters of alpha ${PROTOCOL_ALPHA}; set it`,
    );
  const [attention, feedForward] = ['attention.', 'mlp.'].map((kind) =>
    lora?.targets?.filter((name) => name.startsWith(kind)),
  );
  const odd = [attention, feedForward].find(
    (named = []) =>
      named.length > 0 &&
      !WHOLE.some((all) => all.length === named.length && all.every((name) => named.includes(name))),
  );
  if (odd !== undefined) {
    throw new EngineError(
      'lora',
      `lora.targets: this protocol has adapters on all attention layers, all feed-forward layers, or both; got ${odd.join(', ')}`,
    );
  }
}
/** The linear layers of a block that adapters are on together. */
const WHOLE: readonly (readonly string[])[] = [
  ['attention.q', 'attention.k', 'attention.v', 'attention.out'],
  ['mlp.gate', 'mlp.up', 'mlp.down'],
  ['mlp.up', 'mlp.down'],
];

const capabilitiesSchema = z.object({ supported_models: z.array(z.object({ model_name: z.string().nullish() })) });
/** Ids below stand in the vocabulary of every published model. */
const LEAST_VOCABULARY = 24;

async function firstModel(transport: Transport): Promise<string> {
  const { supported_models } = await transport.ask('get_server_capabilities', undefined, jsonOf(capabilitiesSchema));
  const [name] = supported_models.flatMap(({ model_name }) => model_name ?? []);
  if (name !== undefined) return name;
  throw new UsageError('baseModel', `${transport.url}: this server lists no model; name one`);
}

/** Trains and samples on a server of the Tinker protocol. Nothing is sent before the first model is asked for. */
export function createTinkerEngine(options: TinkerOptions): TinkerEngine {
  const url = serverUrl(options.url);
  const settings = { ...options, url };
  const transport = new Transport({
    url,
    key: options.key,
    fetch: options.fetch ?? fetch,
    wait: options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    backoffMs: options.backoffMs ?? 500,
    attempts: options.attempts ?? 40,
    timeoutMs: options.timeoutMs ?? 60_000,
  });
  const meter = new Meter(options.budgetTokens);
  const newName = options.newName ?? (() => `goodhart-${randomBytes(6).toString('hex')}`);
  let [models, samplers, made] = [0, 0, 0];
  let opened: Promise<Session> | undefined;
  let connected: Promise<Connection> | undefined;
  let closed = false;
  const session = () => {
    if (closed) throw new EngineError('closed', 'the engine was closed; create a new one');
    opened ??= Session.open(transport);
    return opened;
  };
  let report: Omit<ProbeReport, 'spent'> | undefined;
  const connect = async (baseModel: string, vocabulary: number): Promise<Connection> => {
    const numbers = { newModelNumber: () => models++, newSamplerNumber: () => samplers++ };
    const open = await session();
    const measured = options.measured ?? (await measure({ session: open, meter, baseModel, vocabulary, ...numbers }));
    report = { url, baseModel, measured, findings: findingsOf(measured) };
    return { session: open, measured, meter, newName, ...numbers };
  };
  const found = () => (report === undefined ? undefined : { ...report, spent: meter.spent });
  return {
    capabilities: (): Capabilities => ({
      name: 'tinker',
      losses: LOSS_NAMES,
      customLoss: true,
      scalarHead: false,
      interpolates: false,
      // Whatever a server promises, nothing here can check it for all of a run.
      deterministic: false,
      samplerKl: 1e-2,
      maxContext: 131_072,
    }),
    async createModel(spec, start = {}) {
      requireAdapters(spec);
      const card = cardFor(spec, start, settings);
      connected ??= connect(card.baseModel, spec.vocabulary);
      const connection = await connected;
      requireConformance(url, findingsOf(connection.measured));
      return new TinkerModel(connection, `model${made++}`, { spec, card });
    },
    async probe() {
      const baseModel = options.baseModel ?? (await firstModel(transport));
      connected ??= connect(baseModel, LEAST_VOCABULARY);
      await connected;
      return found()!;
    },
    found,
    spent: () => meter.spent,
    async dispose() {
      closed = true;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
