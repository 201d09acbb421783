import type { Sample, SampleParams } from '../engine/index.ts';
import { architectureOf } from '../model/index.ts';
import { NumericsError } from '../run/index.ts';
import { Cache, type CacheMemory } from './cache.ts';
import type { Feed, GraphCache, GraphKind } from './graphs.ts';
import { hiddenOverflow } from './origin.ts';
import type { Snapshot } from './snapshot.ts';
import { uniformAt } from './store.ts';

/** Most rows decoded together, and most bytes of keys and values that they may hold. */
const ROWS_PER_BATCH = 128;
const CACHE_BYTES = 2 ** 29;
/** Fewer samples are not worth a second worker. */
const LEAST_PER_SHARE = 8;

interface Row {
  readonly prompt: number;
  readonly sample: number;
  /** Cache slots in use. */
  length: number;
  last: number;
  readonly tokens: number[];
  readonly logprobs: number[];
}

/** Whether tokens are drawn from the model's own distribution, which the graph can do. */
const isPlain = ({ temperature = 1, topK, topP = 1 }: Pick<SampleParams, 'temperature' | 'topK' | 'topP'>) =>
  temperature === 1 && topK === undefined && topP >= 1;

/** Picks a token: log-probabilities of temperature 1 are what is reported, whatever shaped the choice. */
export function pickToken(
  logits: Float32Array,
  uniform: number,
  params: Pick<SampleParams, 'temperature' | 'topK' | 'topP'>,
): { token: number; logprob: number } {
  let top = -Infinity;
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > top) {
      top = logits[i]!;
      best = i;
    }
  }
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - top);
  const logTotal = top + Math.log(total);
  if (!Number.isFinite(logTotal)) throw new NumericsError('logits', 'expected finite numbers while sampling');
  const temperature = params.temperature ?? 1;
  const pick = (token: number) => ({ token, logprob: logits[token]! - logTotal });
  if (temperature === 0) return pick(best);
  if (isPlain(params)) {
    let left = uniform * total;
    for (let i = 0; i < logits.length; i++) {
      left -= Math.exp(logits[i]! - top);
      if (left < 0) return pick(i);
    }
    return pick(best);
  }
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
  const kept = order.slice(0, params.topK ?? order.length);
  const weights = kept.map((i) => Math.exp((logits[i]! - top) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  let mass = 0;
  let count = 0;
  while (count < kept.length && (count === 0 || mass < (params.topP ?? 1) * sum)) mass += weights[count++]!;
  let left = uniform * mass;
  for (let i = 0; i < count; i++) {
    left -= weights[i]!;
    if (left < 0) return pick(kept[i]!);
  }
  return pick(kept[count - 1]!);
}

/** Samples of one call are numbered prompt by prompt, `n` to each; a share is a range of these numbers. */
export interface Share {
  readonly from: number;
  readonly to: number;
}

/** The call divided evenly among workers, in order; one share where there is too little to divide. */
export function sharesOf(samples: number, workers: number): Share[] {
  const count = Math.max(1, Math.min(workers, Math.floor(samples / LEAST_PER_SHARE)));
  const cut = (k: number) => Math.round((samples * k) / count);
  return Array.from({ length: count }, (_, k) => ({ from: cut(k), to: cut(k + 1) }));
}

/** What a worker samples with. */
export interface SamplingMeans {
  readonly graphs: GraphCache;
  readonly memory: CacheMemory;
}

/**
 * The samples of a share, in order. Every choice is addressed by (seed, prompt, sample, position): neither the batch nor the
 * worker changes it.
 */
export async function sampleShare(
  means: SamplingMeans,
  state: Snapshot,
  { prompts, params, share }: { prompts: readonly Int32Array[]; params: SampleParams; share: Share },
): Promise<Sample[]> {
  const results: Sample[] = [];
  const most = Math.max(1, Math.min(ROWS_PER_BATCH, Math.floor(CACHE_BYTES / bytesPerRow(state, prompts, params))));
  const batches = Math.ceil((share.to - share.from) / most);
  const cut = (k: number) => share.from + Math.round(((share.to - share.from) * k) / batches);
  for (let k = 0; k < batches; k++) {
    const rows = await sampleBatch(means, state, { prompts, params, share: { from: cut(k), to: cut(k + 1) } });
    for (const row of rows) {
      results.push({
        tokens: Int32Array.from(row.tokens),
        logprobs: Float32Array.from(row.logprobs),
        stopReason: params.stop.includes(row.tokens.at(-1) ?? -1) ? 'stop' : 'length',
      });
    }
  }
  return results;
}

const slotsOf = ({ spec }: Snapshot, prompts: readonly Int32Array[], params: SampleParams) =>
  Math.min(spec.maxContext, Math.max(...prompts.map((p) => p.length)) + params.maxTokens);

function bytesPerRow(state: Snapshot, prompts: readonly Int32Array[], params: SampleParams): number {
  const { keyValueHeads, headWidth } = architectureOf(state.spec);
  return 8 * state.spec.layers * keyValueHeads * headWidth * slotsOf(state, prompts, params);
}

async function sampleBatch(
  { graphs, memory }: SamplingMeans,
  state: Snapshot,
  { prompts, params, share }: { prompts: readonly Int32Array[]; params: SampleParams; share: Share },
): Promise<Row[]> {
  const { spec } = state;
  const all = Array.from({ length: share.to - share.from }, (_, i): Row => {
    const number = share.from + i;
    const prompt = Math.floor(number / params.n);
    return { prompt, sample: number % params.n, length: prompts[prompt]!.length, last: 0, tokens: [], logprobs: [] };
  });
  const first = all[0]!.prompt;
  // Each prompt once, however many samples it has.
  const chosen = prompts.slice(first, all.at(-1)!.prompt + 1);
  const time = Math.max(...chosen.map((p) => p.length));
  const slots = slotsOf(state, chosen, params);
  const { seed } = params;
  const uniformOf = ({ prompt, sample, tokens }: Row) =>
    typeof seed === 'number'
      ? uniformAt(seed, prompt, sample, tokens.length)
      : uniformAt(seed[prompt]!, 0, sample, tokens.length);
  const take = (row: Row, token: number, logprob: number): boolean => {
    row.tokens.push(token);
    row.logprobs.push(logprob);
    row.last = token;
    return !params.stop.includes(token) && row.tokens.length < params.maxTokens && row.length < slots;
  };
  const choose = (row: Row, logits: Float32Array, at: number): boolean => {
    const own = logits.subarray(at * spec.vocabulary, (at + 1) * spec.vocabulary);
    const { token, logprob } = pickToken(own, uniformOf(row), params);
    return take(row, token, logprob);
  };

  const check = async (
    kind: GraphKind,
    feeds: Readonly<Record<string, Feed>>,
    { overflow }: Record<string, Float32Array>,
  ) => {
    const error = Number.isFinite(overflow![0]) ? undefined : await hiddenOverflow(graphs, state, { kind, feeds });
    if (error !== undefined) throw error;
  };

  const whole = promptFeeds(chosen, time);
  const prefill = await graphs.run(state, 'prefill', whole);
  const cache = new Cache(spec, memory, { rows: all.length, first: time, most: slots });
  let active: Row[] = [];
  for (const row of all) {
    const from = row.prompt - first;
    if (!choose(row, prefill.logits!, from)) continue;
    cache.append(active.length, 0, { outputs: prefill, from, time, count: row.length });
    active.push(row);
  }
  await check('prefill', whole, prefill);
  const kind = isPlain(params) ? 'draw' : 'decode';
  const plain = kind === 'draw';
  while (active.length > 0) {
    const rows = active.length;
    cache.reserve(Math.max(...active.map((row) => row.length)), rows);
    const feeds: Readonly<Record<string, Feed>> = {
      tokens: [BigInt64Array.from(active, (row) => BigInt(row.last)), [rows, 1]],
      positions: [BigInt64Array.from(active, (row) => BigInt(row.length)), [rows, 1]],
      uniforms: [Float32Array.from(active, uniformOf), [rows]],
      ...cache.feeds(rows),
    };
    const step = await graphs.run(state, kind, feeds);
    const tokens = step.token as unknown as BigInt64Array | undefined;
    if (plain && step.logprob!.some((logprob) => !Number.isFinite(logprob))) {
      throw new NumericsError('logits', 'expected finite numbers while sampling', { step: state.step });
    }
    await check(kind, feeds, step);
    const kept: Row[] = [];
    for (const [r, row] of active.entries()) {
      cache.append(r, row.length, { outputs: step, from: r, time: 1, count: 1 });
      row.length += 1;
      const goesOn = plain ? take(row, Number(tokens![r]), step.logprob![r]!) : choose(row, step.logits!, r);
      if (!goesOn) continue;
      if (kept.length !== r) cache.move(r, kept.length);
      kept.push(row);
    }
    active = kept;
  }
  cache.release(memory);
  return all;
}

/** Prompts as right-padded rows, the last token of each wanted. */
export function promptFeeds(
  prompts: readonly Int32Array[],
  time = Math.max(...prompts.map((p) => p.length)),
): Record<string, Feed> {
  const shape = [prompts.length, time];
  const tokens = new BigInt64Array(prompts.length * time);
  for (const [r, prompt] of prompts.entries()) tokens.set(BigInt64Array.from(prompt, BigInt), r * time);
  const positions = tokens.map((_, i) => BigInt(i % time));
  const rows = BigInt64Array.from(prompts, (prompt, r) => BigInt(r * time + prompt.length - 1));
  return {
    tokens: [tokens, shape],
    positions: [positions, shape],
    ends: [tokens.map(() => BigInt(time)), shape],
    order: [positions.subarray(0, time), [time]],
    rows: [rows, [prompts.length]],
  };
}
