import {
  type ModelSpec,
  requireRoom,
  type Sample,
  type SampleParams,
  type Sampler,
  SnapshotLife,
  validateSequences,
} from '../engine/index.ts';
import { EngineError } from '../run/index.ts';
import { modelInputJson, sampleOutputSchema } from './json-messages.ts';
import type { Meter } from './meter.ts';
import { decodeSampleOutput } from './protobuf.ts';
import { RemoteError } from './remote-error.ts';
import type { Session } from './session.ts';
import type { SampleOutput } from './tensors.ts';
import type { Reply } from './transport.ts';

/** Requests of one sampler that are under way at once. */
const AT_ONCE = 64;
/** Largest seed that every server takes. */
const LARGEST_SEED = 2 ** 31 - 1;

/** What a sampler is asked for beside its prompt. */
interface Wish {
  readonly n: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly params?: Pick<SampleParams, 'temperature' | 'topK' | 'topP' | 'stop'>;
  readonly promptLogprobs: boolean;
}

/** A seed for each prompt of a call, so that a prompt's samples are the same whatever stands beside it. */
function seedAt(seed: number, prompt: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(prompt + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) % LARGEST_SEED;
}

/** How far above 0 rounding can put a log-probability. */
const ROUNDING = 1e-2;

/** A server's log-probabilities, if they are ones: what it makes up must not become a gradient. */
function requireLogprobs(values: Float32Array, url: string): Float32Array {
  const odd = values.find((value) => !Number.isFinite(value) || value > ROUNDING);
  if (odd === undefined) return values;
  throw new RemoteError('remote', `${url}: ${odd} stands for a log-probability; expected a finite number up to 0`);
}

/** One sampling session of a server. */
export class RemoteSampler {
  readonly #session: Session;
  readonly #id: string;
  readonly #meter: Meter;
  readonly #tempered: boolean;
  #seq = 0;

  constructor(session: Session, id: string, { meter, tempered }: { meter: Meter; tempered: boolean }) {
    this.#session = session;
    this.#id = id;
    this.#meter = meter;
    this.#tempered = tempered;
  }

  async #ask(prompt: Int32Array, { n, maxTokens, seed, params, promptLogprobs }: Wish): Promise<SampleOutput> {
    const { temperature = 1, topK, topP = 1, stop = [] } = params ?? {};
    this.#meter.take('read', prompt.length);
    this.#meter.take('sampled', n * maxTokens);
    const body = {
      sampling_session_id: this.#id,
      seq_id: this.#seq++,
      num_samples: n,
      prompt: modelInputJson(prompt),
      sampling_params: { max_tokens: maxTokens, seed, stop, temperature, top_k: topK ?? -1, top_p: topP },
      prompt_logprobs: promptLogprobs,
      type: 'sample',
    };
    const read = (reply: Reply): SampleOutput => {
      const output =
        reply.kind === 'protobuf' ? decodeSampleOutput(reply.bytes) : sampleOutputSchema.parse(reply.value);
      const { sequences } = output;
      // Cut short on the way.
      if (sequences.length !== n || (promptLogprobs && output.promptLogprobs === undefined))
        throw new RangeError(`${sequences.length} samples instead of ${n}`);
      if (sequences.some(({ tokens, logprobs }) => logprobs !== undefined && logprobs.length !== tokens.length))
        throw new RangeError('log-probabilities of other lengths than the samples');
      return output;
    };
    const output = await this.#session.call('asample', { body, protobuf: true }, read);
    this.#meter.giveBack(
      'sampled',
      n * maxTokens - output.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0),
    );
    return output;
  }

  /** A call for every element, some at once, answers in order. */
  async #each<A, B>(all: readonly A[], work: (each: A, at: number) => Promise<B>): Promise<B[]> {
    const answers = new Array<B>(all.length);
    const left = [...all.entries()];
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        answers[next[0]] = await work(next[1], next[0]);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
    return answers;
  }

  sample(prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]> {
    return this.#each(prompts, async (prompt, at) => {
      const { n, maxTokens, seed } = params;
      const own = typeof seed === 'number' ? seedAt(seed, at) : seedAt(seed[at]!, 0);
      const output = await this.#ask(prompt, { n, maxTokens, seed: own, params, promptLogprobs: false });
      const samples = output.sequences.map(({ tokens, logprobs, stopReason }) => {
        const { url } = this.#session.transport;
        if (logprobs === undefined) throw new RemoteError('remote', `${url}: samples came without log-probabilities`);
        if (tokens.length > maxTokens)
          throw new RemoteError(
            'remote',
            `${url}: a sample of ${tokens.length} tokens; at most ${maxTokens} were asked for`,
          );
        return { tokens, logprobs: requireLogprobs(logprobs, url), stopReason };
      });
      const shaped = (params.temperature ?? 1) !== 1 || params.topK !== undefined || (params.topP ?? 1) < 1;
      return this.#tempered && shaped ? this.#rescored(prompt, samples) : samples;
    });
  }

  /** Samples with the log-probabilities of temperature 1, from a server that gives those of the distribution drawn from. */
  async #rescored(prompt: Int32Array, samples: readonly Sample[]): Promise<Sample[]> {
    const whole = samples.map(({ tokens }) => Int32Array.from([...prompt, ...tokens]));
    const rows = await this.logprobs(whole);
    return samples.map((sample, i) => ({ ...sample, logprobs: rows[i]!.slice(prompt.length - 1) }));
  }

  logprobs(sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    return this.#each(sequences, async (sequence) => {
      const { promptLogprobs } = await this.#ask(sequence, { n: 1, maxTokens: 1, seed: 0, promptLogprobs: true });
      const { url } = this.#session.transport;
      return requireLogprobs(alignedLogprobs(promptLogprobs!, sequence.length, url), url);
    });
  }

  /** What a server answered, unread: for the probe. */
  raw(prompt: Int32Array, wish: Omit<Wish, 'promptLogprobs'> & { promptLogprobs?: boolean }): Promise<SampleOutput> {
    return this.#ask(prompt, { promptLogprobs: false, ...wish });
  }
}

/** N − 1 log-probabilities of N tokens: some servers begin with an empty entry for the first, some leave it out. */
export function alignedLogprobs(values: Float32Array, tokens: number, url: string): Float32Array {
  if (values.length === tokens - 1) return values;
  if (values.length === tokens) return values.slice(1);
  throw new RemoteError(
    'remote',
    `${url}: ${values.length} log-probabilities of a prompt of ${tokens} tokens; expected ${tokens} or ${tokens - 1}`,
  );
}

/** A snapshot as the loop uses it; what it cannot do is refused before anything is sent. */
export class TinkerSampler implements Sampler {
  readonly snapshot: string;
  readonly #remote: RemoteSampler;
  readonly #spec: ModelSpec;
  readonly #life: SnapshotLife;

  constructor(remote: RemoteSampler, spec: ModelSpec, snapshot: string) {
    this.#remote = remote;
    this.#spec = spec;
    this.snapshot = snapshot;
    this.#life = new SnapshotLife(snapshot);
  }

  async sample(prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]> {
    this.#life.check();
    validateSequences(prompts, this.#spec, 'sample');
    requireRoom(prompts, this.#spec);
    const samples = await this.#remote.sample(prompts, params);
    const { vocabulary } = this.#spec;
    for (const { tokens } of samples.flat())
      for (const id of tokens)
        if (id < 0 || id >= vocabulary)
          throw new RemoteError('remote', `the server sampled token ${id}; the vocabulary has ${vocabulary}`);
    return samples;
  }

  async logprobs(sequences: readonly Int32Array[]): Promise<Float32Array[]> {
    this.#life.check();
    validateSequences(sequences, this.#spec, 'logprobs', 2);
    return this.#remote.logprobs(sequences);
  }

  async scalars(): Promise<Float32Array[]> {
    throw noScalarHead();
  }

  retire(state: 'stale' | 'disposed'): void {
    this.#life.end(state);
  }

  async dispose(): Promise<void> {
    this.retire('disposed');
  }
}

export const noScalarHead = (): EngineError =>
  new EngineError(
    'no-scalar-head',
    'the protocol has no scalar head; let the embedded engine compute rewards and critics',
  );
