import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledQuery, sql } from 'kysely';
import { expect } from 'vitest';
import { type FeedbackRecord, type RecordOf, recordKey } from '../feedback/index.ts';
import { commitmentTo } from './chain.ts';
import { backupStore, DRAFT_LIMITS, type FeedbackStore, restoreStore } from './index.ts';
import { beneath } from './opening.contract.ts';
import { aProject, COMPARISON, collected, judged, minutes, opened, prepared, reserved, T0 } from './places.fake.ts';
import type { Cases, ContractContext } from './store.contract.ts';

/** A store of the case's own, whose files can be looked into. */
const onItsOwn =
  (effect: (context: { readonly store: FeedbackStore; readonly url: string }) => Promise<void>) =>
  async ({ places }: ContractContext): Promise<void> => {
    const url = await places.fresh();
    const store = await opened(url);
    try {
      await effect({ store, url });
    } finally {
      await store.close();
    }
  };

/** Everything that is stored: the bytes of the file and its log, or every row of every table. */
export async function everything(url: string): Promise<string> {
  if (!url.startsWith('postgres')) {
    const bytes = (path: string) => {
      try {
        return readFileSync(path, 'latin1');
      } catch {
        return '';
      }
    };
    return ['', '-wal', '-journal'].map((end) => bytes(`${url}${end}`)).join('');
  }
  const connection = await beneath(url);
  const { rows: tables } = await sql<{ name: string }>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`.execute(connection.db);
  let text = '';
  for (const { name } of tables) {
    const { rows } = await connection.db.executeQuery(CompiledQuery.raw(`SELECT * FROM ${name}`));
    text += JSON.stringify(rows);
  }
  await connection.close();
  return text;
}

const faultsOf = async (store: FeedbackStore) =>
  (await store.check()).filter(({ ok }) => !ok).map(({ detail }) => detail);
const SECRET = 'what-nobody-is-to-read-again';
const draftOf = (id: string, itemId: string, content: unknown, more = {}): FeedbackRecord =>
  ({ type: 'draft', id, projectId: 'p', raterId: 'rater-0', itemId, at: T0, content, ...more }) as FeedbackRecord;
const textsOf = async (store: FeedbackStore) =>
  JSON.stringify((await collected(store.history('p'))).map(({ record }) => record));

/** Two raters who gave something of every kind; what rater-0 said holds `SECRET`. */
async function spoken(store: FeedbackStore): Promise<{ readonly itemId: string }> {
  await prepared(store, aProject('p', { overlap: 3 }), { items: 6, raters: 2 });
  await store.putRaters('p', [
    { id: 'rater-0', kind: 'human', demographics: { region: SECRET }, consent: { version: '1', at: T0 } },
  ]);
  const base = { projectId: 'p', raterId: 'rater-0', at: T0 };
  const first = await reserved(store, 'p', 'rater-0');
  const itemId = first.item.id;
  await store.submit(draftOf('draft-0', itemId, { typed: `${SECRET} once` }));
  await store.submit(draftOf('draft-1', itemId, { typed: `${SECRET} twice` }));
  await store.submit(judged(first, 'rater-0', { id: 'first', reason: `because ${SECRET}` }));
  await store.submit({ type: 'flag', ...base, id: 'flag', itemId, reason: `${SECRET} flagged` });
  await store.submit({ type: 'concern', ...base, id: 'concern', about: 'pay', text: `${SECRET} pay` });
  const second = await reserved(store, 'p', 'rater-0');
  const note = `${SECRET} skipped`;
  await store.submit({ type: 'skip', ...base, id: 'skip', itemId: second.item.id, reason: 'other', note });
  const third = await reserved(store, 'p', 'rater-0');
  await store.submit(judged(third, 'rater-0', { id: 'third', reason: SECRET }));
  await store.submit({ type: 'undo', ...base, id: 'undo', undoes: 'third', reason: SECRET });
  await reserved(store, 'p', 'rater-0');
  const other = await reserved(store, 'p', 'rater-1');
  await store.submit(judged(other, 'rater-1', { id: 'kept', reason: 'what stays' }));
  return { itemId };
}

/** Erasing for good: what goes, what is left, and that the history still holds together. */
export const erasingCases: Cases = {
  'erases all that a rater gave from every table and file, and the history still verifies': onItsOwn(
    async ({ store, url }) => {
      await spoken(store);
      const before = await collected(store.history('p'));
      expect(await everything(url)).toContain(SECRET);
      const done = await store.erase('p', 'rater-0', { at: minutes(1), by: 'owner-1' });
      expect(done).toMatchObject({
        erased: { judgment: 2, draft: 1, skip: 1, flag: 1, undo: 1, concern: 1 },
        profile: true,
      });
      expect(done.outside.length).toBeGreaterThan(0);
      expect(await everything(url)).not.toContain(SECRET);
      expect(await faultsOf(store)).toEqual([]);
      const after = await collected(store.history('p'));
      // Places, hashes and what others gave are as they were; one record says what was done.
      expect(after.slice(0, before.length).map(({ seq, hash }) => ({ seq, hash }))).toEqual(
        before.map(({ seq, hash }) => ({ seq, hash })),
      );
      const note = after.at(-1)!.record as RecordOf<'erasure'>;
      expect(note).toMatchObject({ type: 'erasure', raterId: 'rater-0', at: minutes(1), by: 'owner-1', judgments: 2 });
      expect(note.records.length).toBe(7);
      expect(await store.erasures('p')).toEqual([note]);
      const left = after
        .filter(({ record }) => record.type === 'erased')
        .map(({ record }) => recordKey(record).raterId);
      expect(new Set(left)).toEqual(new Set(['rater-0']));
      expect(left.length).toBe(8);
      const { judgments, skips, flags, drafts } = await store.state('p');
      expect(judgments.map(({ id }) => id)).toEqual(['kept']);
      expect([skips, flags, drafts]).toEqual([[], [], []]);
      expect(await store.getRater('p', 'rater-0')).toEqual({ id: 'rater-0', kind: 'human' });
      expect(await store.progress('p')).toMatchObject({
        judgments: { done: 1, reserved: 0 },
        skips: 0,
        flags: 0,
        raters: { active: 1 },
      });
      // Nothing is left to erase, and nothing comes back: not by taking back an undo, nor by sending it again.
      expect(await store.erase('p', 'rater-0', { at: minutes(2) })).toMatchObject({ erased: {}, profile: false });
      const undo = { type: 'undo' as const, projectId: 'p', raterId: 'rater-0', at: T0, undoes: 'first' };
      await expect(store.submit({ ...undo, id: 'again' })).rejects.toThrow(/got first, which was erased/);
      const again = await store.submit(draftOf('draft-1', 'item-0', { typed: SECRET }));
      expect(again.stored).toBe(false);
      expect(await everything(url)).not.toContain(SECRET);
    },
  ),
  'erases what a rater gave on one item, and leaves the rest': onItsOwn(async ({ store }) => {
    const { itemId } = await spoken(store);
    const done = await store.erase('p', 'rater-0', { at: minutes(1), itemId });
    expect(done).toMatchObject({ erased: { judgment: 1, draft: 1, flag: 1 }, profile: false });
    const kept = await store.state('p');
    expect(kept.judgments.map(({ id }) => id)).toEqual(['kept']);
    expect(kept.skips.map(({ id }) => id)).toEqual(['skip']);
    expect((await store.erasures('p'))[0]).toMatchObject({ onItem: itemId, judgments: 1 });
    expect(await faultsOf(store)).toEqual([]);
    // The item is theirs to judge again.
    const besides = (await store.raterStanding('p', 'rater-0')).reserved.map((seat) => seat.itemId);
    const again = await store.reserve('p', 'rater-0', { now: minutes(2), itemId, besides });
    expect(again).toMatchObject({ item: { id: itemId } });
    await expect(store.erase('p', 'nobody', { at: T0 })).rejects.toThrow(/expected a rater of the project, got nobody/);
    await expect(store.erase('p', 'rater-0', { at: T0, itemId: 'none' })).rejects.toThrow(/got none/);
    await expect(store.submit({ ...(await store.erasures('p'))[0]!, id: 'forged' })).rejects.toThrow(
      /a trace of erasure, which the store writes itself/,
    );
  }),
  'finds a record that was altered or erased behind its back': onItsOwn(async ({ store, url }) => {
    await spoken(store);
    const beneathIt = await beneath(url);
    const set = (column: string, value: string | null, seq: number) =>
      beneathIt.db.executeQuery(
        CompiledQuery.raw(
          `UPDATE records SET ${column} = ${value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`} WHERE seq = ${seq}`,
        ),
      );
    const row = await beneathIt.db.selectFrom('records').selectAll().where('id', '=', 'kept').executeTakeFirstOrThrow();
    const damaged: [string, string | null, RegExp][] = [
      ['body', row.body.replace('what stays', 'what staid'), /record \d+ \(kept\) was altered/],
      ['salt', '0'.repeat(32), /was altered/],
      ['salt', null, /was altered/],
    ];
    for (const [column, value, message] of damaged) {
      await set(column, value, row.seq);
      expect((await faultsOf(store))[0]).toMatch(message);
      await set(column, column === 'body' ? row.body : row.salt, row.seq);
      expect(await faultsOf(store)).toEqual([]);
    }
    // With its commitment the chain holds: but nobody says that it was erased.
    const commitment = commitmentTo(row.salt!, row.body);
    const left = { type: 'erased', id: 'kept', projectId: 'p', raterId: 'rater-1', at: T0, was: 'judgment' };
    await set('body', JSON.stringify({ ...left, commitment }), row.seq);
    await set('type', 'erased', row.seq);
    await set('salt', null, row.seq);
    expect((await faultsOf(store))[0]).toMatch(/was erased, and no record says by whom/);
    await set('body', JSON.stringify({ ...left, commitment: '0'.repeat(64) }), row.seq);
    expect((await faultsOf(store))[0]).toMatch(/was altered/);
    await beneathIt.close();
  }),
  'copies what was erased as erased, with the same hashes': onItsOwn(async ({ store }) => {
    await spoken(store);
    await store.erase('p', 'rater-0', { at: minutes(1) });
    const folder = await mkdtemp(join(tmpdir(), 'goodhart-erasing-'));
    try {
      const path = join(folder, 'all.jsonl');
      await backupStore(store, path, { createdAt: T0 });
      expect(readFileSync(path, 'utf8')).not.toContain(SECRET);
      const other = await opened(join(folder, 'other.db'));
      await restoreStore(other, path);
      const hashesOf = async (one: FeedbackStore) => (await collected(one.history('p'))).map(({ hash }) => hash);
      expect(await hashesOf(other)).toEqual(await hashesOf(store));
      expect(await faultsOf(other)).toEqual([]);
      await other.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }),
  'erases drafts when their rater withdraws, and marks the rest': onItsOwn(async ({ store }) => {
    await spoken(store);
    const open = (await store.raterStanding('p', 'rater-0')).reserved[0]!.itemId;
    await store.submit(draftOf('open', open, { typed: 'open-draft' }));
    expect(await textsOf(store)).toContain('open-draft');
    await store.withdraw('p', 'rater-0', { at: minutes(1) });
    const texts = await textsOf(store);
    for (const gone of ['open-draft', `${SECRET} twice`]) expect(texts).not.toContain(gone);
    expect(texts).toContain(`because ${SECRET}`);
    expect((await store.state('p')).removed.get('first')).toBe('withdrawn');
    expect(await faultsOf(store)).toEqual([]);
  }),
  'keeps one draft of an item, so many of a rater, of bounded size': onItsOwn(async ({ store }) => {
    const { characters, perRater } = DRAFT_LIMITS;
    await prepared(store, aProject('p'), { items: perRater + 20, raters: 2 });
    await expect(store.submit(draftOf('long', 'item-0', 'x'.repeat(characters)))).rejects.toThrow(
      /expected at most 100000 characters of content, got 100002/,
    );
    // In one batch and in several.
    await Promise.all([0, 1, 2].map((n) => store.submit(draftOf(`same-${n}`, 'item-0', `typed-${n}`))));
    await store.submit(draftOf('same-3', 'item-0', 'typed-3'));
    const texts = await textsOf(store);
    expect([0, 1, 2, 3].map((n) => texts.includes(`typed-${n}`))).toEqual([false, false, false, true]);
    const other = { raterId: 'rater-1' };
    await store.submit(draftOf('other', 'item-0', 'of-another', other));
    for (let from = 1; from < perRater + 10; from += 50) {
      const some = Array.from({ length: 50 }, (_, i) => from + i).filter((n) => n < perRater + 10);
      await Promise.all(some.map((n) => store.submit(draftOf(`d-${n}`, `item-${n}`, `draft-${n}`))));
    }
    const { drafts } = await store.state('p');
    expect(drafts.filter(({ raterId }) => raterId === 'rater-0').map(({ id }) => id)).toEqual(
      Array.from({ length: perRater }, (_, i) => `d-${i + 10}`),
    );
    expect(drafts.filter(({ raterId }) => raterId === 'rater-1').length).toBe(1);
    expect(await faultsOf(store)).toEqual([]);
  }),
  'stores a form whole or not at all': onItsOwn(async ({ store }) => {
    const questions = ['better', 'safer', 'clearer'].map((id) => ({ ...COMPARISON, id }));
    await prepared(store, aProject('p', { overlap: 2 }, { questions }), { items: 3, raters: 2 });
    const got = await reserved(store, 'p', 'rater-0');
    const answers = (more: (id: string) => object = () => ({})) =>
      questions.map(({ id }) => judged(got, 'rater-0', { id: `form/${id}`, questionId: id, ...more(id) }));
    const bad = answers((id) => (id === 'clearer' ? { answer: { kind: 'comparison', outcome: 7 } } : {}));
    const aside = await reserved(store, 'p', 'rater-1');
    const [refused, kept] = await Promise.allSettled([
      store.submitAll(bad),
      store.submitAll(questions.map(({ id }) => judged(aside, 'rater-1', { id: `aside/${id}`, questionId: id }))),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/reply 7/) } });
    expect(kept.status).toBe('fulfilled');
    const ids = async () => (await store.state('p')).judgments.map(({ id }) => id.split('/')[0]);
    expect(await ids()).toEqual(['aside', 'aside', 'aside']);
    const receipts = await store.submitAll(answers());
    expect(receipts.map(({ stored }) => stored)).toEqual([true, true, true]);
    expect((await store.submitAll(answers())).map(({ seq }) => seq)).toEqual(receipts.map(({ seq }) => seq));
    // Taken back whole, or not at all.
    const undo = (undoes: string) => ({
      ...{ type: 'undo' as const, id: `undo/${undoes}`, projectId: 'p', raterId: 'rater-0', at: T0, undoes },
    });
    const undos = questions.map(({ id }) => undo(`form/${id}`));
    await expect(store.submitAll([...undos, undo('none')])).rejects.toThrow(/got none/);
    expect((await ids()).length).toBe(6);
    await store.submitAll(undos);
    expect(await ids()).toEqual(['aside', 'aside', 'aside']);
    await expect(store.submitAll([undo('aside/better'), { ...undo('x'), projectId: 'q' }])).rejects.toThrow(
      /records of one project/,
    );
    expect(await store.submitAll([])).toEqual([]);
    expect(await faultsOf(store)).toEqual([]);
  }),
};
