import { CompiledQuery } from 'kysely';
import { expect } from 'vitest';
import type { Connection } from './connection.ts';
import { makeFixture, schemaFixtures } from './fixture.fake.ts';
import { openStore } from './index.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { aProject, opened, prepared, reserved, T0 } from './places.fake.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Cases } from './store.contract.ts';

/** The database under a store, to do to it what a store would not. */
export const beneath = (url: string, create = false): Promise<Connection> =>
  (url.startsWith('postgres') ? openPostgres : openSqlite)(url, { create, now: () => T0 });
const run = async (url: string, ...statements: string[]): Promise<void> => {
  const connection = await beneath(url);
  for (const text of statements) await connection.db.executeQuery(CompiledQuery.raw(text));
  await connection.close();
};

/** Opening places of every sort: new, old, newer, damaged, and other people's. */
export const openingCases: Cases = {
  'makes a store only when told to, once, however many open it': async ({ places }) => {
    const url = await places.fresh();
    await expect(openStore(url)).rejects.toThrow(/expected a Goodhart store, got nothing there; make one with/);
    const stores = await Promise.all([0, 1, 2, 3].map(() => opened(url)));
    await Promise.all(stores.map((store) => store.putProject(aProject('same'))));
    for (const store of stores) expect((await store.listProjects()).map(({ id }) => id)).toEqual(['same']);
    await Promise.all(stores.map((store) => store.close()));
    await (await openStore(url)).close();
  },
  'opens a store of every released schema with nothing lost': async ({ places }) => {
    const fixtures = schemaFixtures();
    expect(fixtures.map(({ schema }) => schema).sort()).toEqual(
      Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1),
    );
    for (const fixture of fixtures) {
      const url = await places.fresh();
      const kind = url.startsWith('postgres') ? 'postgres' : 'sqlite';
      // Made as the version of then made it, not by the migrations of now.
      const bare = await beneath(url, true);
      // PostgreSQL names the tables of other schemas too; they are out of reach here.
      for (const { name } of await bare.db.introspection.getTables()) {
        await bare.db.executeQuery(CompiledQuery.raw(`DROP TABLE IF EXISTS ${name}`));
      }
      await makeFixture(bare.db, kind, fixture);
      await bare.close();
      const store = await openStore(url);
      expect(await store.digest('fixture')).toBe(fixture.digest);
      expect((await store.check()).filter(({ ok }) => !ok)).toEqual([]);
      const progress = await store.progress('fixture');
      await store.rebuild('fixture');
      expect(await store.progress('fixture')).toEqual(progress);
      await prepared(store, aProject('new'), { items: 1, raters: 1 });
      expect((await reserved(store, 'new', 'rater-0')).item.id).toBe('item-0');
      await store.close();
      const after = await beneath(url);
      const versions = await after.db.selectFrom('goodhart_schema').select('version').orderBy('version').execute();
      expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1));
      await after.close();
    }
  },
  'refuses a newer schema and other people’s tables in one line, and leaves them alone': async ({ places }) => {
    const url = await places.fresh();
    await (await opened(url)).close();
    await run(url, "INSERT INTO goodhart_schema VALUES (99, 'from the future', 'later')");
    await expect(opened(url)).rejects.toThrow(
      /^[^\n]*expected a store of schema \d+ or older, got schema 99; use a newer Goodhart$/,
    );
    const other = await places.fresh();
    const bare = await beneath(other, true);
    await bare.db.executeQuery(CompiledQuery.raw('DROP TABLE goodhart_schema'));
    await bare.close();
    await expect(opened(other)).rejects.toThrow(
      /expected a Goodhart store, got a database with other tables \(.*\); choose another/,
    );
  },
  'finds what was altered behind its back, and mends what follows from the records': async ({ places }) => {
    const url = await places.fresh();
    const store = await opened(url);
    await prepared(store, aProject('altered', { overlap: 2 }), { items: 4, raters: 2 });
    for (const id of ['rater-0', 'rater-1']) {
      const got = await reserved(store, 'altered', id);
      const { item, presentation } = got;
      await store.submit({
        type: 'judgment',
        judgment: {
          id: `${id}/1`,
          projectId: 'altered',
          itemId: item.id,
          raterId: id,
          presentation,
          answer: { kind: 'comparison', outcome: 0 },
          activeMs: null,
          submittedAt: T0,
          source: 'test',
        },
      });
    }
    const bad = async () =>
      (await store.check()).filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
    expect(await bad()).toEqual([]);
    await run(
      url,
      'UPDATE item_state SET done = done + 1 WHERE item = 2',
      'UPDATE rater_state SET work = 7 WHERE rater = 1',
      'UPDATE seats SET answered = 3 WHERE rater = 2',
    );
    const [found] = await bad();
    for (const part of [
      /item 2: done follows as/,
      /rater 1: work follows as 1, stored is 7/,
      /rater 2: seats differ/,
    ]) {
      expect(found).toMatch(part);
    }
    await store.rebuild('altered');
    expect(await bad()).toEqual([]);
    await run(url, `UPDATE records SET body = replace(body, '"outcome":0', '"outcome":1') WHERE seq = 2`);
    expect((await bad())[0]).toBe('altered: history: record 2 (rater-1/1) was altered');
    await run(url, 'DELETE FROM records WHERE seq = 2');
    expect((await bad())[0]).toBe('altered: history: 2 records were acknowledged, 1 are there');
    await store.close();
  },
};
