import type { ModelSpec } from '../engine/index.ts';
import { architectureOf } from '../model/index.ts';
import type { Feed } from './graphs.ts';

const HIDDEN = -1e9;
/** Slots added when a cache is full: attention reads every slot, used or not. */
const GROWTH = 32;

/** Bytes of arrays kept from one call for the next. */
const KEPT_BYTES = 2 ** 27;

/** Arrays for caches, used again: fresh memory costs ten times as much at its first touch as zeros in old memory. */
export class CacheMemory {
  #kept: Float32Array[] = [];

  /** `count` arrays of at least `length` zeros. */
  take(count: number, length: number): Float32Array[] {
    const fitting = this.#kept.filter((array) => array.length >= length).slice(0, count);
    this.#kept = [];
    for (const array of fitting) array.fill(0, 0, length);
    while (fitting.length < count) fitting.push(new Float32Array(length));
    return fitting;
  }

  give(arrays: readonly Float32Array[]): void {
    const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes <= KEPT_BYTES) this.#kept = [...arrays];
  }
}

/**
 * Keys and values of every layer for rows of a batch: [rows, keyValueHeads, slots, d] each, one contiguous block per row. It is
 * written in place; the graph returns new entries only, since whatever leaves a graph is copied.
 */
export class Cache {
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];
  readonly #mask: Float32Array;
  readonly #heads: number;
  readonly #size: number;
  readonly #most: number;
  #slots: number;

  /** Room for `rows` rows that reach `most` slots, `first` of them soon. */
  constructor(
    spec: ModelSpec,
    memory: CacheMemory,
    { rows, first, most }: { rows: number; first: number; most: number },
  ) {
    const { keyValueHeads, headWidth } = architectureOf(spec);
    this.#most = most;
    this.#slots = Math.min(most, first + GROWTH);
    this.#heads = keyValueHeads;
    this.#size = headWidth;
    const arrays = memory.take(2 * spec.layers, rows * keyValueHeads * headWidth * most);
    this.#keys = arrays.slice(0, spec.layers);
    this.#values = arrays.slice(spec.layers);
    this.#mask = new Float32Array(rows * most).fill(HIDDEN);
  }

  /**
   * Puts `count` new positions of a row behind the `at` it has, from the outputs `key<i>` and `value<i>` of a graph,
   * [rows, keyValueHeads, time, d], row `from`.
   */
  append(
    row: number,
    at: number,
    source: { outputs: Readonly<Record<string, unknown>>; from: number; time: number; count: number },
  ): void {
    const { outputs, from, time, count } = source;
    for (const [layer, keys] of this.#keys.entries()) {
      this.#copy(keys, outputs[`key${layer}`] as Float32Array, { row, at, from, time, count });
      this.#copy(this.#values[layer]!, outputs[`value${layer}`] as Float32Array, { row, at, from, time, count });
    }
    const mask = row * this.#slots + at;
    this.#mask.fill(0, mask, mask + count);
  }

  #copy(
    to: Float32Array,
    source: Float32Array,
    { row, at, from, time, count }: { row: number; at: number; from: number; time: number; count: number },
  ): void {
    const [heads, size, slots] = [this.#heads, this.#size, this.#slots];
    const length = count * size;
    for (let head = 0; head < heads; head++) {
      const start = (from * heads + head) * time * size;
      const target = ((row * heads + head) * slots + at) * size;
      // A loop: short runs cost more as views and calls than as copies.
      for (let i = 0; i < length; i++) to[target + i] = source[start + i]!;
    }
  }

  /** Moves a row's block to another place. */
  move(from: number, to: number): void {
    const block = this.#heads * this.#slots * this.#size;
    for (const part of [...this.#keys, ...this.#values]) part.copyWithin(to * block, from * block, (from + 1) * block);
    this.#mask.copyWithin(to * this.#slots, from * this.#slots, (from + 1) * this.#slots);
  }

  /** Makes room for slot `needed` in the first `rows` rows: blocks move apart, the last one first. */
  reserve(needed: number, rows: number): void {
    if (needed < this.#slots) return;
    const before = this.#slots;
    this.#slots = Math.min(this.#most, before + GROWTH);
    const [short, long] = [before * this.#size, this.#slots * this.#size];
    for (const part of [...this.#keys, ...this.#values]) {
      for (let block = rows * this.#heads - 1; block > 0; block--) {
        part.copyWithin(block * long, block * short, (block + 1) * short);
      }
    }
    for (let row = rows - 1; row >= 0; row--) {
      this.#mask.copyWithin(row * this.#slots, row * before, (row + 1) * before);
      this.#mask.fill(HIDDEN, row * this.#slots + before, (row + 1) * this.#slots);
    }
  }

  /** Gives the arrays back; the cache is not used afterwards. */
  release(memory: CacheMemory): void {
    memory.give([...this.#keys, ...this.#values]);
  }

  /** The graph's inputs for the first `rows` rows. */
  feeds(rows: number): Record<string, Feed> {
    const shape = [rows, this.#heads, this.#slots, this.#size];
    const count = rows * this.#heads * this.#slots * this.#size;
    const mask = this.#mask.subarray(0, rows * this.#slots);
    const feeds: Record<string, Feed> = { mask: [mask, [rows, 1, 1, this.#slots]] };
    for (const [layer, keys] of this.#keys.entries()) {
      feeds[`pastKey${layer}`] = [keys.subarray(0, count), shape];
      feeds[`pastValue${layer}`] = [this.#values[layer]!.subarray(0, count), shape];
    }
    return feeds;
  }
}
