import type { Datum, LossConfig, LossName, ModelSpec, Sample, SampleParams, StartOptions } from '../engine/index.ts';
import { NumericsError } from '../run/index.ts';
import { encodeOnnx, input, neg } from '../tensor/index.ts';
import { padFloats, padIntegers, passes, positions, unpad } from './batches.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type Feed, GraphCache, type GraphKind } from './graphs.ts';
import { sample } from './sampling.ts';
import { type EngineSettings, Sessions } from './sessions.ts';
import { startingWeights } from './start.ts';
import { type AdamSettings, adamStep, freshState, type ModelState } from './store.ts';

/** Everything the engine computes, run inside the worker thread. Arguments are already validated. */
export class Backend {
  readonly #sessions: Sessions;
  readonly #graphs: GraphCache;
  readonly #tokensPerPass: number;
  readonly #models = new Map<string, { state: ModelState; gradients: Map<string, Float32Array> }>();
  readonly #snapshots = new Map<string, ModelState>();

  constructor(settings: EngineSettings) {
    this.#sessions = new Sessions(settings);
    this.#graphs = new GraphCache(this.#sessions);
    this.#tokensPerPass = settings.tokensPerPass;
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
    for (const rows of passes(
      data.map((datum) => datum.tokens.length),
      this.#tokensPerPass,
    )) {
      const batch = rows.map((row) => data[row]!);
      const lengths = batch.map((datum) => datum.tokens.length);
      const time = Math.max(...lengths);
      const shape = [batch.length, time];
      const float = (pick: (datum: Datum) => Float32Array | undefined, fallback: number): Feed => [
        padFloats(
          batch.map((datum) => pick(datum) ?? new Float32Array(datum.tokens.length).fill(fallback)),
          time,
        ),
        shape,
      ];
      const output = await this.#run(state, `loss:${loss}`, {
        tokens: [
          padIntegers(
            batch.map((d) => d.tokens),
            time,
          ),
          shape,
        ],
        positions: [positions(time), [time]],
        targets: [
          padIntegers(
            batch.map((d) => d.targets),
            time,
          ),
          shape,
        ],
        weights: float((d) => d.weights, 1),
        oldLogprobs: float((d) => d.logprobs, 0),
        advantages: float((d) => d.advantages, 0),
        clipLow: [Float32Array.of(config.clipLow ?? 0.8), []],
        clipHigh: [Float32Array.of(config.clipHigh ?? 1.2), []],
      });
      total += output.loss![0]!;
      for (const [i, values] of unpad(output.logprobs!, lengths, time).entries()) logprobs[rows[i]!] = values;
      if (learn) added.push(output);
    }
    if (learn) accumulate(gradients, added);
    return { loss: total, logprobs };
  }

  /** Scalar-head values at every position. */
  async scalars(state: ModelState, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const values = new Array<Float32Array>(sequences.length);
    for (const rows of passes(
      sequences.map((s) => s.length),
      this.#tokensPerPass,
    )) {
      const batch = rows.map((row) => sequences[row]!);
      const time = Math.max(...batch.map((s) => s.length));
      const { scalars } = await this.#run(state, 'scalars', {
        tokens: [padIntegers(batch, time), [batch.length, time]],
        positions: [positions(time), [time]],
      });
      const cut = unpad(
        scalars!,
        batch.map((s) => s.length),
        time,
      );
      for (const [i, row] of rows.entries()) values[row] = cut[i]!;
    }
    return values;
  }

  async modelScalars(id: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    return this.scalars(this.#models.get(id)!.state, sequences);
  }

  /** Adds the gradient of Σ g · scalar, given g at every position of every sequence. */
  async scalarBackward(id: string, sequences: readonly Int32Array[], rowGradients: readonly Float32Array[]) {
    const { state, gradients } = this.#models.get(id)!;
    const added: Record<string, Float32Array>[] = [];
    for (const rows of passes(
      sequences.map((s) => s.length),
      this.#tokensPerPass,
    )) {
      const batch = rows.map((row) => sequences[row]!);
      const time = Math.max(...batch.map((s) => s.length));
      const seeds = padFloats(
        rows.map((row) => rowGradients[row]!),
        time,
      );
      added.push(
        await this.#run(state, 'scalar-gradient', {
          tokens: [padIntegers(batch, time), [batch.length, time]],
          positions: [positions(time), [time]],
          seeds: [seeds, [batch.length, time]],
        }),
      );
    }
    accumulate(gradients, added);
  }

  /** Runs a graph; an output that is not finite is refused, with the place where that began. */
  async #run(state: ModelState, kind: GraphKind, feeds: Readonly<Record<string, Feed>>) {
    const { spec, weights, step } = state;
    const outputs = await this.#graphs.run(spec, kind, weights, feeds);
    for (const [name, values] of Object.entries(outputs)) {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i]!)) continue;
        const got = `element ${i} is ${values[i]}; expected a finite number`;
        const { operator, text } = await this.#origin(state, kind, feeds);
        throw new NumericsError(name, `${got}${text}`, { step, operator });
      }
    }
    return outputs;
  }

  /** Where numbers stopped being finite, in words; empty where a second run does not show it. */
  async #origin({ spec, weights }: ModelState, kind: GraphKind, feeds: Readonly<Record<string, Feed>>) {
    const found = await this.#graphs.findNonFinite(spec, kind, weights, feeds);
    if (found === undefined) return { operator: undefined, text: '' };
    const { operator, where, element, value } = found;
    return { operator, text: `; it began in ${where}, whose element ${element} is ${value}` };
  }

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

  async snapshot(id: string, snapshot: string): Promise<void> {
    const { state } = this.#models.get(id)!;
    const weights = new Map([...state.weights].map(([name, values]) => [name, values.slice()]));
    this.#snapshots.set(snapshot, { ...state, weights, firstMoments: new Map(), secondMoments: new Map() });
  }

  async sample(snapshot: string, prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]> {
    const state = this.#snapshots.get(snapshot)!;
    try {
      return await sample(this.#graphs, state, prompts, params);
    } catch (error) {
      if (!(error instanceof NumericsError)) throw error;
      // The prompts alone show it unless it arose in the course of decoding.
      const time = Math.max(...prompts.map((prompt) => prompt.length));
      const { operator, text } = await this.#origin(state, 'prefill', {
        tokens: [padIntegers(prompts, time), [prompts.length, time]],
        positions: [positions(time), [time]],
        last: [BigInt64Array.from(prompts, (prompt, r) => BigInt(r * time + prompt.length - 1)), [prompts.length]],
      });
      throw new NumericsError(error.tensor, `${error.detail}${text}`, { step: state.step, operator });
    }
  }

  async logprobs(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const state = this.#snapshots.get(snapshot)!;
    const values = new Array<Float32Array>(sequences.length);
    for (const rows of passes(
      sequences.map((s) => s.length),
      this.#tokensPerPass,
    )) {
      const batch = rows.map((row) => sequences[row]!);
      const lengths = batch.map((s) => s.length - 1);
      const time = Math.max(...lengths);
      const { logprobs } = await this.#run(state, 'logprobs', {
        tokens: [
          padIntegers(
            batch.map((s) => s.subarray(0, -1)),
            time,
          ),
          [batch.length, time],
        ],
        positions: [positions(time), [time]],
        targets: [
          padIntegers(
            batch.map((s) => s.subarray(1)),
            time,
          ),
          [batch.length, time],
        ],
      });
      for (const [i, row] of unpad(logprobs!, lengths, time).entries()) values[rows[i]!] = row;
    }
    return values;
  }

  async snapshotScalars(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    return this.scalars(this.#snapshots.get(snapshot)!, sequences);
  }

  async dropSnapshot(snapshot: string): Promise<void> {
    this.#snapshots.delete(snapshot);
  }

  async dropModel(id: string): Promise<void> {
    this.#models.delete(id);
  }

  async close(): Promise<void> {
    await this.#graphs.dispose();
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
