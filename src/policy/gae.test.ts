import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generalisedAdvantages, whitened } from './gae.ts';

const number = fc.double({ min: -5, max: 5, noNaN: true });
const reply = fc.array(fc.record({ reward: number, value: number }), { minLength: 1, maxLength: 12 });
const columns = (rows: readonly { reward: number; value: number }[]) => ({
  rewards_T: rows.map(({ reward }) => reward),
  values_T: rows.map(({ value }) => value),
});

it('is the closed form: a sum of errors, each discounted by γλ a token', () => {
  fc.assert(
    fc.property(
      reply,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rows, gamma, lambda) => {
        const own = columns(rows);
        const { advantages_T, returns_T } = generalisedAdvantages(own, { gamma, lambda });
        const errors = rows.map(({ reward, value }, t) => reward + gamma * (own.values_T[t + 1] ?? 0) - value);
        for (const t of rows.keys()) {
          const closed = errors.slice(t).reduce((sum, error, l) => sum + (gamma * lambda) ** l * error, 0);
          expect(advantages_T[t]).toBeCloseTo(closed, 9);
          expect(returns_T[t]).toBeCloseTo(closed + own.values_T[t]!, 9);
        }
      },
    ),
  );
});
it('with λ = 1 returns are the rewards still to come, whatever the critic says', () => {
  fc.assert(
    fc.property(reply, fc.double({ min: 0, max: 1, noNaN: true }), (rows, gamma) => {
      const { returns_T } = generalisedAdvantages(columns(rows), { gamma, lambda: 1 });
      for (const t of rows.keys()) {
        const toCome = rows.slice(t).reduce((sum, { reward }, l) => sum + gamma ** l * reward, 0);
        expect(returns_T[t]).toBeCloseTo(toCome, 9);
      }
    }),
  );
});
it('knows a score at the end from a critic that expected it', () => {
  const { advantages_T } = generalisedAdvantages(
    { rewards_T: [0, 0, 2], values_T: [2, 2, 2] },
    { gamma: 1, lambda: 0.95 },
  );
  expect([...advantages_T]).toEqual([0, 0, 0]);
});
it('whitens over all rows together, and leaves nothing where all are the same', () => {
  const rows = whitened([[1, 2], [3], []]);
  const all = rows.flatMap((row) => [...row]);
  expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
  expect(all.reduce((a, b) => a + b * b, 0) / 3).toBeCloseTo(1, 6);
  expect(whitened([[0.1, 0.1], [0.1]]).flatMap((row) => [...row])).toEqual([0, 0, 0]);
  expect(whitened([])).toEqual([]);
});
