import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgesOf } from './edges.ts';
import { pack } from './packing.ts';

const sequences = fc
  .array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 40 })
  .map((rows) => rows.map((row) => Int32Array.from(row)));

describe('packing', () => {
  it('shows every token its own sequence, in order, and nothing else', () => {
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 400 }), (rows, most) => {
        const longest = Math.max(...rows.map((row) => row.length));
        const met = new Set<number>();
        for (const pass of pack(rows, most)) {
          expect(pass.tokens.length).toBeLessThanOrEqual(Math.max(most, longest));
          for (const { index, at } of pass.sequences) {
            expect(met.has(index)).toBe(false);
            met.add(index);
            const row = Math.floor(at[0]! / pass.time);
            for (const [t, flat] of at.entries()) {
              expect(Number(pass.tokens[flat])).toBe(rows[index]![t]);
              expect(Number(pass.positions[flat])).toBe(t);
              const query = flat - row * pass.time;
              const seen = [];
              for (let key = 0; key <= query; key++) {
                if (pass.ends[row * pass.time + key]! > BigInt(query)) seen.push(row * pass.time + key);
              }
              expect(seen).toEqual([...at.subarray(0, t + 1)]);
            }
          }
        }
        expect(met.size).toBe(rows.length);
      }),
    );
  });

  it('computes a common beginning once', () => {
    const prompt = Array.from({ length: 20 }, (_, i) => i);
    const rows = Array.from({ length: 4 }, (_, i) => Int32Array.from([...prompt, 100 + i, 7, 8]));
    const [pass, ...more] = pack(rows, 4096);
    expect({ more: more.length, tokens: pass!.tokens.length }).toEqual({ more: 0, tokens: 20 + 4 * 3 });
  });

  it('leaves little room empty where nothing is shared', () => {
    const rows = Array.from({ length: 64 }, (_, i) => new Int32Array(10 + ((i * 37) % 110)).fill(i));
    const real = rows.reduce((sum, row) => sum + row.length, 0);
    const held = pack(rows, 4096).reduce((sum, pass) => sum + pass.tokens.length, 0);
    expect(real / held).toBeGreaterThan(0.93);
  });
});

describe('edges', () => {
  it('lead every position to its target, with the numbers of its datum', () => {
    fc.assert(
      fc.property(sequences, fc.constantFrom('ppo' as const, 'cross_entropy' as const, undefined), (rows, loss) => {
        const data = rows.map((tokens, i) => ({
          tokens,
          targets: tokens.map((token, t) => (token + t + (i % 2)) % 5),
          weights: Float32Array.from(tokens, (_, t) => (t + i) % 3),
          advantages: Float32Array.from(tokens, (_, t) => (t + i) % 2),
          logprobs: Float32Array.from(tokens, (_, t) => -t - i),
        }));
        for (const pass of pack(rows, 4096)) {
          const { wanted, feeds, places, count } = edgesOf(pass, data, loss);
          const of = (name: string, place: number) => Number(feeds[name]![0][place]);
          let weight = 0;
          for (const [i, { index, at }] of pass.sequences.entries()) {
            for (const [t, flat] of at.entries()) {
              const place = places[i]![t]!;
              expect(wanted === 'all' ? place : of('rows', place)).toBe(flat);
              expect(of('targets', place)).toBe(data[index]!.targets[t]);
              if (loss === 'ppo' && data[index]!.advantages[t] !== 0) {
                expect([of('advantages', place), of('oldLogprobs', place)]).toEqual([1, -t - index]);
              }
              if (loss === 'cross_entropy') weight += data[index]!.weights[t]!;
            }
          }
          if (loss !== 'cross_entropy') continue;
          // Every weight is there once.
          let given = 0;
          for (let place = 0; place < count; place++) given += of('weights', place);
          expect(given).toBeCloseTo(weight, 4);
        }
      }),
    );
  });
});
