import { describe, expect, it } from 'vitest';
import { postgresPlaces, postgresUrl } from '../../src/store/places.fake.ts';
import { runHostile } from './hostile-run.ts';

/** `npx tsx scripts/hostile.ts 10000` sends more. */
const CASES = 300;

describe('hostile requests and files', () => {
  it('are refused in one line each, on SQLite', async () => {
    const { faults, statuses } = await runHostile(CASES, 1);
    expect(faults).toEqual([]);
    expect([...statuses.values()].reduce((sum, n) => sum + n, 0)).toBe(CASES);
    expect(statuses.size).toBeGreaterThan(4);
  });
  it.skipIf(postgresUrl === undefined)('are refused in one line each, on PostgreSQL', async () => {
    const places = postgresPlaces(postgresUrl!);
    try {
      const { faults } = await runHostile(CASES, 2, await places.fresh());
      expect(faults).toEqual([]);
    } finally {
      await places.dispose();
    }
  });
});
