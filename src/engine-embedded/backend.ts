import type { Datum, LossConfig, LossName, ModelSpec, Sample, SampleParams, StartOptions } from '../engine/index.ts';
import { NumericsError } from '../run/index.ts';
import { padFloats, padIntegers, passes, positions, unpad } from './batches.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type Feed, GraphCache } from './graphs.ts';
import { sample } from './sampling.ts';
import { startingWeights } from './start.ts';
import { type AdamSettings, adamStep, freshState, type ModelState } from './store.ts';

/** Everything the engine computes, run inside the worker thread. Arguments are already validated. */
export class Backend {
  readonly #graphs: GraphCache;
  readonly #models = new Map<string, { state: ModelState; gradients: Map<string, Float32Array> }>();
  readonly #snapshots = new Map<string, ModelState>();

  constructor(options: { threads: number }) {
    this.#graphs = new GraphCache(options.threads);
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
    for (const rows of passes(data.map((datum) => datum.tokens.length))) {
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
      const output = await this.#graphs.run(state.spec, `loss:${loss}`, state.weights, {
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
      total += this.#finite('loss', output.loss!, state)[0]!;
      for (const [i, values] of unpad(output.logprobs!, lengths, time).entries()) logprobs[rows[i]!] = values;
      if (learn) added.push(output);
    }
    if (learn) this.#accumulate(gradients, added, state);
    return { loss: total, logprobs };
  }

  /** Scalar-head values at every position. */
  async scalars(state: ModelState, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const values = new Array<Float32Array>(sequences.length);
    for (const rows of passes(sequences.map((s) => s.length))) {
      const batch = rows.map((row) => sequences[row]!);
      const time = Math.max(...batch.map((s) => s.length));
      const { scalars } = await this.#graphs.run(state.spec, 'scalars', state.weights, {
        tokens: [padIntegers(batch, time), [batch.length, time]],
        positions: [positions(time), [time]],
      });
      this.#finite('scalars', scalars!, state);
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
    for (const rows of passes(sequences.map((s) => s.length))) {
      const batch = rows.map((row) => sequences[row]!);
      const time = Math.max(...batch.map((s) => s.length));
      const seeds = padFloats(
        rows.map((row) => rowGradients[row]!),
        time,
      );
      added.push(
        await this.#graphs.run(state.spec, 'scalar-gradient', state.weights, {
          tokens: [padIntegers(batch, time), [batch.length, time]],
          positions: [positions(time), [time]],
          seeds: [seeds, [batch.length, time]],
        }),
      );
    }
    this.#accumulate(gradients, added, state);
  }

  #accumulate(gradients: Map<string, Float32Array>, added: readonly Record<string, Float32Array>[], state: ModelState) {
    for (const output of added) {
      for (const [key, values] of Object.entries(output)) if (key.startsWith('grad:')) this.#finite(key, values, state);
    }
    for (const output of added) {
      for (const [key, values] of Object.entries(output)) {
        if (!key.startsWith('grad:')) continue;
        const sum = gradients.get(key.slice(5));
        if (sum === undefined) gradients.set(key.slice(5), values);
        else for (let i = 0; i < values.length; i++) sum[i]! += values[i]!;
      }
    }
  }

  #finite(tensor: string, values: Float32Array, state: ModelState): Float32Array {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!)) {
        throw new NumericsError(tensor, `element ${i} is ${values[i]}; expected a finite number`, state.step);
      }
    }
    return values;
  }

  async optimStep(id: string, adam: AdamSettings): Promise<{ gradNorm: number; step: number }> {
    const { state, gradients } = this.#models.get(id)!;
    const gradNorm = adamStep(state, gradients, adam);
    gradients.clear();
    return { gradNorm, step: state.step };
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
    return sample(this.#graphs, this.#snapshots.get(snapshot)!, prompts, params);
  }

  async logprobs(snapshot: string, sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    const state = this.#snapshots.get(snapshot)!;
    const values = new Array<Float32Array>(sequences.length);
    for (const rows of passes(sequences.map((s) => s.length))) {
      const batch = rows.map((row) => sequences[row]!);
      const lengths = batch.map((s) => s.length - 1);
      const time = Math.max(...lengths);
      const { logprobs } = await this.#graphs.run(state.spec, 'logprobs', state.weights, {
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
      this.#finite('logprobs', logprobs!, state);
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
