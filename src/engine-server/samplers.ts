import type { Sample, SampleParams, Sampler } from '../engine/index.ts';
import { encodeSampleOutput, type SampleOutput, sampleOutputJson } from '../engine-tinker/index.ts';
import { batched } from './batched.ts';
import { type Asked, type Futures, type Result, ROW_BYTES } from './futures.ts';
import { ProtocolError } from './protocol-error.ts';
import type { SampleRequest } from './requests.ts';
import { cutAtText, type StopTexts } from './stop-texts.ts';

export interface SamplerFacts {
  /** The client's session that it ends with; undefined for those of nobody. */
  readonly session: string | undefined;
  readonly baseModel: string;
  readonly modelPath: string | undefined;
}

/** What a sampler of the engine is good for. */
export interface SamplerLimits {
  readonly maxContext: number;
  /** Ids that end a completion where a request names none. */
  readonly stop: readonly number[];
  readonly decode: ((ids: readonly number[]) => string) | undefined;
}

interface Open extends SamplerFacts {
  readonly sampler: Promise<Sampler>;
  readonly calls: Calls;
  readonly requests: Map<number, { readonly digest: string; readonly id: string }>;
}

/** Most tokens of one request: all of them are held until it ends. */
const MOST_SAMPLED = 2 ** 22;

/** Calls of a sampler, in which requests that wait at once are joined. */
interface Calls {
  readonly sample: (prompt: Int32Array, params: DrawParams) => Promise<Sample[]>;
  readonly logprobs: (sequence: Int32Array) => Promise<Float32Array>;
}
type DrawParams = Omit<SampleParams, 'seed'> & { readonly seed: number };

function callsOf(opened: Promise<Sampler>): Calls {
  // Requests of the same settings but for the seed are one call: each is answered as it would be alone.
  const drawing = batched(async (asked: readonly { prompt: Int32Array; params: DrawParams }[]) => {
    const prompts = asked.map(({ prompt }) => prompt);
    const seeds = asked.map(({ params }) => params.seed);
    return (await opened).sample(prompts, { ...asked[0]!.params, seed: seeds });
  });
  const scoring = batched(async (sequences: readonly Int32Array[]) => (await opened).logprobs(sequences));
  return {
    sample: (prompt, params) => drawing(JSON.stringify({ ...params, seed: null }), { prompt, params }),
    logprobs: (sequence) => scoring('', sequence),
  };
}

/** Requests of a sampler that are remembered, so that one sent again is not done again. */
const REMEMBERED = 4096;

export interface SamplersOptions {
  readonly futures: Futures;
  readonly limitsOf: (baseModel: string) => SamplerLimits;
  /** A number that nobody expects, for requests without a seed. */
  readonly random: () => number;
  readonly newId: () => string;
  /** Most samplers held at once; the one that rested longest is let go. */
  readonly most: number;
}

/** Snapshots that clients sample from. */
export class Samplers {
  readonly #options: SamplersOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: SamplersOptions) {
    this.#options = options;
  }

  /** Holds a snapshot under a new id. */
  open(facts: SamplerFacts, make: () => Promise<Sampler>): string {
    const id = this.#options.newId();
    const sampler = make();
    // Whoever samples hears of a failure.
    sampler.catch(() => {});
    this.#open.set(id, { ...facts, sampler, calls: callsOf(sampler), requests: new Map() });
    for (const [oldest] of this.#open) {
      if (this.#open.size <= this.#options.most) break;
      void this.#drop(oldest);
    }
    return id;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  facts(id: string): SamplerFacts {
    return this.#get(id);
  }

  #get(id: string): Open {
    const open = this.#open.get(id);
    if (open === undefined)
      throw new ProtocolError(
        404,
        'this server has no such sampler: it was let go, or the server was started again; save the weights for sampling anew',
      );
    // The one that is used last goes last.
    this.#open.delete(id);
    this.#open.set(id, open);
    return open;
  }

  /** Samples, once however often the same request comes. Returns the id of its result. */
  sample(id: string, given: SampleRequest, { digest, bytes }: Asked): string {
    const open = this.#get(id);
    const limits = this.#options.limitsOf(open.baseModel);
    const known = given.seq_id == null ? undefined : open.requests.get(given.seq_id);
    if (known?.digest === digest && this.#options.futures.has(known.id)) return known.id;
    const { params, texts } = paramsOf(given, limits, this.#options.random);
    this.#options.futures.requireRoom(bytes);
    const request = this.#options.futures.submit(sampled(open.calls, given, { params, texts }), bytes);
    if (given.seq_id != null) {
      open.requests.set(given.seq_id, { digest, id: request });
      const [oldest] = open.requests.keys();
      if (open.requests.size > REMEMBERED) open.requests.delete(oldest!);
    }
    return request;
  }

  async #drop(id: string): Promise<void> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    const sampler = await open?.sampler.catch(() => undefined);
    await sampler?.dispose();
  }

  async endSession(session: string): Promise<void> {
    const own = [...this.#open].filter(([, open]) => open.session === session);
    await Promise.all(own.map(([id]) => this.#drop(id)));
  }
}

/** How the engine is to sample, and the texts that end a completion besides. @throws ProtocolError for what it cannot. */
function paramsOf(
  { sampling_params: wanted, num_samples, prompt, prompt_logprobs }: SampleRequest,
  { maxContext, stop: usual, decode }: SamplerLimits,
  random: () => number,
): Wanted {
  if (prompt.length === 0) throw new ProtocolError(400, 'prompt: expected at least one token');
  const room = maxContext - prompt.length;
  if (room < 0 || (room === 0 && prompt_logprobs !== true))
    throw new ProtocolError(400, `prompt: ${prompt.length} tokens; the context holds ${maxContext}, shorten it`);
  const listed = typeof wanted.stop === 'string' ? [wanted.stop] : (wanted.stop ?? usual);
  const ids = listed.filter((each) => typeof each === 'number');
  const texts = listed.filter((each) => typeof each === 'string' && each !== '');
  if (texts.length > 0 && decode === undefined)
    throw new ProtocolError(400, 'stop: this model has no tokenizer here; give ids of tokens');
  const maxTokens = Math.min(wanted.max_tokens ?? room, room);
  if (num_samples * maxTokens > MOST_SAMPLED)
    throw new ProtocolError(
      400,
      `num_samples: ${num_samples} samples of ${maxTokens} tokens; expected at most ${MOST_SAMPLED} tokens, ask twice`,
    );
  const params: DrawParams = {
    maxTokens,
    temperature: wanted.temperature,
    ...(wanted.top_k > 0 && { topK: wanted.top_k }),
    topP: wanted.top_p,
    stop: ids as number[],
    n: num_samples,
    seed: wanted.seed ?? random(),
  };
  return { params, texts: texts.length > 0 ? { texts: texts as string[], decode: decode! } : undefined };
}

interface Wanted {
  readonly params: DrawParams;
  readonly texts: StopTexts | undefined;
}

const EMPTY: Sample = { tokens: new Int32Array(), logprobs: new Float32Array(), stopReason: 'length' };

async function sampled(calls: Calls, given: SampleRequest, { params, texts }: Wanted): Promise<Result> {
  const { prompt } = given;
  const drawing =
    params.maxTokens === 0
      ? Promise.resolve(Array.from({ length: params.n }, () => EMPTY))
      : calls.sample(prompt, params);
  const scoring = given.prompt_logprobs === true ? promptLogprobs(calls, given) : undefined;
  const group = await drawing;
  const sequences = group.map((sample) => (texts === undefined ? sample : cutAtText(sample, texts)));
  const output: SampleOutput = { sequences, promptLogprobs: await scoring };
  return {
    json: () => sampleOutputJson(output),
    protobuf: () => encodeSampleOutput(output),
    bytes: sequences.reduce((sum, { tokens }) => sum + 8 * tokens.length + 2 * ROW_BYTES, 8 * prompt.length),
  };
}

/** Log-probability of every token of the prompt given those before, of the last ones where only they are wanted. */
async function promptLogprobs(
  calls: Calls,
  { prompt, prompt_logprobs_last_n: last }: SampleRequest,
): Promise<Float32Array> {
  const values = new Float32Array(prompt.length).fill(Number.NaN);
  if (prompt.length < 2) return values;
  const row = await calls.logprobs(prompt);
  const from = Math.max(1, last == null ? 1 : prompt.length - last);
  values.set(row.subarray(from - 1), from);
  return values;
}
