import { expect, it } from 'vitest';
import { fuzzImporters } from '../../scripts/fuzz-importers.ts';

it('2,000 strange, changed and damaged files of every layout end whole or refused', async () => {
  const { cases, whole, refused, slowestMs } = await fuzzImporters(2000, 1);
  expect(whole + refused).toBe(cases);
  // Both ends are reached often, so neither check is idle.
  expect(whole).toBeGreaterThan(400);
  expect(refused).toBeGreaterThan(400);
  expect(slowestMs).toBeGreaterThan(0);
}, 600_000);
