import { afterAll, describe, expect, it } from 'vitest';
import { type Places, postgresPlaces, postgresUrl, sqlitePlaces } from './places.fake.ts';
import { crashTrial, overlapTrial } from './processes.fake.ts';

/** Short forms of the trials in scripts/store-crash.ts. */
function trials(name: string, places: Places): void {
  describe(name, () => {
    afterAll(() => places.dispose());
    it('loses and doubles nothing when processes are killed under load', async () => {
      const report = await crashTrial(await places.fresh(), { kills: 6, together: 3, seed: 1 });
      expect(report.faults).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(report.kills);
      expect(report.sent).toBeGreaterThanOrEqual(report.acknowledged);
    });
    it('never gives an item to more raters than its overlap when two processes reserve at once', async () => {
      const url = await places.fresh();
      const report = await overlapTrial(url, { items: 40, overlap: 3, processes: 2, raters: 4 });
      expect(report).toMatchObject({ judgments: 120, faults: [] });
      expect(Math.min(...report.byProcess)).toBeGreaterThan(0);
    });
  });
}

trials('processes on SQLite', sqlitePlaces());
if (postgresUrl === undefined) {
  describe('processes on PostgreSQL', () => {
    it.skip('skipped: GOODHART_TEST_POSTGRES is not set; scripts/postgres.sh npm test brings one', () => {});
  });
} else trials('processes on PostgreSQL', postgresPlaces(postgresUrl));
