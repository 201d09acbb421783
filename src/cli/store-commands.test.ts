import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/index.ts';
import { judged, reserved, someItems, someRaters } from '../store/places.fake.ts';
import { runForTest } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-store-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const run = (...args: string[]) => runForTest('store', ...args);
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const DEFINITION = `
id: town
name: Town
createdAt: 2026-01-01T00:00:00Z
questions:
  - { id: better, kind: comparison, title: Which is better? }
distribution: { overlap: 2 }
`;

describe('goodhart store', () => {
  const store = at('town.db');
  const withStore = (...args: string[]) => run(...args, '--store', store);

  it('keeps a project from its definition to a backup restored elsewhere', async () => {
    writeFileSync(at('town.yaml'), DEFINITION);
    writeFileSync(at('items.jsonl'), jsonl(someItems('town', 6)));
    writeFileSync(at('raters.jsonl'), jsonl(someRaters(2)));
    expect(await withStore('list')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^goodhart: [^\n]*got nothing there; make one with goodhart store create[^\n]*\n$/),
    });
    expect(existsSync(store)).toBe(false);
    expect((await withStore('create', at('town.yaml'))).out).toMatch(/project town in .*town\.db; add its items next/);
    expect(await withStore('create', at('town.yaml'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected a new id/),
    });
    const added = await withStore('add', 'town', '--items', at('items.jsonl'), '--raters', at('raters.jsonl'));
    expect(added).toEqual({ code: 0, out: '6 items added, 0 were there\n2 raters added, 0 changed\n', err: '' });
    expect((await withStore('add', 'town', '--items', at('items.jsonl'))).out).toBe('0 items added, 6 were there\n');
    expect(await withStore('add', 'town')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--items or --raters/),
    });

    const open = await openStore(store);
    await open.submit(judged(await reserved(open, 'town', 'rater-0'), 'rater-0'));
    await open.close();
    expect((await withStore('list')).out).toMatch(/^id +items +records +name\ntown +6 +1 +Town\n$/);
    expect((await withStore('progress', 'town')).out).toMatch(/judgments +1 of 12 wanted \(8\.3 %\); 0 being given/);
    expect((await withStore('history', 'town')).out).toMatch(
      /^1 {2}2026-01-01T00:00:00\.000Z {2}judgment {2}rater-0 {2}item-\d\n$/,
    );
    const [entry] = (await withStore('history', 'town', '--rater', 'rater-0', '--json')).out.trim().split('\n');
    expect(JSON.parse(entry!)).toMatchObject({ seq: 1, record: { type: 'judgment' } });
    expect((await withStore('history', 'town', '--after', '1')).out).toBe('');
    expect(await withStore('history', 'town', '--after', 'x')).toMatchObject({ code: 2 });
    expect((await withStore('rebuild', 'town')).out).toBe('6 items, 2 raters and 1 seats made again\n');
    expect(await withStore('check')).toMatchObject({ code: 0, out: expect.stringMatching(/✓ town: state: follows/) });

    const saved = await withStore('save', 'town', '--out', at('saved'), '--json');
    const { digest } = JSON.parse(saved.out) as { digest: string };
    expect((await run('create', at('saved'), '--store', at('second.db'), '--quiet')).out).toMatch(`digest  ${digest}`);
    expect((await withStore('backup', at('all.jsonl.gz'), '--quiet')).out).toMatch(/^1 projects with 1 records in/);
    const restored = await run('restore', at('all.jsonl.gz'), '--store', at('third.db'), '--quiet');
    expect(restored).toMatchObject({ code: 0, out: expect.stringMatching(digest) });
    const damaged = readFileSync(at('all.jsonl.gz')).subarray(0, 300);
    writeFileSync(at('cut.jsonl.gz'), damaged);
    expect(await run('restore', at('cut.jsonl.gz'), '--store', at('fourth.db'))).toMatchObject({ code: 2 });
  });
  it('says in one line what is wrong, with exit code 2, and 1 when a check fails', async () => {
    const faults: [string[], RegExp][] = [
      [
        ['progress', 'none', '--store', store],
        /expected a project of the store, got none; goodhart store list shows them/,
      ],
      [['list', '--store', folder], /expected a file, got a folder/],
      [['list', '--store', 'mysql://host/db'], /expected a file, sqlite: or postgres:\/\//],
      [['list', '--store', 'postgres://me:pw@127.0.0.1:1/db'], /me:\*\*\*@127.0.0.1:1\/db: no PostgreSQL answers/],
      [['create', at('nothing'), '--store', store], /no such file or folder/],
      [
        ['restore', at('town.yaml'), '--store', at('fifth.db')],
        /expected a whole Goodhart backup, got another kind of file/,
      ],
    ];
    for (const [args, message] of faults) {
      const { code, err } = await run(...args);
      expect({ args, code, lines: err.trimEnd().split('\n').length }).toEqual({ args, code: 2, lines: 1 });
      expect(err).toMatch(message);
    }
    const { openSqlite } = await import('../store/sqlite.ts');
    const beneath = await openSqlite(store, { create: false, now: () => '' });
    await beneath.write((trx) => trx.updateTable('item_state').set({ done: 5 }).where('item', '=', 1).execute());
    await beneath.close();
    expect(await withStore('check')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/✗ town: state: item 1: done follows/),
      err: expect.stringMatching(/^goodhart: store check: 1 of 3 failed; first: town: state\n$/),
    });
  });

  it('erases what a rater gave, once the pseudonym was named twice', async () => {
    await withStore('rebuild', 'town');
    const wrong = await withStore('erase', 'town', '--rater', 'rater-0', '--confirm', 'rater-1');
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/^[^\n]*nothing was erased\n$/) });
    const done = await withStore('erase', 'town', '--rater', 'rater-0', '--confirm', 'rater-0');
    expect(done.out).toMatch(/^erased: 1 judgment[;\n][\s\S]*may still be in:\n {2}backups[\s\S]*folders of runs/);
    expect((await withStore('history', 'town')).out).toMatch(/ erased +rater-0 +item-\d\n[\s\S]* erasure +rater-0\n$/);
    expect((await withStore('check')).code).toBe(0);
    expect((await withStore('scrub')).out).toMatch(/^done; what was erased may still be in:/);
  });
  it('changes the key of its secrets, from a file that nobody else can read', async () => {
    writeFileSync(at('new.key'), 'x'.repeat(40), { mode: 0o600 });
    writeFileSync(at('open.key'), 'x'.repeat(40), { mode: 0o644 });
    expect((await withStore('rekey', '--to-key-file', at('new.key'))).out).toMatch(/^0 secrets are encrypted under/);
    expect(await withStore('rekey', '--to-key-file', at('new.key'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^[^\n]*expected the key of this store's secrets, got none[^\n]*\n$/),
    });
    if (process.platform === 'win32') return;
    expect(await withStore('rekey', '--to-key-file', at('open.key'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected a key that only you can read, got mode 644/),
    });
  });
});
