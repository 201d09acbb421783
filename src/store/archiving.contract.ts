import { expect } from 'vitest';
import type { FeedbackRecord } from '../feedback/index.ts';
import { anItem, answerAll, aProject, judged, minutes, prepared, reserved, T0 } from './places.fake.ts';
import type { Cases } from './store.contract.ts';

const LEAD = 'rater-3';
const archive = (projectId: string, itemId: string, id = `away/${itemId}`): FeedbackRecord => ({
  type: 'archive',
  id,
  projectId,
  raterId: LEAD,
  at: T0,
  itemId,
  batch: 'b',
  reason: 'wrong file',
});
const undo = (projectId: string, undoes: string, id = `back/${undoes}`): FeedbackRecord => ({
  type: 'undo',
  id,
  projectId,
  raterId: LEAD,
  at: minutes(1),
  undoes,
});
const lead = { lead: true };

/** Items that are put away and brought back. */
export const archivingCases: Cases = {
  'puts items away: they are asked of nobody, and what was given on them stays in the records': async ({ store }) => {
    const id = 'away';
    await prepared(store, aProject(id, { overlap: 2 }), { items: 4, raters: 4 });
    await answerAll(store, id, 'rater-0');
    const before = await store.progress(id);
    expect(before.judgments).toEqual({ wanted: 8, done: 4, reserved: 0 });
    await store.submitAll(
      ['item-0', 'item-1'].map((item) => archive(id, item)),
      lead,
    );
    expect(await store.progress(id)).toMatchObject({
      items: { total: 2, archived: 2, byRole: { work: 2 }, open: 2 },
      judgments: { wanted: 4, done: 2, reserved: 0 },
      records: 6,
    });
    const state = await store.state(id);
    expect(state.archived).toEqual(new Set(['item-0', 'item-1']));
    expect(state.judgments.map(({ itemId }) => itemId).sort()).toEqual(['item-2', 'item-3']);
    expect([...state.removed.values()]).toEqual(['archived', 'archived']);
    expect((await store.itemState(id, 'item-0')).judgments).toEqual([]);
    // Others are given what is left; nobody loses what they gave.
    await answerAll(store, id, 'rater-1');
    expect((await store.raterStanding(id, 'rater-1')).presented.work).toBe(2);
    expect((await store.raterStanding(id, 'rater-0')).presented.work).toBe(4);
    expect(await store.reserve(id, 'rater-2', { now: T0, itemId: 'item-0' })).toMatchObject({ none: /not open/ });
    expect(await store.check(id)).toSatisfy((checks: { ok: boolean }[]) => checks.every(({ ok }) => ok));
  },
  'brings them back as they were, more than once': async ({ store }) => {
    const id = 'back';
    await prepared(store, aProject(id, { overlap: 2 }), { items: 2, raters: 4 });
    await answerAll(store, id, 'rater-0');
    const [before, state] = [await store.progress(id), await store.state(id)];
    for (const round of ['one', 'two']) {
      await store.submit(archive(id, 'item-0', round), lead);
      expect((await store.progress(id)).items.archived).toBe(1);
      await store.submit(undo(id, round), lead);
      const { records: _, ...again } = await store.progress(id);
      const { records: __, ...was } = before;
      expect(again).toEqual(was);
      expect((await store.state(id)).judgments).toEqual(state.judgments);
    }
    // Taking the taking back back puts it away again.
    await store.submit(undo(id, 'back/two', 'again'), lead);
    expect((await store.progress(id)).items.archived).toBe(1);
    const rebuilt = await store.progress(id);
    await store.rebuild(id);
    expect(await store.progress(id)).toEqual(rebuilt);
  },
  'takes back what a rater holds of an item that is put away, and keeps what they send of it': async ({ store }) => {
    const id = 'held';
    await prepared(store, aProject(id), { items: 2, raters: 4 });
    const got = await reserved(store, id, 'rater-0');
    await store.submit(archive(id, got.item.id), lead);
    const next = await reserved(store, id, 'rater-0');
    expect(next.item.id).not.toBe(got.item.id);
    // Somebody who was offline sends it all the same: it is in the records.
    await store.submit(judged(got, 'rater-0', { id: 'late' }));
    expect(await store.progress(id)).toMatchObject({ judgments: { done: 0 }, records: 2 });
    expect((await store.state(id)).removed.get('late')).toBe('archived');
    await store.submit(undo(id, `away/${got.item.id}`), lead);
    expect((await store.progress(id)).judgments.done).toBe(1);
    expect((await store.check(id)).filter(({ ok }) => !ok)).toEqual([]);
  },
  'shows no known answer of an item that is put away': async ({ store }) => {
    const id = 'away-gold';
    await prepared(store, aProject(id, { gold: { every: 2, mode: 'gold' } }), {
      items: [anItem(id, 0), anItem(id, 1), anItem(id, 2), anItem(id, 3, { role: 'gold', gold: 0 })],
      raters: 4,
    });
    await store.submit(archive(id, 'item-3'), lead);
    await answerAll(store, id, 'rater-0');
    expect((await store.raterStanding(id, 'rater-0')).presented).toMatchObject({ gold: 0, work: 3 });
    expect((await store.progress(id)).items.byRole).toEqual({ work: 3 });
  },
  'lets nobody but a lead put items away, and none twice': async ({ store }) => {
    const id = 'who-archives';
    await prepared(store, aProject(id), { items: 1, raters: 4 });
    await expect(store.submit(archive(id, 'item-0'))).rejects.toThrow(/expected a lead/);
    await store.submit(archive(id, 'item-0'), lead);
    await expect(store.submit(archive(id, 'item-0', 'twice'), lead)).rejects.toThrow(/got item-0, which is put away/);
    // A withdrawal takes what the lead gave as a rater, not what they did as a lead.
    await store.withdraw(id, LEAD, { at: minutes(2) });
    expect((await store.progress(id)).items.archived).toBe(1);
    expect((await store.check(id)).filter(({ ok }) => !ok)).toEqual([]);
  },
  'judgments that were brought along do not count towards what the rules want': async ({ store }) => {
    const id = 'brought';
    await prepared(store, aProject(id, { overlap: 1 }), { items: 1, raters: 2 });
    const [item] = [(await store.getItem(id, 'item-0'))!];
    const presentation = { order: [], view: 'full', instructionsVersion: 'original', shownAt: T0 };
    const got = { item, presentation, purpose: 'work' as const, expiresAt: T0 };
    await store.submit(judged(got, 'rater-1', { id: 'elsewhere', brought: true, source: 'import:csv' }));
    expect((await store.progress(id)).judgments).toEqual({ wanted: 1, done: 0, reserved: 0 });
    expect((await store.progress(id)).raters.active).toBe(0);
    await answerAll(store, id, 'rater-0');
    expect((await store.progress(id)).judgments.done).toBe(1);
    expect((await store.state(id)).judgments).toHaveLength(2);
    expect((await store.check(id)).filter(({ ok }) => !ok)).toEqual([]);
  },
  'one item is the same whichever import brought it': async ({ store }) => {
    const id = 'same-import';
    await store.putProject(aProject(id));
    const by = (n: number) => {
      const item = anItem(id, 0);
      return { ...item, source: { ...item.source, import: { id: `import-${n}`, file: 'a.csv', at: T0 } } };
    };
    expect(await store.addItems(id, [by(1)])).toEqual({ added: 1, known: 0 });
    expect(await store.addItems(id, [by(2)])).toEqual({ added: 0, known: 1 });
    expect((await store.getItem(id, 'item-0'))!.source.import!.id).toBe('import-1');
  },
};
