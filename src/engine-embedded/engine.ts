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
  requireCustomLoss,
  requireRoom,
  type Sample,
  type SampleParams,
  type Sampler,
  SnapshotLife,
  type TrainableModel,
  validateData,
  validateSequences,
} from '../engine/index.ts';
import { loraFault, specFault } from '../model/index.ts';
import { EngineError, UsageError } from '../run/index.ts';
import { Channel } from './channel.ts';
import { type EngineSettings, PROVIDERS } from './sessions.ts';

/**
 * Since 1.29 the official builds of ONNX Runtime report use to their maker, and keep an identifier on disk, unless this is set
 * before the library is loaded. What is trained here is nobody else's business. (A worker thread's copy of the environment
 * does not count: an engine made inside one needs the variable set outside.)
 */
function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

class EmbeddedSampler implements Sampler {
  readonly snapshot: string;
  readonly #channel: Channel;
  readonly #spec: ModelSpec;
  readonly #life: SnapshotLife;

  constructor(channel: Channel, spec: ModelSpec, snapshot: string) {
    this.#channel = channel;
    this.#spec = spec;
    this.snapshot = snapshot;
    this.#life = new SnapshotLife(snapshot);
  }

  async sample(prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]> {
    this.#life.check();
    validateSequences(prompts, this.#spec, 'sample');
    requireRoom(prompts, this.#spec);
    return this.#channel.call('sample', this.snapshot, prompts, params);
  }

  async logprobs(sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    this.#life.check();
    validateSequences(sequences, { ...this.#spec, maxContext: this.#spec.maxContext + 1 }, 'logprobs', 2);
    return this.#channel.call('logprobs', this.snapshot, sequences);
  }

  async scalars(sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    this.#life.check();
    requireHead(this.#spec);
    validateSequences(sequences, this.#spec, 'scalars');
    return this.#channel.call('snapshotScalars', this.snapshot, sequences);
  }

  async hidden(sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    this.#life.check();
    validateSequences(sequences, this.#spec, 'hidden');
    return this.#channel.call('hidden', this.snapshot, sequences);
  }

  async retire(state: 'stale' | 'disposed'): Promise<void> {
    if (this.#life.end(state)) await this.#channel.call('dropSnapshot', this.snapshot);
  }

  dispose(): Promise<void> {
    return this.retire('disposed');
  }
}

function requireHead(spec: ModelSpec): void {
  if (spec.scalarHead !== true) {
    throw new EngineError('no-scalar-head', 'the model has no scalar head; create it with scalarHead: true');
  }
}

class EmbeddedModel implements TrainableModel {
  readonly id: string;
  readonly spec: ModelSpec;
  readonly #channel: Channel;
  #current: EmbeddedSampler | undefined;
  #snapshots = 0;
  #step = 0;

  constructor(channel: Channel, id: string, spec: ModelSpec) {
    this.#channel = channel;
    this.id = id;
    this.spec = spec;
  }

  async #pass(data: readonly Datum[], loss: LossName, config: LossConfig, learn: boolean): Promise<ForwardOutput> {
    validateData(data, loss, this.spec);
    return this.#channel.call('tokenPass', this.id, data, loss, config, learn);
  }

  forward(data: readonly Datum[], loss: LossName, config: LossConfig = {}): Promise<ForwardOutput> {
    return this.#pass(data, loss, config, false);
  }

  forwardBackward(data: readonly Datum[], loss: LossName, config: LossConfig = {}): Promise<ForwardOutput> {
    return this.#pass(data, loss, config, true);
  }

  forwardBackwardCustom(
    data: readonly Datum[],
    custom: (logprobs: readonly Float32Array[]) => CustomLoss,
  ): Promise<ForwardOutput> {
    return customPass(this, data, custom, () => this.#step);
  }

  async forwardBackwardScalar(
    sequences: readonly Int32Array[],
    custom: (scalars: Float32Array) => { loss: number; gradient: Float32Array },
  ): Promise<{ loss: number; scalars: Float32Array }> {
    requireHead(this.spec);
    validateSequences(sequences, this.spec, 'forwardBackwardScalar');
    const scalars = await this.#channel.call<Float32Array>('modelLastScalars', this.id, sequences);
    const { loss, gradient } = custom(scalars);
    requireCustomLoss(loss, [gradient], { lengths: [sequences.length], step: this.#step });
    await this.#channel.call('lastScalarBackward', this.id, sequences, gradient);
    return { loss, scalars };
  }

  async forwardBackwardValues(
    sequences: readonly Int32Array[],
    custom: (values: readonly Float32Array[]) => CustomLoss,
  ): Promise<{ loss: number; values: Float32Array[] }> {
    requireHead(this.spec);
    validateSequences(sequences, this.spec, 'forwardBackwardValues');
    const values = await this.#channel.call<Float32Array[]>('modelScalars', this.id, sequences);
    const { loss, gradients } = custom(values);
    requireCustomLoss(loss, gradients, { lengths: sequences.map((s) => s.length), step: this.#step });
    await this.#channel.call('scalarBackward', this.id, sequences, gradients);
    return { loss, values };
  }

  async optimStep(adam: AdamParams): Promise<OptimResult> {
    const defaults = { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 0 };
    const result = await this.#channel.call<OptimResult>('optimStep', this.id, { ...defaults, ...adam });
    this.#step = result.step;
    return result;
  }

  saveState(folder: string): Promise<void> {
    return this.#channel.call('save', this.id, folder);
  }

  async loadState(folder: string): Promise<void> {
    this.#step = await this.#channel.call<number>('load', this.id, folder);
  }

  async interpolate(folder: string, share: number): Promise<void> {
    if (!(share >= 0 && share <= 1)) throw new UsageError('share', `share ${share}: expected a number from 0 to 1`);
    await this.#channel.call('interpolate', this.id, folder, share);
  }

  async sampler(options: { retain?: boolean } = {}): Promise<Sampler> {
    const snapshot = `${this.id}/step${this.#step}/${this.#snapshots++}`;
    await this.#channel.call('snapshot', this.id, snapshot);
    const made = new EmbeddedSampler(this.#channel, this.spec, snapshot);
    if (options.retain === true) return made;
    await this.#current?.retire('stale');
    this.#current = made;
    return made;
  }

  dispose(): Promise<void> {
    return this.#channel.call('dropModel', this.id);
  }
}

export interface EngineOptions extends Partial<EngineSettings> {
  /** Receives a line when a wished provider cannot be used. */
  readonly warn?: (line: string) => void;
}

/** Settings as given, with the rest by default; what cannot be is refused by name. */
function settingsOf({ threads = 2, providers = ['cpu'], tokensPerPass = 4096 }: EngineOptions): EngineSettings {
  const unknown = providers.find((provider) => !PROVIDERS.includes(provider));
  if (unknown !== undefined || providers.length === 0) {
    throw new UsageError('providers', `providers: got ${unknown ?? 'none'}; expected some of ${PROVIDERS.join(', ')}`);
  }
  for (const [name, value] of Object.entries({ threads, tokensPerPass })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UsageError(name, `${name} ${value}: expected a positive whole number`);
  }
  return { threads, providers, tokensPerPass };
}

/** Trains and samples in this process: graphs run by ONNX Runtime in one worker thread, so the event loop stays free. */
export function createEmbeddedEngine(options: EngineOptions = {}): Engine {
  refuseTelemetry();
  const settings = settingsOf(options);
  const channel = new Channel(settings);
  const onDevice = settings.providers.includes('webgpu');
  let checked = !onDevice;
  let models = 0;
  return {
    capabilities: (): Capabilities => ({
      name: 'embedded',
      losses: LOSS_NAMES,
      customLoss: true,
      scalarHead: true,
      interpolates: true,
      // Bits are promised on the CPU only.
      deterministic: !onDevice,
      // Both are float32, in other orders of sums.
      samplerKl: 1e-5,
      maxContext: 4096,
    }),
    async createModel(spec, start = {}) {
      const fault = specFault(spec) ?? (spec.lora === undefined ? undefined : loraFault(spec, spec.lora));
      if (fault !== undefined) throw new EngineError('spec', fault);
      if (!checked) {
        checked = true;
        const fallback = await channel.call<string | undefined>('providerFallback');
        if (fallback !== undefined) options.warn?.(fallback);
      }
      const id = `model${models++}`;
      await channel.call('createModel', id, spec, start);
      return new EmbeddedModel(channel, id, spec);
    },
    dispose: () => channel.close(),
  };
}
