import { describe, expect, it } from 'vitest';
import { parametersOf } from '../model/index.ts';
import { Cache, CacheMemory } from './cache.ts';
import { plainWeights, takeSnapshot } from './snapshot.ts';
import { freshState } from './store.ts';

const spec = { vocabulary: 5, width: 36, layers: 2, heads: 2, feedForward: 20, maxContext: 8, seed: 1 };

describe('a snapshot', () => {
  const state = freshState(spec);
  const snapshot = takeSnapshot(state);

  it('holds matrices as [out, in] and the rest as it was', () => {
    for (const { name, role, shape } of parametersOf(spec)) {
      const [rows, columns] = shape as [number, number];
      const from = state.weights.get(name)!;
      const want =
        role === 'matrix' ? from.map((_, i) => from[(i % rows) * columns + Math.floor(i / rows)]!) : from.slice();
      expect([name, snapshot.weights.get(name)]).toEqual([name, want]);
    }
  });

  it('turned back is the model, and neither shares memory with it', () => {
    expect(plainWeights(snapshot)).toEqual(state.weights);
    for (const [name, values] of state.weights) expect(snapshot.weights.get(name)!.buffer).not.toBe(values.buffer);
    expect(plainWeights(state)).toBe(state.weights);
  });
});

describe('memory of caches', () => {
  it('is used again, and holds zeros as fresh memory does', () => {
    const memory = new CacheMemory();
    const sizes = { rows: 3, first: 4, most: 8 };
    const fill = (cache: Cache) => {
      const outputs = Object.fromEntries(
        [0, 1].flatMap((layer) =>
          ['key', 'value'].map((name) => [`${name}${layer}`, new Float32Array(36).fill(Number.NaN)]),
        ),
      );
      for (let row = 0; row < 3; row++) cache.append(row, 7, { outputs, from: 0, time: 1, count: 1 });
    };
    const first = new Cache(spec, memory, sizes);
    const { buffer } = first.feeds(3).pastKey0![0];
    fill(first);
    first.release(memory);
    const second = new Cache(spec, memory, { ...sizes, rows: 2 });
    expect(second.feeds(2).pastKey0![0].buffer).toBe(buffer);
    for (const [values] of Object.values(second.feeds(2))) {
      expect(values.every((v) => v === 0 || v === -1e9)).toBe(true);
    }
    // While it is in use another one gets its own.
    expect(new Cache(spec, memory, sizes).feeds(3).pastKey0![0].buffer).not.toBe(buffer);
  });
});
