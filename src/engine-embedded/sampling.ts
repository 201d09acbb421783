import type { Sample, SampleParams } from '../engine/index.ts';
import { architectureOf } from '../model/index.ts';
import { NumericsError } from '../run/index.ts';
import { padIntegers, positions } from './batches.ts';
import type { Feed, GraphCache } from './graphs.ts';
import { type ModelState, uniformAt } from './store.ts';

/** Rows decoded together. */
const ROWS_PER_BATCH = 128;
const HIDDEN = -1e9;

interface Row {
  readonly prompt: number;
  readonly sample: number;
  /** Cache slots in use. */
  length: number;
  last: number;
  readonly tokens: number[];
  readonly logprobs: number[];
}

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
  if (temperature === 1 && params.topK === undefined && (params.topP ?? 1) >= 1) {
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

/** Keys and values of every layer for a batch of rows: [rows, keyValueHeads, slots, d] each, one contiguous block per row. */
class Cache {
  readonly keys: Float32Array[];
  readonly values: Float32Array[];
  readonly mask: Float32Array;
  readonly slots: number;
  readonly heads: number;
  readonly size: number;

  constructor(state: ModelState, rows: number, slots: number) {
    const { keyValueHeads, headWidth } = architectureOf(state.spec);
    this.slots = slots;
    this.heads = keyValueHeads;
    this.size = headWidth;
    const length = rows * keyValueHeads * headWidth * slots;
    const make = () => Array.from({ length: state.spec.layers }, () => new Float32Array(length));
    this.keys = make();
    this.values = make();
    this.mask = new Float32Array(rows * slots).fill(HIDDEN);
  }

  /** Puts `count` new positions of one row behind those it has; `source` is [rows, heads, time, d], row `from`. */
  append(
    row: number,
    at: number,
    outputs: Record<string, Float32Array>,
    from: number,
    time: number,
    count: number,
  ): void {
    const { heads, slots, size } = this;
    for (const [layer, keys] of this.keys.entries()) {
      const pairs = [
        [keys, outputs[`key${layer}`]!],
        [this.values[layer]!, outputs[`value${layer}`]!],
      ] as const;
      for (const [to, source] of pairs) {
        for (let head = 0; head < heads; head++) {
          const start = (from * heads + head) * time * size;
          to.set(source.subarray(start, start + count * size), ((row * heads + head) * slots + at) * size);
        }
      }
    }
    this.mask.fill(0, row * slots + at, row * slots + at + count);
  }

  /** Moves a row's block to another place. */
  move(from: number, to: number): void {
    const block = this.heads * this.slots * this.size;
    for (const part of [...this.keys, ...this.values]) part.copyWithin(to * block, from * block, (from + 1) * block);
    this.mask.copyWithin(to * this.slots, from * this.slots, (from + 1) * this.slots);
  }

  feeds(rows: number): Record<string, Feed> {
    const { heads, slots, size } = this;
    const shape = [rows, heads, slots, size];
    const feeds: Record<string, Feed> = { mask: [this.mask.subarray(0, rows * slots), [rows, 1, 1, slots]] };
    for (const [layer, keys] of this.keys.entries()) {
      feeds[`pastKey${layer}`] = [keys.subarray(0, rows * heads * slots * size), shape];
      feeds[`pastValue${layer}`] = [this.values[layer]!.subarray(0, rows * heads * slots * size), shape];
    }
    return feeds;
  }
}

/** Samples `n` completions per prompt. Every choice is addressed by (seed, prompt, sample, position): batching changes none. */
export async function sample(
  graphs: GraphCache,
  state: ModelState,
  prompts: readonly Int32Array[],
  params: SampleParams,
): Promise<Sample[][]> {
  const results: Sample[][] = prompts.map(() => []);
  const perBatch = Math.max(1, Math.floor(ROWS_PER_BATCH / params.n));
  for (let start = 0; start < prompts.length; start += perBatch) {
    const indices = prompts.slice(start, start + perBatch).map((_, i) => start + i);
    for (const row of await sampleBatch(graphs, state, prompts, indices, params)) {
      const stopped = params.stop.includes(row.tokens.at(-1) ?? -1);
      results[row.prompt]![row.sample] = {
        tokens: Int32Array.from(row.tokens),
        logprobs: Float32Array.from(row.logprobs),
        stopReason: stopped ? 'stop' : 'length',
      };
    }
  }
  return results;
}

async function sampleBatch(
  graphs: GraphCache,
  state: ModelState,
  prompts: readonly Int32Array[],
  indices: readonly number[],
  params: SampleParams,
): Promise<Row[]> {
  const { spec, weights } = state;
  const chosen = indices.map((i) => prompts[i]!);
  const time = Math.max(...chosen.map((p) => p.length));
  const slots = Math.min(spec.maxContext, time + params.maxTokens);
  const prefill = await graphs.run(spec, 'prefill', weights, {
    tokens: [padIntegers(chosen, time), [chosen.length, time]],
    positions: [positions(time), [time]],
    last: [BigInt64Array.from(chosen, (p, r) => BigInt(r * time + p.length - 1)), [chosen.length]],
  });
  const cache = new Cache(state, chosen.length * params.n, slots);
  const all: Row[] = [];
  let active: Row[] = [];
  const take = (row: Row, logits: Float32Array, from: number): boolean => {
    const uniform = uniformAt(params.seed, row.prompt, row.sample, row.tokens.length);
    const { token, logprob } = pickToken(
      logits.subarray(from * spec.vocabulary, (from + 1) * spec.vocabulary),
      uniform,
      params,
    );
    row.tokens.push(token);
    row.logprobs.push(logprob);
    row.last = token;
    return !params.stop.includes(token) && row.tokens.length < params.maxTokens && row.length < slots;
  };
  for (const [p, prompt] of indices.entries()) {
    for (let s = 0; s < params.n; s++) {
      const row: Row = { prompt, sample: s, length: chosen[p]!.length, last: 0, tokens: [], logprobs: [] };
      all.push(row);
      if (!take(row, prefill.logits!, p)) continue;
      cache.append(active.length, 0, prefill, p, time, row.length);
      active.push(row);
    }
  }
  while (active.length > 0) {
    const rows = active.length;
    const step = await graphs.run(spec, 'decode', weights, {
      tokens: [BigInt64Array.from(active, (row) => BigInt(row.last)), [rows, 1]],
      positions: [BigInt64Array.from(active, (row) => BigInt(row.length)), [rows]],
      ...cache.feeds(rows),
    });
    const kept: Row[] = [];
    for (const [r, row] of active.entries()) {
      cache.append(r, row.length, step, r, 1, 1);
      row.length += 1;
      if (!take(row, step.logits!, r)) continue;
      if (kept.length !== r) cache.move(r, kept.length);
      kept.push(row);
    }
    active = kept;
  }
  return all;
}
