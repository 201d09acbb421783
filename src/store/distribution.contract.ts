import { expect } from 'vitest';
import { type Item, type Judgment, nextPurpose, type Project, type Purpose, purposeOf } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import type { FeedbackStore } from './index.ts';
import {
  anItem,
  answerAll,
  aProject,
  collected,
  judged,
  minutes,
  prepared,
  reserved,
  someItems,
  someRaters,
  T0,
} from './places.fake.ts';
import type { Cases } from './store.contract.ts';

const standing = async (store: FeedbackStore, projectId: string): Promise<readonly Judgment[]> =>
  (await store.state(projectId)).judgments;
/** Number of raters whose work stands, by item. */
async function workByItem(store: FeedbackStore, projectId: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const judgment of await standing(store, projectId)) {
    if (purposeOf(judgment) === 'work') counts.set(judgment.itemId, (counts.get(judgment.itemId) ?? 0) + 1);
  }
  return counts;
}
const bad = async (store: FeedbackStore, id: string) => (await store.check(id)).filter(({ ok }) => !ok);

/** Every rule of a project's distribution, seen from outside: who gets what. */
export const distributionCases: Cases = {
  'gives each item its overlap of different raters, however many ask at once, orders in balance': async ({ store }) => {
    await prepared(store, aProject('overlap', { overlap: 4 }), { items: 25, raters: 10 });
    const all = await Promise.all(someRaters(10).map(({ id }) => answerAll(store, 'overlap', id)));
    expect([...(await workByItem(store, 'overlap')).values()]).toEqual(new Array(25).fill(4));
    for (const { got, none } of all) {
      expect(none).toMatch(/every item has the judgments it needs|no open item is left/);
      expect(new Set(got.map(({ item }) => item.id)).size).toBe(got.length);
    }
    // Each reply first as often as the other, item by item.
    const first = new Map<string, number>();
    for (const { itemId, presentation } of await standing(store, 'overlap')) {
      first.set(itemId, (first.get(itemId) ?? 0) + (presentation.order[0] === 0 ? 1 : -1));
    }
    expect([...first.values()]).toEqual(new Array(25).fill(0));
    expect(await bad(store, 'overlap')).toEqual([]);
  },
  'wants the overlap on a share of the items and one judgment of the rest': async ({ store }) => {
    await prepared(store, aProject('share', { overlap: 3, overlapShare: 0.4 }), { items: 100, raters: 3 });
    await Promise.all(someRaters(3).map(({ id }) => answerAll(store, 'share', id)));
    const counts = [...(await workByItem(store, 'share')).values()];
    expect(counts.length).toBe(100);
    expect(new Set(counts)).toEqual(new Set([1, 3]));
    const share = counts.filter((n) => n === 3).length / 100;
    // Four standard errors of a share of 0.4 in 100.
    expect(Math.abs(share - 0.4)).toBeLessThan(4 * Math.sqrt((0.4 * 0.6) / 100));
  },
  'takes back what ran out, and keeps a judgment that comes late': async ({ store }) => {
    await prepared(store, aProject('expiry', { reservationMinutes: 5 }), { items: 1, raters: 3 });
    const late = await reserved(store, 'expiry', 'rater-0');
    expect(await store.reserve('expiry', 'rater-1', { now: minutes(4) })).toEqual({
      none: 'every item has the judgments it needs or is being judged',
    });
    const got = await reserved(store, 'expiry', 'rater-1', minutes(5));
    expect(got.item.id).toBe(late.item.id);
    expect((await store.progress('expiry')).judgments).toEqual({ wanted: 1, done: 0, reserved: 1 });
    await store.submit(judged(late, 'rater-0'));
    await store.submit(judged(got, 'rater-1'));
    expect((await store.progress('expiry')).judgments).toEqual({ wanted: 1, done: 2, reserved: 0 });
    expect('none' in (await store.reserve('expiry', 'rater-2', { now: minutes(6) }))).toBe(true);
    expect(await bad(store, 'expiry')).toEqual([]);
  },
  'takes back all that ran out, however many, before it says that nothing is left': async ({ store }) => {
    const group = (value: string) => ({ demographics: { group: value } });
    const cohorts = ['x', 'y'].map((name) => ({ name, items: { topic: [name] }, raters: { group: [name] } }));
    await prepared(store, aProject('many', { reservationMinutes: 5, cohorts }), {
      items: someItems('many', 111, (i) => ({ strata: { topic: i === 110 ? 'x' : 'y' } })),
      raters: [
        ...someRaters(110).map((rater) => ({ ...rater, ...group('y') })),
        ...['first', 'second'].map((id) => ({ id, kind: 'human' as const, ...group('x') })),
      ],
    });
    await Promise.all(someRaters(110).map(({ id }) => reserved(store, 'many', id)));
    // The one item of its cohort runs out after a hundred others.
    expect((await reserved(store, 'many', 'first', minutes(1))).item.id).toBe('item-110');
    expect((await store.progress('many')).judgments.reserved).toBe(111);
    expect('none' in (await store.reserve('many', 'second', { now: minutes(5) }))).toBe(true);
    expect((await reserved(store, 'many', 'second', minutes(7))).item.id).toBe('item-110');
    expect((await store.progress('many')).judgments.reserved).toBe(1);
    expect(await bad(store, 'many')).toEqual([]);
  },
  'stops at the most one rater may judge': async ({ store }) => {
    await prepared(store, aProject('cap', { perRaterCap: 3 }), { items: 9, raters: 1 });
    const { got, none } = await answerAll(store, 'cap', 'rater-0');
    expect([got.length, none]).toEqual([3, 'the most one rater may judge']);
  },
  'keeps items of a cohort for its raters': async ({ store }) => {
    const cohorts: Project['distribution']['cohorts'] = [
      { name: 'doctors', items: { topic: ['medicine'] }, raters: { work: ['doctor'] } },
      { name: 'north', items: { region: ['north'] }, raters: { region: ['north'] } },
    ];
    const strata = (i: number): Partial<Item> => ({
      strata: { topic: i % 2 === 0 ? 'medicine' : 'law', region: i % 3 === 0 ? 'north' : 'south' },
    });
    await prepared(store, aProject('cohorts', { cohorts }), {
      items: someItems('cohorts', 24, strata),
      raters: [
        { id: 'none', kind: 'human' },
        { id: 'doctor', kind: 'human', demographics: { work: 'doctor' } },
        { id: 'both', kind: 'human', demographics: { work: 'doctor', region: 'north' } },
      ],
    });
    const numbers = async (rater: string) =>
      (await answerAll(store, 'cohorts', rater)).got.map(({ item }) => Number(item.id.slice(5))).sort((a, b) => a - b);
    const all = Array.from({ length: 24 }, (_, i) => i);
    expect(await numbers('none')).toEqual(all.filter((i) => i % 2 === 1 && i % 3 !== 0));
    expect(await numbers('doctor')).toEqual(all.filter((i) => i % 2 === 0 && i % 3 !== 0));
    expect(await numbers('both')).toEqual(all.filter((i) => i % 3 === 0));
    // Who joins a cohort gets its items.
    await store.addItems('cohorts', [anItem('cohorts', 30, { strata: { topic: 'medicine' } })]);
    expect(await numbers('none')).toEqual([]);
    await store.putRaters('cohorts', [{ id: 'none', kind: 'human', demographics: { work: 'doctor' } }]);
    expect(await numbers('none')).toEqual([30]);
  },
  'asks a full group no more': async ({ store }) => {
    const quotas = [{ attribute: 'gender', shares: { w: 0.5, m: 0.25 } }];
    await prepared(store, aProject('quotas', { quotas }), {
      items: 20,
      raters: [
        ...['w1', 'w2'].map((id) => ({ id, kind: 'human' as const, demographics: { gender: 'w' } })),
        ...['m1', 'm2'].map((id) => ({ id, kind: 'human' as const, demographics: { gender: 'm' } })),
        { id: 'x', kind: 'human', demographics: { gender: 'other' } },
        { id: 'silent', kind: 'human' },
      ],
    });
    const count = async (id: string) => (await answerAll(store, 'quotas', id)).got.length;
    expect(await count('x')).toBe(0);
    expect((await answerAll(store, 'quotas', 'm1', { most: 4 })).got.length).toBe(4);
    // A reservation counts too: the group never goes over its share.
    const held = await reserved(store, 'quotas', 'm2');
    expect(await store.reserve('quotas', 'm1', { now: T0 })).toEqual({
      none: 'the quota for gender has no place for this rater',
    });
    expect((await reserved(store, 'quotas', 'm2', minutes(29))).item.id).toBe(held.item.id);
    await store.release('quotas', 'm2', held.item.id);
    expect([await count('m1'), await count('m2'), await count('w1'), await count('w2')]).toEqual([1, 0, 10, 0]);
    expect((await store.progress('quotas')).quotas).toEqual({ gender: { m: 5, w: 10 } });
    // Who turns out to belong to another group moves their work there.
    await store.putRaters('quotas', [{ id: 'w1', kind: 'human', demographics: { gender: 'm' } }]);
    expect((await store.progress('quotas')).quotas).toEqual({ gender: { m: 15 } });
    expect(await count('silent')).toBe(5);
    expect(await bad(store, 'quotas')).toEqual([]);
  },
  'adds a rater where agreement is low, one at a time up to the most': async ({ store }) => {
    const distribution = { overlap: 2, extraRaters: { belowAgreement: 0.7, max: 2 } };
    await prepared(store, aProject('extra', distribution), { items: 10, raters: 6 });
    // Even items: everyone agrees. Odd ones: nobody with anyone, as far as three answers go round.
    const outcomes = [0, 1, 'tie', 'cant-judge', 0, 1] as const;
    for (const [i, { id }] of someRaters(6).entries()) {
      await answerAll(store, 'extra', id, {
        answer: ({ item }) => ({
          answer: { kind: 'comparison', outcome: Number(item.id.slice(5)) % 2 === 0 ? 0 : outcomes[i]! },
        }),
      });
    }
    const counts = await workByItem(store, 'extra');
    for (const [id, n] of counts) expect([id, n]).toEqual([id, Number(id.slice(5)) % 2 === 0 ? 2 : 4]);
    expect((await store.progress('extra')).judgments.wanted).toBe(5 * 2 + 5 * 4);
    expect(await bad(store, 'extra')).toEqual([]);
  },
  'stops asking once the leading answer is sure': async ({ store }) => {
    const adaptive = { confidence: 0.85, raterAccuracy: 0.75, min: 2, max: 5 };
    await prepared(store, aProject('adaptive', { adaptive }), { items: 8, raters: 8 });
    const outcomes = [0, 1, 0, 1, 0, 1, 0, 1] as const;
    for (const [i, { id }] of someRaters(8).entries()) {
      await answerAll(store, 'adaptive', id, {
        answer: ({ item }) => ({
          answer: { kind: 'comparison', outcome: Number(item.id.slice(5)) < 4 ? 0 : outcomes[i]! },
        }),
      });
    }
    const counts = await workByItem(store, 'adaptive');
    // Two alike: 9 to 1 in favour, P = 0.9. Alternating answers never lead by two, so five are asked.
    for (const [id, n] of counts) expect([id, n]).toEqual([id, Number(id.slice(5)) < 4 ? 2 : 5]);
    // An undone answer opens the item again.
    const [judgment] = await standing(store, 'adaptive');
    await store.submit({
      type: 'undo',
      id: 'u',
      projectId: 'adaptive',
      raterId: judgment!.raterId,
      at: T0,
      undoes: judgment!.id,
    });
    expect((await store.progress('adaptive')).items.open).toBe(1);
    expect(await bad(store, 'adaptive')).toEqual([]);
  },
  'admits to work who passes the qualification': async ({ store }) => {
    const qualification = { items: 4, passShare: 0.75 };
    const tests = Array.from({ length: 6 }, (_, i) =>
      anItem('qualify', 100 + i, { role: 'qualification', gold: (i % 2) as 0 | 1 }),
    );
    await prepared(store, aProject('qualify', { qualification }), {
      items: [...someItems('qualify', 3), ...tests],
      raters: 3,
    });
    const answers = (right: number) => {
      let asked = 0;
      return ({ item }: { item: Item }): Partial<Judgment> => {
        const gold = item.gold as 0 | 1 | undefined;
        asked += 1;
        return {
          answer: { kind: 'comparison', outcome: gold === undefined || asked <= right ? (gold ?? 0) : 1 - gold },
        };
      };
    };
    const good = await answerAll(store, 'qualify', 'rater-0', { answer: answers(3) });
    expect(good.got.map(({ purpose }) => purpose)).toEqual([
      ...new Array(4).fill('qualification'),
      ...new Array(3).fill('work'),
    ]);
    expect((await store.raterStanding('qualify', 'rater-0')).qualificationRight).toBe(3);
    const poor = await answerAll(store, 'qualify', 'rater-1', { answer: answers(2) });
    expect([poor.got.length, poor.none]).toEqual([4, 'qualification not passed']);
    // Only work counts.
    expect((await store.progress('qualify')).judgments).toEqual({ wanted: 3, done: 3, reserved: 0 });
    await store.putProject(aProject('qualify', { qualification: { items: 9, passShare: 0.5 } }));
    const { none } = await answerAll(store, 'qualify', 'rater-2');
    expect(none).toBe('no qualification item is left for this rater: 9 are asked, the project has 6');
    expect(await bad(store, 'qualify')).toEqual([]);
  },
  'mixes in known answers and repeats where the rules are due, and never the same twice': async ({ store }) => {
    const distribution = { overlap: 1, gold: { every: 5, mode: 'gold' as const }, repeats: { every: 4 } };
    const golds = Array.from({ length: 5 }, (_, i) => anItem('mixed', 100 + i, { role: 'gold', gold: 0 }));
    await prepared(store, aProject('mixed', distribution), {
      items: [...someItems('mixed', 24), ...golds],
      raters: 2,
    });
    const rules = (await store.getProject('mixed'))!.distribution;
    const { got } = await answerAll(store, 'mixed', 'rater-0');
    const presented: Record<Purpose, number> = {
      work: 0,
      gold: 0,
      training: 0,
      qualification: 0,
      repeat: 0,
      'swapped-repeat': 0,
    };
    const seen = new Map<string, string[]>();
    for (const { item, purpose, presentation } of got) {
      const due = nextPurpose(rules, 'rater-0', { presented, qualificationRight: 0 });
      const expected = 'purpose' in due ? due.purpose : 'none';
      // A pool that is used up gives way to work.
      if (purpose !== expected) expect([purpose, expected, presented.gold]).toEqual(['work', 'gold', 5]);
      const before = seen.get(item.id) ?? [];
      if (purpose === 'repeat' || purpose === 'swapped-repeat') {
        expect(before).toEqual(['work']);
        const earlier = got.find((g) => g.item.id === item.id && g.purpose === 'work')!;
        const order = [...earlier.presentation.order];
        expect(presentation.order).toEqual(purpose === 'repeat' ? order : order.reverse());
        expect(presentation.repeats).toBe(`${item.id}/rater-0/work`);
      } else expect(before).toEqual([]);
      seen.set(item.id, [...before, purpose]);
      presented[purpose] += 1;
    }
    expect(presented.work).toBe(24);
    expect(presented.gold).toBe(5);
    expect(presented.repeat + presented['swapped-repeat']).toBeGreaterThan(5);
    expect(Math.abs(presented.repeat - presented['swapped-repeat'])).toBeLessThan(2);
    expect((await store.progress('mixed')).judgments).toEqual({ wanted: 24, done: 24, reserved: 0 });
    // Training instead of silent gold, by the rule's mode.
    await store.addItems('mixed', [
      ...Array.from({ length: 3 }, (_, i) => anItem('mixed', 200 + i, { role: 'training', gold: 1 })),
      ...Array.from({ length: 14 }, (_, i) => anItem('mixed', 300 + i)),
    ]);
    await store.putProject(aProject('mixed', { gold: { every: 5, mode: 'training' } }));
    const second = (await answerAll(store, 'mixed', 'rater-1')).got.map(({ purpose }) => purpose);
    expect([...new Set(second)].sort()).toEqual(['training', 'work']);
    expect(await bad(store, 'mixed')).toEqual([]);
  },
  'follows the order of the rules': async ({ store }) => {
    await prepared(store, aProject('order', { overlap: 3, order: 'least-judged' }), { items: 12, raters: 4 });
    const ids = (reservations: { item: Item }[]) => reservations.map(({ item }) => item.id);
    const first = ids((await answerAll(store, 'order', 'rater-0', { most: 6 })).got);
    const second = ids((await answerAll(store, 'order', 'rater-1', { most: 6 })).got);
    expect(new Set([...first, ...second]).size).toBe(12);
    const third = ids((await answerAll(store, 'order', 'rater-2', { most: 12 })).got);
    expect(new Set(third).size).toBe(12);

    await store.putProject(aProject('order', { overlap: 3, order: 'priority' }));
    const score = (id: string) => (Number(id.slice(5)) * 7) % 12;
    const all = someItems('order', 12).map(({ id }) => id);
    expect(
      await store.setPriorities(
        'order',
        all.map((id) => [id, score(id)] as const),
      ),
    ).toBe(12);
    const byScore = ids((await answerAll(store, 'order', 'rater-3', { most: 12 })).got);
    expect(byScore).toEqual([...all].sort((a, b) => score(b) - score(a)));
    await expect(store.setPriorities('order', [['item-0', Number.NaN]])).rejects.toThrow(/finite score/);
    await expect(store.setPriorities('order', [['none', 1]])).rejects.toThrow(/got none/);

    await prepared(store, aProject('random', { overlap: 50 }), { items: 20, raters: 40 });
    const firsts = await Promise.all(someRaters(40).map(({ id }) => reserved(store, 'random', id)));
    // 40 raters on 20 items in one batch: not all the same.
    expect(new Set(ids(firsts)).size).toBeGreaterThan(5);
    const [one, other] = await Promise.all(
      ['rater-0', 'rater-1'].map(async (id) => ids((await answerAll(store, 'random', id)).got)),
    );
    expect([one!.length, other!.length]).toEqual([20, 20]);
    expect(one).not.toEqual(other);
    for (const id of ['order', 'random']) expect(await bad(store, id)).toEqual([]);
  },
  'stays in step with its records through anything raters do': async ({ store }) => {
    const projects = [
      aProject('walk-1', {
        overlap: 2,
        reservationMinutes: 3,
        gold: { every: 4, mode: 'gold' },
        repeats: { every: 5 },
      }),
      aProject('walk-2', {
        reservationMinutes: 3,
        order: 'least-judged',
        adaptive: { confidence: 0.9, raterAccuracy: 0.75, min: 2, max: 4 },
        quotas: [{ attribute: 'group', shares: { a: 0.6, b: 0.6 } }],
        cohorts: [{ name: 'a', items: { topic: ['a'] }, raters: { group: ['a'] } }],
      }),
    ];
    for (const { id, distribution } of projects) {
      await prepared(store, aProject(id, distribution), {
        items: [
          ...someItems(id, 12, (i) => ({ strata: { topic: i % 3 === 0 ? 'a' : 'b' } })),
          ...Array.from({ length: 3 }, (_, i) => anItem(id, 100 + i, { role: 'gold', gold: 0 })),
        ],
        raters: someRaters(6).map((r, i) => ({ ...r, demographics: { group: i % 2 === 0 ? 'a' : 'b' } })),
      });
      await randomWalk(store, id, 160);
      expect(await bad(store, id)).toEqual([]);
      // What is stored is what an independent reading of the history gives.
      const progress = await store.progress(id);
      const work = await workByItem(store, id);
      expect(progress.judgments.done).toBe([...work.values()].reduce((sum, n) => sum + n, 0));
      const before = await store.digest(id);
      expect((await store.rebuild(id)).items).toBe(15);
      expect(await store.progress(id)).toEqual(progress);
      expect(await store.digest(id)).toBe(before);
      expect((await collected(store.history(id))).length).toBe(progress.records);
      const { skips, flags } = await store.state(id);
      expect([progress.skips, progress.flags]).toEqual([skips.length, flags.length]);
    }
  },
  'never hands out what the rater has open, whatever it is for': async ({ store }) => {
    for (const order of ['random', 'least-judged'] as const) {
      const id = `besides-${order}`;
      await prepared(store, aProject(id, { overlap: 1, order }), { items: 4, raters: 1 });
      const first = await reserved(store, id, 'rater-0');
      const open = [first.item.id];
      await store.submit(judged(first, 'rater-0', { id: 'taken-back' }));
      await store.submit({ type: 'undo', id: 'u', projectId: id, raterId: 'rater-0', at: T0, undoes: 'taken-back' });
      // On screen again after the undo, without a reservation.
      for (let i = 0; i < 3; i++) {
        const next = await store.reserve(id, 'rater-0', { now: T0, besides: open });
        if ('none' in next) throw new Error(next.none);
        open.push(next.item.id);
      }
      expect(new Set(open).size).toBe(4);
      expect(await store.reserve(id, 'rater-0', { now: T0, besides: open })).toHaveProperty('none');
      for (const itemId of open.slice(1)) await store.release(id, 'rater-0', itemId);
      const left = await store.reserve(id, 'rater-0', { now: T0, besides: open.slice(1) });
      expect(left).toMatchObject({ item: { id: first.item.id } });
    }
    const gold = { every: 2, mode: 'gold' as const };
    await prepared(store, aProject('besides-gold', { overlap: 1, gold }), {
      items: [
        ...someItems('besides-gold', 4),
        ...[0, 1].map((i) => anItem('besides-gold', 100 + i, { role: 'gold', gold: 0 })),
      ],
      raters: 1,
    });
    const { got } = await answerAll(store, 'besides-gold', 'rater-0', { most: 1 });
    expect(got[0]!.purpose).toBe('work');
    const known = await store.reserve('besides-gold', 'rater-0', { now: T0, besides: ['item-100'] });
    expect(known).toMatchObject({ purpose: 'gold', item: { id: 'item-101' } });
  },
};

/** Raters reserve, answer, change, skip, undo, release, draft and withdraw at random, several at once; some are erased. */
async function randomWalk(store: FeedbackStore, projectId: string, steps: number): Promise<void> {
  const rng = createRng(`walk/${projectId}`);
  const submitted: { id: string; raterId: string }[] = [];
  let n = 0;
  const step = async (raterId: string, now: string): Promise<void> => {
    const id = `${projectId}/${n++}`;
    const base = { id, projectId, raterId, at: now };
    const keep = () => submitted.push({ id, raterId });
    const draw = rng.uniform();
    if (draw < 0.12 && submitted.length > 0) {
      const target = submitted[rng.integer(submitted.length)]!;
      await store.submit({ type: 'undo', ...base, raterId: target.raterId, undoes: target.id }).then(keep, () => {});
      return;
    }
    if (draw < 0.14) {
      await store.submit({ type: 'withdrawal', ...base });
      keep();
      return;
    }
    if (draw < 0.145) {
      const one = submitted.length % 2 === 0 ? {} : { itemId: `item-${rng.integer(3)}` };
      await store.erase(projectId, raterId, { at: now, ...one });
      return;
    }
    const got = await store.reserve(projectId, raterId, { now });
    if ('none' in got) return;
    const itemId = got.item.id;
    if (draw < 0.2) {
      await store.release(projectId, raterId, itemId);
    } else if (draw < 0.28) {
      await store.submit({ type: 'skip', ...base, itemId, presentation: got.presentation, reason: 'unclear' });
      keep();
    } else if (draw < 0.36) {
      await store.submit({ type: 'draft', ...base, itemId, content: { n } });
    } else if (draw < 0.38) {
      await store.submit({ type: 'flag', ...base, itemId, reason: 'odd' });
      keep();
    } else if (draw < 0.39) {
      // Puts it away; an undo of anybody's may bring it back.
      await store.submit({ type: 'archive', ...base, itemId }, { lead: true }).then(keep, () => {});
    } else if (draw < 0.43) {
      // Leaves it to run out.
    } else {
      const answer = { kind: 'comparison' as const, outcome: rng.integer(2) };
      await store.submit(judged(got, raterId, { id, answer, submittedAt: now })).then(keep, () => {});
    }
  };
  for (let i = 0; i < steps; i += 4) {
    const now = minutes(i / 8);
    const raters = rng.shuffle(someRaters(6)).slice(0, 4);
    await Promise.all(raters.map(({ id }) => step(id, now)));
  }
}
