import type { Datum, LossConfig, LossName, ModelSpec, Sample, SampleParams, StartOptions } from '../engine/index.ts';
import { NumericsError } from '../run/index.ts';
import { encodeOnnx, input, neg } from '../tensor/index.ts';
import { CacheMemory } from './cache.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { edgesOf } from './edges.ts';
import { type Feed, GraphCache, type GraphKind } from './graphs.ts';
import { Helpers, type SampleWork } from './helpers.ts';
import { hiddenOverflow, originOf } from './origin.ts';
import { type Pass, pack, passFeeds } from './packing.ts';
import { promptFeeds, sampleShare, sharesOf } from './sampling.ts';
import { type EngineSettings, Sessions } from './sessions.ts';
import { type Snapshot, takeSnapshot, type Weighted } from './snapshot.ts';
import { startingWeights } from './start.ts';
import { type AdamSettings, adamStep, freshState, type ModelState } from './store.ts';
import { sumOfSquares } from './vectors.ts';

/** Values by place, as one array per sequence. */
function scatterTo(out: Float32Array[], pass: Pass, places: readonly Int32Array[], values: Float32Array): void {
  for (const [i, { index }] of pass.sequences.entries()) {
    out[index] = Float32Array.from(places[i]!, (place) => values[place]!);
  }
}

/** Where the last token of every sequence of a pass stands. */
const lastRows = (pass: Pass): BigInt64Array => BigInt64Array.from(pass.sequences, ({ at }) => BigInt(at.at(-1)!));

/** Everything the engine computes, run inside the worker thread. Arguments are already validated. */
export class Backend {
  readonly #sessions: Sessions;
  readonly #threads: number;
  readonly #tokensPerPass: number;
  readonly #graphs: GraphCache;
  /** Graphs that run in one thread. */
  readonly #single: GraphCache;
  readonly #memory = new CacheMemory();
  readonly #helpers: Helpers;
  readonly #models = new Map<string, { state: ModelState; gradients: Map<string, Float32Array> }>();
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(settings: EngineSettings) {
    const { threads, tokensPerPass } = settings;
    this.#sessions = new Sessions(settings);
    this.#threads = threads;
    this.#tokensPerPass = tokensPerPass;
    this.#graphs = new GraphCache(this.#sessions);
    this.#single = new GraphCache(new Sessions({ ...settings, threads: 1 }));
    this.#helpers = new Helpers(settings, (snapshot) => this.#snapshots.get(snapshot)!);
  }

  /** Why another provider than the wished one is used, in one line; found out by making a small session. */
  async providerFallback(): Promise<string | undefined> {
    const session = await this.#sessions.create(encodeOnnx({ y: neg(input('x', 'float32', [1])) }));
    await session.release();
    return this.#sessions.fallback;
  }

  async createModel(id: string, spec: ModelSpec, start: StartOptions): Promise<void> {
    this.#models.set(id, { state: freshState(spec, startingWeights(spec, start)), gradients: new Map() });
  }

  /** Loss and log-probabilities; with `learn`, also adds to the gradient. Nothing is added when a number is not finite. */
  async tokenPass(
    id: string,
    data: readonly Datum[],
    loss: LossName,
    config: LossConfig,
    learn: boolean,
  ): Promise<{ loss: number; logprobs: Float32Array[] }> {
    const { state, gradients } = this.#models.get(id)!;
    const logprobs = new Array<Float32Array>(data.length);
    const added: Record<string, Float32Array>[] = [];
    let total = 0;
    for (const pass of this.#pack(data.map((datum) => datum.tokens))) {
      const { wanted, feeds, places } = edgesOf(pass, data, loss);
      const output = await this.#run(state, `loss:${loss}/${wanted}`, {
        ...passFeeds(pass),
        ...feeds,
        clipLow: [Float32Array.of(config.clipLow ?? 0.8), []],
        clipHigh: [Float32Array.of(config.clipHigh ?? 1.2), []],
      });
      total += output.loss![0]!;
      scatterTo(logprobs, pass, places, output.logprobs!);
      if (learn) added.push(output);
    }
    if (learn) accumulate(gradients, added);
    return { loss: total, logprobs };
  }

  #pack = (sequences: readonly Int32Array[]): Pass[] => pack(sequences, this.#tokensPerPass);

  /** Scalar-head values at every position. */
  async scalars(state: ModelState | Snapshot, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const values = new Array<Float32Array>(sequences.length);
    for (const pass of this.#pack(sequences)) {
      const { scalars } = await this.#run(state, 'scalars/all', passFeeds(pass));
      const places = pass.sequences.map(({ at }) => at);
      scatterTo(values, pass, places, scalars!);
    }
    return values;
  }

  async modelScalars(id: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    return this.scalars(this.#models.get(id)!.state, sequences);
  }

  /** Scalar-head values at the last position of each sequence. */
  async modelLastScalars(id: string, sequences: readonly Int32Array[]): Promise<Float32Array> {
    const { state } = this.#models.get(id)!;
    const values = new Float32Array(sequences.length);
    for (const pass of this.#pack(sequences)) {
      const rows = lastRows(pass);
      const { scalars } = await this.#run(state, 'scalars/early', {
        ...passFeeds(pass),
        rows: [rows, [rows.length]],
      });
      for (const [i, { index }] of pass.sequences.entries()) values[index] = scalars![i]!;
    }
    return values;
  }

  /** Adds the gradient of Σ g · scalar, given g at every position of every sequence. */
  async scalarBackward(id: string, sequences: readonly Int32Array[], rowGradients: readonly Float32Array[]) {
    const { state, gradients } = this.#models.get(id)!;
    const added: Record<string, Float32Array>[] = [];
    for (const pass of this.#pack(sequences)) {
      const seeds = new Float32Array(pass.tokens.length);
      for (const { index, at } of pass.sequences) {
        for (const [t, flat] of at.entries()) seeds[flat]! += rowGradients[index]![t]!;
      }
      const feeds = { ...passFeeds(pass), seeds: [seeds, [seeds.length]] as const };
      added.push(await this.#run(state, 'scalar-gradient/all', feeds));
    }
    accumulate(gradients, added);
  }

  /** The same for gradients at the last position of each sequence only. */
  async lastScalarBackward(id: string, sequences: readonly Int32Array[], gradient: Float32Array): Promise<void> {
    const { state, gradients } = this.#models.get(id)!;
    const added: Record<string, Float32Array>[] = [];
    for (const pass of this.#pack(sequences)) {
      const rows = lastRows(pass);
      const seeds = Float32Array.from(pass.sequences, ({ index }) => gradient[index]!);
      added.push(
        await this.#run(state, 'scalar-gradient/early', {
          ...passFeeds(pass),
          rows: [rows, [rows.length]],
          seeds: [seeds, [seeds.length]],
        }),
      );
    }
    accumulate(gradients, added);
  }

  /** Runs a graph; an output that is not finite is refused, with the place where that began. */
  async #run(state: ModelState | Snapshot, kind: GraphKind, feeds: Readonly<Record<string, Feed>>) {
    const { step } = state;
    const outputs = await this.#graphs.run(state, kind, feeds);
    for (const [name, values] of Object.entries(outputs)) {
      if (Number.isFinite(sumOfSquares(values))) continue;
      if (name === 'overflow') {
        const hidden = await hiddenOverflow(this.#graphs, state, { kind, feeds });
        if (hidden !== undefined) throw hidden;
        continue;
      }
      const bad = values.findIndex((value) => !Number.isFinite(value));
      const got = `element ${bad} is ${values[bad]}; expected a finite number`;
      const { operator, text } = await this.#origin(state, kind, feeds);
      throw new NumericsError(name, `${got}${text}`, { step, operator });
    }
    return outputs;
  }

  #origin = (state: Weighted, kind: GraphKind, feeds: Readonly<Record<string, Feed>>) =>
    originOf(this.#graphs, state, { kind, feeds });

  async optimStep(id: string, adam: AdamSettings): Promise<{ gradNorm: number; step: number }> {
    const { state, gradients } = this.#models.get(id)!;
    try {
      const gradNorm = adamStep(state, gradients, adam);
      return { gradNorm, step: state.step };
    } finally {
      gradients.clear();
    }
  }

  async save(id: string, folder: string): Promise<void> {
    writeCheckpoint(folder, this.#models.get(id)!.state);
  }

  async load(id: string, folder: string): Promise<number> {
    const { state } = this.#models.get(id)!;
    const read = readCheckpoint(folder, state.spec, { additions: true });
    this.#models.set(id, { state: { ...read, spec: state.spec }, gradients: new Map() });
    return read.step;
  }

  async interpolate(id: string, folder: string, share: number): Promise<void> {
    const { state } = this.#models.get(id)!;
    const { weights } = readCheckpoint(folder, state.spec, { additions: true });
    for (const [name, values] of state.weights) {
      const from = weights.get(name)!;
      for (let i = 0; i < values.length; i++) values[i] = from[i]! + share * (values[i]! - from[i]!);
    }
  }

  async snapshot(id: string, snapshot: string): Promise<void> {
    this.#snapshots.set(snapshot, takeSnapshot(this.#models.get(id)!.state));
  }

  /** `n` samples per prompt, divided among this worker and its helpers. */
  async sample(snapshot: string, prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]> {
    const [own, ...rest] = sharesOf(prompts.length * params.n, this.#threads);
    const helped = rest.map((share, i) => this.#helpers.sample(i, snapshot, { prompts, params, share }));
    const mine = this.sampleShare(snapshot, { prompts, params, share: own! });
    try {
      const samples = (await Promise.all([mine, ...helped])).flat();
      return prompts.map((_, p) => samples.slice(p * params.n, (p + 1) * params.n));
    } catch (error) {
      if (!(error instanceof NumericsError) || error.operator !== undefined) throw error;
      // The prompts alone show it unless it arose in the course of decoding.
      const state = this.#snapshots.get(snapshot)!;
      const { operator, text } = await this.#origin(state, 'prefill', promptFeeds(prompts));
      throw new NumericsError(error.tensor, `${error.detail}${text}`, { step: state.step, operator });
    }
  }

  /** One share of a call, in one thread: small operators gain little from a second one, rows of their own gain all. */
  async sampleShare(snapshot: string, work: SampleWork): Promise<Sample[]> {
    return sampleShare({ graphs: this.#single, memory: this.#memory }, this.#snapshots.get(snapshot)!, work);
  }

  /** Takes over a snapshot that another worker made. */
  async adopt(snapshot: string, state: Snapshot): Promise<void> {
    this.#snapshots.set(snapshot, state);
  }

  async logprobs(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const state = this.#snapshots.get(snapshot)!;
    const data = sequences.map((s) => ({ tokens: s.subarray(0, -1), targets: s.subarray(1) }));
    const values = new Array<Float32Array>(sequences.length);
    for (const pass of this.#pack(data.map((datum) => datum.tokens))) {
      const { wanted, feeds, places } = edgesOf(pass, data, undefined);
      const { logprobs } = await this.#run(state, `logprobs/${wanted}`, {
        ...passFeeds(pass),
        ...feeds,
      });
      scatterTo(values, pass, places, logprobs!);
    }
    return values;
  }

  async snapshotScalars(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    return this.scalars(this.#snapshots.get(snapshot)!, sequences);
  }

  /** Hidden states at every position, row by row. */
  async hidden(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const state = this.#snapshots.get(snapshot)!;
    const { width } = state.spec;
    const values = new Array<Float32Array>(sequences.length);
    for (const pass of this.#pack(sequences)) {
      const { hidden } = await this.#run(state, 'hidden/all', passFeeds(pass));
      for (const { index, at } of pass.sequences) {
        const own = new Float32Array(at.length * width);
        for (const [t, flat] of at.entries()) own.set(hidden!.subarray(flat * width, (flat + 1) * width), t * width);
        values[index] = own;
      }
    }
    return values;
  }

  async dropSnapshot(snapshot: string): Promise<void> {
    this.#snapshots.delete(snapshot);
    await this.#helpers.drop(snapshot);
  }

  async dropModel(id: string): Promise<void> {
    this.#models.delete(id);
  }

  async close(): Promise<void> {
    await this.#helpers.close();
    await this.#graphs.dispose();
    await this.#single.dispose();
  }
}

/** Adds gradients of passes to those that have accumulated, by parameter. */
function accumulate(gradients: Map<string, Float32Array>, added: readonly Record<string, Float32Array>[]): void {
  for (const output of added) {
    for (const [key, values] of Object.entries(output)) {
      if (!key.startsWith('grad:')) continue;
      const sum = gradients.get(key.slice(5));
      if (sum === undefined) gradients.set(key.slice(5), values);
      else for (let i = 0; i < values.length; i++) sum[i]! += values[i]!;
    }
  }
}
