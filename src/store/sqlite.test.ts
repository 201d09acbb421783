import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledQuery } from 'kysely';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { backupStore, openStore, sqlitePath } from './index.ts';
import { beneath } from './opening.contract.ts';
import { aProject, opened, someItems, sqlitePlaces } from './places.fake.ts';
import { storeContract } from './store.contract.ts';

storeContract('a store on SQLite', sqlitePlaces);
storeContract('a store on SQLite with threads of its own', sqlitePlaces, { busy: true });

describe('files of SQLite', () => {
  const places = sqlitePlaces();
  afterAll(() => places.dispose());
  const fresh = () => places.fresh();

  it('reads paths and URLs, and knows what is neither', () => {
    expect(sqlitePath('a/b.db')).toBe('a/b.db');
    expect(sqlitePath('sqlite:a/b.db')).toBe('a/b.db');
    expect(sqlitePath('sqlite:///a/b.db')).toBe('/a/b.db');
    expect(sqlitePath('file:///a/b.db')).toBe('/a/b.db');
    expect(() => sqlitePath('mysql://me:secret@host/db')).toThrow(/mysql:\/\/me:\*\*\*@host\/db: expected a file/);
    expect(() => sqlitePath('')).toThrow(/expected a file or a postgres/);
  });
  it.skipIf(process.platform === 'win32')(
    'can be read by its owner alone, log and index too, and is made so',
    async () => {
      const path = await fresh();
      const store = await opened(path, { busy: true });
      await store.putProject(aProject('private'));
      const others = () => ['', '-wal', '-shm'].map((end) => statSync(`${path}${end}`).mode & 0o077);
      expect(others()).toEqual([0, 0, 0]);
      for (const end of ['', '-wal', '-shm']) chmodSync(`${path}${end}`, 0o644);
      const again = await opened(path);
      expect(others()).toEqual([0, 0, 0]);
      await again.close();
      const backup = `${path}.backup.jsonl`;
      await backupStore(store, backup, { createdAt: '2026-01-01T00:00:00.000Z' });
      expect(statSync(backup).mode & 0o077).toBe(0);
      await store.close();
    },
  );
  it('says in one line why a file cannot be a store', async () => {
    const path = await fresh();
    const open = (at: string) => openStore(at, { create: true });
    writeFileSync(path, 'not a database, but long enough to be looked at '.repeat(100));
    await expect(open(path)).rejects.toThrow(/^[^\n]*got a file that is no SQLite database; choose another --store$/);
    const folder = `${await fresh()}-folder`;
    mkdirSync(folder);
    await expect(open(folder)).rejects.toThrow(/expected a file, got a folder/);
    await expect(open(join(folder, 'none', 'x.db'))).rejects.toThrow(/no such file or folder/);
    await expect(open(join(path, 'x.db'))).rejects.toThrow(/a file stands where a folder is needed/);
    const other = await fresh();
    const bare = await beneath(other, true);
    await bare.db.executeQuery(CompiledQuery.raw('CREATE TABLE people (name TEXT)'));
    await bare.db.executeQuery(CompiledQuery.raw('DROP TABLE goodhart_schema'));
    await bare.close();
    await expect(open(other)).rejects.toThrow(/with other tables/);
  });
  it('says that the disk is full or read-only, keeps what it had, and goes on when there is room', async () => {
    const path = await fresh();
    const store = await opened(path);
    await store.putProject(aProject('full'));
    await store.close();
    // The same errors that a disk gives, from limits that SQLite puts on the connection itself.
    const limited = async (pragma: string) => {
      const connection = await beneath(path);
      const write = connection.write(async (trx) => {
        await trx.executeQuery(CompiledQuery.raw(pragma));
        await trx
          .insertInto('projects')
          .values({ id: pragma, body: 'x'.repeat(1_000_000), status: 'ready' })
          .execute();
      });
      await expect(write).rejects.toThrow(/store-\d+\.db: the (disk is full|file or its folder is read-only)/);
      await connection.close();
    };
    await limited('PRAGMA max_page_count = 10');
    await limited('PRAGMA query_only = 1');
    const again = await openStore(path);
    expect((await again.listProjects()).map(({ id }) => id)).toEqual(['full']);
    expect(await again.addItems('full', someItems('full', 3))).toEqual({ added: 3, known: 0 });
    await again.close();
  });
  it('commits to disk at once, and waits while another process writes', async () => {
    const path = await fresh();
    const store = await opened(path);
    const connection = await beneath(path);
    const pragma = async (name: string) =>
      (await connection.db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(`PRAGMA ${name}`))).rows[0]![name];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    let release = () => {};
    const held = connection.write(() => new Promise<void>((resolve) => (release = resolve)));
    let written = false;
    const waiting = store.putProject(aProject('waits')).then(() => {
      written = true;
    });
    expect(await store.listProjects()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(written).toBe(false);
    release();
    await Promise.all([held, waiting]);
    expect((await store.listProjects()).length).toBe(1);
    await connection.close();
    await store.close();
  });
  it('moves what was committed into the file beside the writer, where many write', async () => {
    const path = await fresh();
    const store = await openStore(path, { create: true, busy: true });
    await store.putProject(aProject('busy'));
    const before = statSync(path).size;
    // Fewer pages than SQLite moves by itself.
    for (let part = 0; part < 5; part++)
      await store.addItems(
        'busy',
        someItems('busy', 20, (i) => ({ id: `item-${part}-${i}` })),
      );
    await vi.waitFor(() => expect(statSync(path).size).toBeGreaterThan(before), { timeout: 20_000 });
    await store.close();
    const again = await openStore(path);
    expect((await again.progress('busy')).items.total).toBe(100);
    await again.close();
  });
});
