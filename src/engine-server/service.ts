import type { Engine } from '../engine/index.ts';
import { Bases, type ServedBase } from './bases.ts';
import { type Asked, Futures } from './futures.ts';
import { ProtocolError } from './protocol-error.ts';
import type { SampleRequest } from './requests.ts';
import { type SamplerFacts, Samplers } from './samplers.ts';
import { type StateCard, States } from './states.ts';
import { Trainings } from './training.ts';

export interface ServiceOptions {
  /** Computes everything; it stays the caller's to dispose of. */
  readonly engine: Engine;
  /** Models that clients may name. */
  readonly bases: readonly ServedBase[];
  /** Where saved states are kept. */
  readonly folder: string;
  readonly now: () => number;
  /** Random hexadecimal digits, for ids that nobody guesses. */
  readonly newId: () => string;
  /** A number that nobody expects, from 0 to 2³¹ − 1. */
  readonly random: () => number;
  /** Writes a defect down and returns what to tell the client. */
  readonly defect: (error: unknown) => string;
  /** A session that is silent for longer is ended and its models are unloaded; 300 s by default. */
  readonly sessionMs?: number;
  /** Most weights of a model that is described in its name; 10⁸ by default. */
  readonly mostParameters?: number;
  /** Most snapshots for sampling held at once; 64 by default. */
  readonly mostSamplers?: number;
  /** Most models held at once; 64 by default. */
  readonly mostModels?: number;
  /** Most requests that wait at once; 8192 by default. */
  readonly mostWaiting?: number;
  /** Most bytes of requests that wait at once; 512 MiB by default. */
  readonly mostWaitingBytes?: number;
}

/** Most sessions at once: a client has one. */
const MOST_SESSIONS = 4096;

/** One engine for several clients: sessions, models, samplers, saved states, and results to come. */
export class EngineService {
  readonly futures: Futures;
  readonly states: States;
  readonly bases: Bases;
  readonly samplers: Samplers;
  readonly trainings: Trainings;
  readonly #options: ServiceOptions;
  readonly #sessions = new Map<string, number>();
  /** Samplers that requests name by model instead of by session. */
  readonly #shared = new Map<string, string>();

  constructor(options: ServiceOptions) {
    const { engine, folder, now, newId, random, defect } = options;
    this.#options = options;
    this.futures = new Futures({
      start: newId(),
      mostWaiting: options.mostWaiting ?? 8192,
      mostWaitingBytes: options.mostWaitingBytes ?? 2 ** 29,
      mostKept: 8192,
      mostBytes: 2 ** 29,
      defect,
    });
    this.states = new States(folder, now);
    this.bases = new Bases(options.bases, { engine, folder, mostParameters: options.mostParameters ?? 1e8 });
    this.samplers = new Samplers({
      futures: this.futures,
      limitsOf: (name) => {
        const { spec, stop, decode } = this.bases.get(name);
        return { maxContext: spec.maxContext, stop: stop ?? [], decode };
      },
      random,
      newId: () => `sampler-${newId()}`,
      most: options.mostSamplers ?? 64,
    });
    const { bases, states, samplers, futures } = this;
    this.trainings = new Trainings({ engine, bases, states, samplers, futures, most: options.mostModels ?? 64 });
  }

  openSession(): string {
    if (this.#sessions.size >= MOST_SESSIONS)
      throw new ProtocolError(429, `${MOST_SESSIONS} sessions are open already; finish one, or come again later`);
    const id = this.#options.newId();
    this.#sessions.set(id, this.#options.now());
    return id;
  }

  /** Says that a session's client is there. @throws ProtocolError for a session that is not. */
  requireSession(id: string): void {
    if (!this.#sessions.has(id))
      throw new ProtocolError(404, 'this server has no such session: it ended, or the server was started again');
    this.#sessions.set(id, this.#options.now());
  }

  async endSession(id: string): Promise<void> {
    this.#sessions.delete(id);
    await this.trainings.endSession(id);
    await this.samplers.endSession(id);
  }

  /** Ends the sessions whose clients have gone silent. */
  async expire(): Promise<void> {
    const before = this.#options.now() - (this.#options.sessionMs ?? 300_000);
    const silent = [...this.#sessions].filter(([, heard]) => heard < before);
    await Promise.all(silent.map(([id]) => this.endSession(id)));
  }

  /** A snapshot of a base model or of a saved state. */
  #snapshotOf(wanted: { readonly base: ServedBase } | { readonly card: StateCard; readonly folder: string }) {
    return async () => {
      const { engine } = this.#options;
      const model =
        'base' in wanted
          ? await this.bases.make(wanted.base, wanted.base.spec)
          : await engine.createModel(wanted.card.spec, { from: wanted.folder });
      try {
        return await model.sampler({ retain: true });
      } finally {
        await model.dispose();
      }
    };
  }

  /** Opens a sampling session on a base model or a saved state. Returns its id. */
  openSampler(session: string | undefined, of: Pick<SampleRequest, 'base_model' | 'model_path'>): string {
    if (of.model_path != null) {
      const found = this.states.find(of.model_path);
      const facts: SamplerFacts = { session, baseModel: found.card.baseModel, modelPath: of.model_path };
      return this.samplers.open(facts, this.#snapshotOf(found));
    }
    const base = this.bases.get(of.base_model!);
    return this.samplers.open({ session, baseModel: base.name, modelPath: undefined }, this.#snapshotOf({ base }));
  }

  /** Samples from a session, or from what the request names itself. Returns the id of the result. */
  sample(given: SampleRequest, asked: Asked): string {
    if (given.sampling_session_id != null) return this.samplers.sample(given.sampling_session_id, given, asked);
    const key = JSON.stringify([given.base_model, given.model_path]);
    const known = this.#shared.get(key);
    if (known !== undefined && this.samplers.has(known)) return this.samplers.sample(known, given, asked);
    const id = this.openSampler(undefined, given);
    for (const [other, sampler] of this.#shared) if (!this.samplers.has(sampler)) this.#shared.delete(other);
    this.#shared.set(key, id);
    return this.samplers.sample(id, given, asked);
  }
}
