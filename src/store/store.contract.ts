import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedbackRecord, foldRecords, type Question } from '../feedback/index.ts';
import { archivingCases } from './archiving.contract.ts';
import { distributionCases } from './distribution.contract.ts';
import { erasingCases } from './erasing.contract.ts';
import type { FeedbackStore, OpenOptions, Reservation } from './index.ts';
import { movingCases } from './moving.contract.ts';
import { openingCases } from './opening.contract.ts';
import {
  anItem,
  answerAll,
  aProject,
  collected,
  judged,
  minutes,
  opened,
  type Places,
  prepared,
  reserved,
  someItems,
  someRaters,
  T0,
} from './places.fake.ts';
import { secretsCases } from './secrets.contract.ts';

export interface ContractContext {
  /** The store under test; each case has a project of its own in it. */
  readonly store: FeedbackStore;
  readonly places: Places;
}

/** Cases every store passes. */
export function storeContract(name: string, makePlaces: () => Places, options: OpenOptions = {}): void {
  describe(name, () => {
    let places: Places;
    let store: FeedbackStore;
    beforeAll(async () => {
      places = makePlaces();
      store = await opened(await places.fresh(), options);
    });
    afterAll(async () => {
      await store?.close();
      await places?.dispose();
    });
    const cases = {
      ...basicCases,
      ...historyCases,
      ...distributionCases,
      ...archivingCases,
      ...movingCases,
      ...openingCases,
      ...erasingCases,
      ...secretsCases,
    };
    for (const [title, run] of Object.entries(cases)) it(title, () => run({ store, places }));
  });
}

export type Cases = Record<string, (context: ContractContext) => Promise<void>>;

const basicCases: Cases = {
  'keeps projects, and says which one is unknown': async ({ store }) => {
    const project = aProject('keeps', { overlap: 2 });
    await store.putProject(project);
    expect(await store.getProject('keeps')).toEqual(project);
    expect(await store.getProject('no-such')).toBeUndefined();
    await store.putProject({ ...project, name: 'Renamed' });
    const listed = (await store.listProjects()).find(({ id }) => id === 'keeps');
    expect(listed).toEqual({ id: 'keeps', name: 'Renamed', createdAt: T0, items: 0, records: 0 });
    await expect(store.progress('no-such')).rejects.toThrow(/expected a project of the store, got no-such/);
    await expect(store.reserve('no-such', 'r', { now: T0 })).rejects.toThrow(/no-such/);
    await expect(store.putProject({ ...project, questions: [] })).rejects.toThrow(/questions/);
  },
  'adds items once, in any number of calls, and refuses a changed one': async ({ store }) => {
    await store.putProject(aProject('items'));
    const items = someItems('items', 1203);
    expect(await store.addItems('items', items.slice(0, 700))).toEqual({ added: 700, known: 0 });
    expect(await store.addItems('items', items)).toEqual({ added: 503, known: 700 });
    expect(await collected(store.items('items'))).toEqual(items);
    expect(await store.getItem('items', 'item-700')).toEqual(items[700]);
    expect(await store.getItem('items', 'nothing')).toBeUndefined();
    const digest = await store.digest('items');
    await expect(store.addItems('items', [{ ...items[3]!, prompt: 'other' }])).rejects.toThrow(
      /item item-3: expected what project items holds.*got a changed item/,
    );
    await expect(store.addItems('items', [anItem('elsewhere', 9000)])).rejects.toThrow(/expected project items/);
    await expect(store.addItems('items', [anItem('items', 9000, { role: 'gold' })])).rejects.toThrow(/known answer/);
    await expect(store.addItems('items', [{ ...items[0]!, id: 'half \ud800' }])).rejects.toThrow(/half a character/);
    await expect(store.addItems('items', [{ ...items[0]!, id: 'x'.repeat(501) }])).rejects.toThrow(/at most 500/);
    await expect(store.addItems('items', [{ ...items[0]!, replies: 'none' } as never])).rejects.toThrow(/replies/);
    expect(await store.digest('items')).toBe(digest);
    expect((await store.progress('items')).items).toEqual({
      total: 1203,
      archived: 0,
      byRole: { work: 1203 },
      open: 1203,
    });
  },
  'keeps any text as it was': async ({ store }) => {
    await store.putProject(aProject('text'));
    const odd = ['\u0000', '\ud83d', '\u2028', '\\u0000', '"', '🙂', 'a\nb', '', '<script>', '\u007f', 'é', 'e\u0301'];
    const items = odd.map((prompt, i) => anItem('text', i, { prompt, id: `ïd-${i}-🙂` }));
    await store.addItems('text', items);
    expect(await collected(store.items('text'))).toEqual(items);
  },
  'keeps raters, replaces their profiles, and refuses strangers': async ({ store }) => {
    await prepared(store, aProject('raters'), { items: 2, raters: 0 });
    const raters = someRaters(3);
    expect(await store.putRaters('raters', raters)).toEqual({ added: 3, changed: 0 });
    const told = { ...raters[1]!, demographics: { region: 'north' } };
    expect(await store.putRaters('raters', [raters[0]!, told])).toEqual({ added: 0, changed: 1 });
    expect(await store.getRater('raters', 'rater-1')).toEqual(told);
    expect(await store.getRater('raters', 'nobody')).toBeUndefined();
    expect(await collected(store.raters('raters'))).toEqual([raters[0], told, raters[2]]);
    await expect(store.reserve('raters', 'nobody', { now: T0 })).rejects.toThrow(/expected a rater.*got nobody/);
    await expect(store.reserve('raters', 'rater-1', { now: 'noon' })).rejects.toThrow(/expected ISO 8601/);
    await expect(store.reserve('raters', 'rater-1', { now: T0, itemId: 'none' })).rejects.toThrow(/got none/);
  },
  'hands out, takes judgments, and counts': async ({ store }) => {
    await prepared(store, aProject('counts', { overlap: 2 }), { items: 5, raters: 3 });
    const got = await reserved(store, 'counts', 'rater-0');
    expect(got.purpose).toBe('work');
    expect([...got.presentation.order].sort()).toEqual([0, 1]);
    expect(got.presentation).toMatchObject({ view: 'full', instructionsVersion: '1', shownAt: T0 });
    expect(got.expiresAt).toBe(minutes(30));
    expect((await store.progress('counts')).judgments).toEqual({ wanted: 10, done: 0, reserved: 1 });
    // Asking again gives the same, with a later end.
    const again = await reserved(store, 'counts', 'rater-0', minutes(10));
    expect(again).toEqual({ ...got, expiresAt: minutes(40) });
    const receipt = await store.submit(judged(got, 'rater-0'));
    expect(receipt).toMatchObject({ id: `${got.item.id}/rater-0/work`, seq: 1, stored: true, completes: false });
    expect(receipt.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await store.progress('counts')).toEqual({
      id: 'counts',
      name: 'Project counts',
      items: { total: 5, archived: 0, byRole: { work: 5 }, open: 5 },
      judgments: { wanted: 10, done: 1, reserved: 0 },
      skips: 0,
      flags: 0,
      raters: { known: 3, active: 1 },
      records: 1,
      quotas: {},
    });
    const next = await reserved(store, 'counts', 'rater-0');
    expect(next.item.id).not.toBe(got.item.id);
    const standing = await store.raterStanding('counts', 'rater-0');
    expect(standing.presented.work).toBe(2);
    expect(standing.reserved).toEqual([{ itemId: next.item.id, purpose: 'work', expiresAt: minutes(30) }]);
    expect(await store.release('counts', 'rater-0', next.item.id)).toBe(true);
    expect(await store.release('counts', 'rater-0', next.item.id)).toBe(false);
    expect((await store.progress('counts')).judgments.reserved).toBe(0);
  },
  'refuses judgments that do not fit item, form, reservation or history': async ({ store }) => {
    await prepared(store, aProject('refuses', { overlap: 2 }), {
      items: [...someItems('refuses', 4), anItem('refuses', 9, { role: 'gold', gold: 1 })],
      raters: 2,
    });
    const got = await reserved(store, 'refuses', 'rater-0');
    const submit = (more: Parameters<typeof judged>[2]) => store.submit(judged(got, 'rater-0', more));
    const { presentation } = got;
    await expect(submit({ answer: { kind: 'comparison', outcome: 7 } })).rejects.toThrow(
      /reply 7 where the item has 2/,
    );
    await expect(submit({ answer: { kind: 'critique', reply: 0, text: 'x' } })).rejects.toThrow(/kind critique/);
    await expect(submit({ answer: { kind: 'comparison', outcome: 'both-bad' } })).rejects.toThrow(
      /form does not allow/,
    );
    await expect(submit({ questionId: 'other' })).rejects.toThrow(/expected a question of the form \(better\)/);
    await expect(submit({ itemId: 'none' })).rejects.toThrow(/expected an item of the project, got none/);
    await expect(submit({ raterId: 'nobody' })).rejects.toThrow(/got nobody/);
    await expect(submit({ projectId: 'no-such' })).rejects.toThrow(/got no-such/);
    await expect(submit({ presentation: { ...presentation, order: [0, 0] } })).rejects.toThrow(
      /order of the 2 replies/,
    );
    const reversed = { ...presentation, order: [...presentation.order].reverse() };
    await expect(submit({ presentation: reversed })).rejects.toThrow(/presentation that was reserved/);
    await expect(submit({ presentation: { ...presentation, purpose: 'gold' } })).rejects.toThrow(
      /expected purpose work/,
    );
    await expect(submit({ itemId: 'item-9' })).rejects.toThrow(/expected purpose gold/);
    await expect(submit({ supersedes: 'none' })).rejects.toThrow(/expected to supersede a standing judgment/);
    const repeat = { ...presentation, purpose: 'repeat' as const, repeats: 'none' };
    await expect(submit({ presentation: repeat })).rejects.toThrow(/repeats to name an earlier judgment/);
    await expect(store.submit({ type: 'judgment' } as never)).rejects.toThrow(/record: judgment/);
    expect((await store.progress('refuses')).records).toBe(0);
    await submit({});
    await expect(submit({ id: 'second' })).rejects.toThrow(/one answer per rater, item, question and reply/);
    await submit({ id: 'second', supersedes: `${got.item.id}/rater-0/work` });
    expect((await store.state('refuses')).judgments.map(({ id }) => id)).toEqual(['second']);
    expect((await store.progress('refuses')).judgments.done).toBe(1);
  },
  'keeps an answer of a rater about each reply, and counts the item once': async ({ store }) => {
    const why: Question = { id: 'why', title: 'Why?', kind: 'critique', required: true };
    await prepared(store, { ...aProject('replies'), questions: [why] }, { items: 6, raters: 3 });
    const got = await reserved(store, 'replies', 'rater-0');
    const said = (id: string, reply: number) =>
      store.submit(judged(got, 'rater-0', { id, questionId: 'why', answer: { kind: 'critique', reply, text: id } }));
    await said('first', 0);
    await said('second', 1);
    await expect(said('third', 1)).rejects.toThrow(/another beside second/);
    expect((await store.state('replies')).judgments.map(({ id }) => id)).toEqual(['first', 'second']);
    expect((await store.progress('replies')).judgments.done).toBe(1);
  },
  'answers a repeated submission with the first receipt, and another one under its key with an error': async ({
    store,
  }) => {
    await prepared(store, aProject('idempotent'), { items: 6, raters: 3 });
    const got = await reserved(store, 'idempotent', 'rater-0');
    const record = judged(got, 'rater-0');
    const receipt = await store.submit(record, { key: 'k1' });
    const again = { ...receipt, stored: false, completes: false };
    expect(await store.submit(record, { key: 'k1' })).toEqual(again);
    const later = judged(got, 'rater-0', { submittedAt: minutes(5) });
    expect(await store.submit(later, { key: 'k1' })).toEqual(again);
    expect((await store.state('idempotent')).judgments.map(({ submittedAt }) => submittedAt)).toEqual([T0]);
    const other = judged(got, 'rater-0', { id: 'other', activeMs: 5 });
    await expect(store.submit(other, { key: 'k1' })).rejects.toThrow(/idempotency key k1.*got another; use a new key/);
    await expect(store.submit(record, { key: 'k2' })).rejects.toThrow(/expected a new id/);
    await expect(store.submit(record)).rejects.toThrow(/expected a new id/);
    // At once, in one batch: one effect, one answer.
    const mine = judged(await reserved(store, 'idempotent', 'rater-1'), 'rater-1');
    const receipts = await Promise.all(Array.from({ length: 5 }, () => store.submit(mine)));
    expect(new Set(receipts.map(({ hash }) => hash)).size).toBe(1);
    expect(receipts.map(({ stored }) => stored)).toEqual([true, false, false, false, false]);
    expect((await store.progress('idempotent')).records).toBe(2);
    const entries = await collected(store.history('idempotent'));
    expect(entries.map(({ key }) => key)).toEqual(['k1', `${(mine as { judgment: { id: string } }).judgment.id}`]);
    // One caller's mistake in a batch is that caller's alone.
    const third = await reserved(store, 'idempotent', 'rater-2');
    const outcomes = await Promise.allSettled([
      store.submit(judged(third, 'rater-2', { itemId: 'none' })),
      store.submit(judged(third, 'rater-2')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  },
  'asks every question of a form before an item counts': async ({ store }) => {
    const rating: Question = {
      id: 'clarity',
      kind: 'rating',
      title: 'How clear?',
      required: true,
      criteria: [{ id: 'clear', title: 'Clear' }],
      scale: { min: 1, max: 5, step: 1 },
    };
    const optional: Question = { id: 'why', kind: 'critique', title: 'Why?', required: false };
    const [comparison] = aProject('x').questions;
    const project = aProject('form', { overlap: 1 }, { questions: [comparison!, rating, optional] });
    await prepared(store, project, { items: 1, raters: 2 });
    const got = await reserved(store, 'form', 'rater-0');
    await expect(store.submit(judged(got, 'rater-0'))).rejects.toThrow(/id of one of 3 questions/);
    await store.submit(judged(got, 'rater-0', { questionId: 'better' }));
    expect((await store.progress('form')).judgments).toEqual({ wanted: 1, done: 0, reserved: 1 });
    expect((await reserved(store, 'form', 'rater-0')).item.id).toBe(got.item.id);
    const { scale } = rating;
    const answer = { kind: 'rating' as const, scale, values: [{ reply: 0, criterion: 'clear', value: 4 }] };
    await store.submit(judged(got, 'rater-0', { id: 'r', questionId: 'clarity', answer }));
    expect((await store.progress('form')).judgments).toEqual({ wanted: 1, done: 1, reserved: 0 });
    expect(await store.reserve('form', 'rater-1', { now: T0 })).toEqual({
      none: 'every item has the judgments it needs or is being judged',
    });
    expect((await store.check('form')).filter(({ ok }) => !ok)).toEqual([]);
  },
};

const historyCases: Cases = {
  'appends every sort of record, and reads any past state': async ({ store }) => {
    await prepared(store, aProject('past', { overlap: 2 }), { items: 3, raters: 3 });
    const base = { projectId: 'past', at: T0 };
    const got = await reserved(store, 'past', 'rater-0');
    const { id: itemId } = got.item;
    const work = `${itemId}/rater-0/work`;
    const records: FeedbackRecord[] = [
      { type: 'draft', id: 'd1', ...base, raterId: 'rater-0', itemId, content: { outcome: 1 } },
      judged(got, 'rater-0'),
      { type: 'concern', id: 'c1', ...base, raterId: 'rater-1', about: 'hours', text: 'no break' },
      { type: 'flag', id: 'f1', ...base, raterId: 'rater-1', itemId, reason: 'typo' },
      { type: 'undo', id: 'u1', ...base, raterId: 'rater-0', undoes: work },
      { type: 'undo', id: 'u2', ...base, raterId: 'rater-0', undoes: 'u1', reason: 'it was right' },
      {
        type: 'adjudication',
        id: 'a1',
        ...base,
        raterId: 'rater-2',
        itemId,
        answer: { kind: 'comparison', outcome: 1 },
        reason: 'fact',
        considered: [work],
      },
      { type: 'skip', id: 's1', ...base, raterId: 'rater-1', itemId, reason: 'unclear' },
    ];
    const done = [0, 1, 1, 1, 0, 1, 1, 1];
    for (const [i, record] of records.entries()) {
      expect((await store.submit(record)).seq).toBe(i + 1);
      expect((await store.progress('past')).judgments.done).toBe(done[i]);
    }
    const entries = await collected(store.history('past'));
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(entries.map(({ record }) => record)).toEqual(records);
    for (let at = 0; at <= records.length; at++) {
      expect(await store.state('past', { at })).toEqual(foldRecords(records.slice(0, at)));
    }
    const between = await collected(store.history('past', { after: 2, until: 5 }));
    expect(between.map(({ seq }) => seq)).toEqual([3, 4, 5]);
    const of = async (range: Parameters<typeof store.history>[1]) =>
      (await collected(store.history('past', range))).map(({ seq }) => seq);
    expect(await of({ rater: 'rater-0' })).toEqual([1, 2, 5, 6]);
    expect(await of({ rater: 'rater-1' })).toEqual([3, 4, 8]);
    expect(await of({ rater: 'rater-1', item: itemId })).toEqual([4, 8]);
    expect(await of({ item: 'item-2', after: 8 })).toEqual([]);
    await expect(of({ rater: 'nobody' })).rejects.toThrow(/nobody/);
    await expect(of({ item: 'none' })).rejects.toThrow(/none/);
    // A skipped item does not come back to who skipped it.
    const { got: rest } = await answerAll(store, 'past', 'rater-1');
    expect(rest.map(({ item }) => item.id)).not.toContain(itemId);
  },
  'takes back only what is there, one’s own, and once; a lead takes back for others': async ({ store }) => {
    await prepared(store, aProject('undo'), { items: 3, raters: 3 });
    const got = await reserved(store, 'undo', 'rater-0');
    await store.submit(judged(got, 'rater-0'));
    const work = `${got.item.id}/rater-0/work`;
    const undo = (id: string, undoes: string, raterId = 'rater-0'): FeedbackRecord => ({
      type: 'undo',
      id,
      projectId: 'undo',
      raterId,
      at: T0,
      undoes,
    });
    await expect(store.submit(undo('u', 'none'))).rejects.toThrow(/expected a record of project undo.*got none/);
    await expect(store.submit(undo('u', work, 'rater-1'))).rejects.toThrow(/expected a record of rater-1, got one of/);
    await store.submit(undo('u1', work, 'rater-1'), { lead: true });
    await expect(store.submit(undo('u', work))).rejects.toThrow(/which is taken back already/);
    await expect(store.submit(undo('u', 'u1'))).rejects.toThrow(/got one of rater-1/);
    expect((await store.state('undo')).judgments).toEqual([]);
    // The item is free again, for the same rater too, who asks for it.
    const back = await store.reserve('undo', 'rater-0', { now: T0, itemId: got.item.id });
    expect(back).toMatchObject({ item: { id: got.item.id }, purpose: 'work' });
    expect(await store.reserve('undo', 'rater-1', { now: T0, itemId: got.item.id })).toEqual({
      none: `item ${got.item.id} is not open`,
    });
    const adjudication = {
      type: 'adjudication' as const,
      projectId: 'undo',
      raterId: 'rater-2',
      at: T0,
      itemId: 'item-0',
      answer: { kind: 'comparison' as const, outcome: 'tie' as const },
      reason: 'majority' as const,
    };
    const odd = { ...adjudication, id: 'a', considered: ['none'] };
    await expect(store.submit(odd)).rejects.toThrow(/considered records to be of the item, got none/);
    expect((await store.check('undo')).filter(({ ok }) => !ok)).toEqual([]);
  },
  'counts skips, flags and active raters as they stand, and says when an item has all it wants': async ({ store }) => {
    await prepared(store, aProject('marks', { overlap: 2 }), { items: 3, raters: 2 });
    const counts = async () => {
      const { skips, flags, raters, judgments } = await store.progress('marks');
      return [skips, flags, raters.active, judgments.done];
    };
    const by = (raterId: string) => ({ projectId: 'marks', raterId, at: T0 });
    const undo = (id: string, undoes: string) => store.submit({ type: 'undo', id, ...by('rater-0'), undoes });
    const item0 = { now: T0, itemId: 'item-0' };
    const held = (await store.reserve('marks', 'rater-0', item0)) as Reservation;
    await store.submit({ type: 'flag', id: 'f1', ...by('rater-0'), itemId: 'item-0', reason: 'odd' });
    await store.submit({ type: 'flag', id: 'f2', ...by('rater-0'), itemId: 'item-0', reason: 'odder' });
    await store.submit({ type: 'skip', id: 's1', ...by('rater-0'), itemId: 'item-1', reason: 'unclear' });
    expect(await counts()).toEqual([1, 2, 1, 0]);
    expect(await store.submit(judged(held, 'rater-0'))).toMatchObject({ completes: false });
    const other = (await store.reserve('marks', 'rater-1', item0)) as Reservation;
    const last = judged(other, 'rater-1');
    expect(await store.submit(last)).toMatchObject({ completes: true });
    expect(await store.submit(last)).toMatchObject({ completes: false });
    expect(await counts()).toEqual([1, 2, 2, 2]);
    expect((await store.itemState('marks', 'item-0')).judgments.length).toBe(2);
    await undo('u1', 's1');
    await undo('u2', 'f1');
    expect(await counts()).toEqual([0, 1, 2, 2]);
    await undo('u3', 'u2');
    expect(await counts()).toEqual([0, 2, 2, 2]);
    const gone = await store.withdraw('marks', 'rater-0', { at: T0 });
    expect(await counts()).toEqual([0, 0, 1, 1]);
    const left = await store.itemState('marks', 'item-0');
    expect([left.judgments.map(({ raterId }) => raterId), left.flags]).toEqual([['rater-1'], []]);
    await undo('u4', gone.id);
    expect(await counts()).toEqual([0, 2, 2, 2]);
    expect((await store.check('marks')).filter(({ ok }) => !ok)).toEqual([]);
  },
  'shows a rater their project in one read, strangers too': async ({ store }) => {
    await prepared(store, aProject('view', { overlap: 1 }), { items: 2, raters: 1 });
    const held = await reserved(store, 'view', 'rater-0');
    const view = (await store.raterView('view', 'rater-0'))!;
    expect(view.project).toEqual(await store.getProject('view'));
    expect(view.profile).toEqual(await store.getRater('view', 'rater-0'));
    expect(view.standing).toEqual(await store.raterStanding('view', 'rater-0'));
    expect([view.openItems, view.standing!.reserved.map(({ itemId }) => itemId)]).toEqual([1, [held.item.id]]);
    expect(await store.raterView('view', 'stranger')).toMatchObject({ openItems: 1 });
    expect((await store.raterView('view', 'stranger'))!.standing).toBeUndefined();
    expect(await store.raterView('nowhere', 'rater-0')).toBeUndefined();
  },
  'withdraws a rater from every later state, and brings them back': async ({ store }) => {
    await prepared(store, aProject('withdraw', { overlap: 1 }), { items: 4, raters: 2 });
    await answerAll(store, 'withdraw', 'rater-0', { most: 3 });
    const held = await reserved(store, 'withdraw', 'rater-0');
    const receipt = await store.withdraw('withdraw', 'rater-0', { at: T0, reason: 'no longer' });
    expect(receipt.seq).toBe(4);
    expect((await store.state('withdraw')).judgments).toEqual([]);
    expect((await store.state('withdraw', { at: 3 })).judgments.length).toBe(3);
    expect((await store.progress('withdraw')).judgments).toEqual({ wanted: 4, done: 0, reserved: 0 });
    expect((await store.raterStanding('withdraw', 'rater-0')).presented.work).toBe(0);
    await store.submit(
      { type: 'undo', id: 'u', projectId: 'withdraw', raterId: 'rater-0', at: T0, undoes: receipt.id },
      {},
    );
    expect((await store.progress('withdraw')).judgments.done).toBe(3);
    const { got } = await answerAll(store, 'withdraw', 'rater-1');
    expect(got.map(({ item }) => item.id)).toEqual([held.item.id]);
    expect((await store.check('withdraw')).filter(({ ok }) => !ok)).toEqual([]);
  },
};
