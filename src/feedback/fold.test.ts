import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgmentOf } from './arbitrary.fake.ts';
import {
  currentJudgments,
  type FeedbackRecord,
  type FeedbackState,
  feedbackRecordSchema,
  foldRecords,
  recordKey,
} from './index.ts';

/** A history from small numbers: what happens, who, on which item, and which earlier record it names. */
type Step = readonly [what: number, rater: number, item: number, earlier: number];
const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(2), fc.nat(1), fc.nat(40)), { maxLength: 24, size: 'max' });

function historyOf(list: readonly Step[]): FeedbackRecord[] {
  const history: FeedbackRecord[] = [];
  for (const [i, [what, rater, item, earlier]] of list.entries()) {
    const base = { id: `e${i}`, projectId: 'p', raterId: `r${rater}`, at: String(i) };
    const on = { ...base, itemId: `i${item}` };
    const judge = (supersedes?: string): FeedbackRecord => ({
      type: 'judgment',
      judgment: judgmentOf(
        base.id,
        base.raterId,
        { kind: 'comparison', outcome: i % 2 },
        { itemId: on.itemId, ...(supersedes !== undefined && { supersedes }) },
      ),
    });
    const judged = history.filter((r) => r.type === 'judgment');
    const named = history[earlier % Math.max(1, history.length)];
    if (what <= 1) history.push(judge());
    else if (what <= 3)
      history.push(judge(judged.length === 0 ? undefined : recordKey(judged[earlier % judged.length]!).id));
    else if (what === 4) history.push({ type: 'draft', ...on, content: { words: i } });
    else if (what === 5) history.push({ type: 'skip', ...on, reason: 'unclear' });
    else if (what === 6) history.push({ type: 'flag', ...on, reason: 'odd' });
    else if (what === 7)
      history.push({
        type: 'adjudication',
        ...on,
        answer: { kind: 'comparison', outcome: 0 },
        reason: 'fact',
        considered: [],
      });
    else if (what === 8 && named !== undefined)
      history.push({ type: 'undo', ...base, undoes: earlier === 40 ? 'nothing' : recordKey(named).id });
    else if (earlier > 36) history.push({ type: 'archive', ...on });
    else if (earlier > 32) history.push({ type: 'concern', ...base, about: 'pay', text: 'too little' });
    else history.push(earlier < 6 ? { type: 'withdrawal', ...base } : { type: 'flag', ...on, reason: 'late' });
  }
  return history;
}

/** What should stand, said once more as definitions over the whole history: slow, and nothing like the fold. */
function stands(history: readonly FeedbackRecord[]): (record: FeedbackRecord) => boolean {
  const place = (r: FeedbackRecord) => history.indexOf(r);
  const after = (r: FeedbackRecord) => history.slice(place(r) + 1);
  const undone = (r: FeedbackRecord): boolean =>
    after(r).some((u) => u.type === 'undo' && u.undoes === recordKey(r).id && !undone(u));
  // What a rater took back stays taken back when they withdraw later.
  const withdrawn = (r: FeedbackRecord) =>
    r.type !== 'undo' &&
    r.type !== 'archive' &&
    r.type !== 'concern' &&
    after(r).some((w) => w.type === 'withdrawal' && w.raterId === recordKey(r).raterId && !undone(w));
  const active = (r: FeedbackRecord) => !undone(r) && !withdrawn(r);
  const first = (id: string): string => {
    const record = history.find((r) => recordKey(r).id === id);
    const before = record?.type === 'judgment' ? record.judgment.supersedes : undefined;
    return before === undefined ? id : first(before);
  };
  const same = (a: FeedbackRecord, b: FeedbackRecord) =>
    recordKey(a).itemId === recordKey(b).itemId && recordKey(a).raterId === recordKey(b).raterId;
  const replaced = (r: FeedbackRecord) =>
    after(r).some(
      (l) =>
        active(l) &&
        ((r.type === 'judgment' && l.type === 'judgment' && first(l.judgment.id) === first(r.judgment.id)) ||
          (r.type === 'draft' && ['draft', 'judgment', 'skip'].includes(l.type) && same(l, r)) ||
          (r.type === 'adjudication' && l.type === 'adjudication' && l.itemId === r.itemId)),
    );
  const away = (r: FeedbackRecord) =>
    r.type !== 'archive' && history.some((a) => a.type === 'archive' && a.itemId === recordKey(r).itemId && !undone(a));
  return (r) => active(r) && !replaced(r) && !away(r);
}

const contentOf = ({ judgments, drafts, skips, flags, concerns, adjudications, archives }: FeedbackState) => ({
  archives,
  concerns,
  judgments,
  drafts,
  skips,
  flags,
  adjudications,
});
const idsOf = (state: FeedbackState) =>
  Object.values(contentOf(state))
    .flat()
    .map(({ id }) => id);
const ACTS = ['undo', 'withdrawal'];

describe('a history of feedback', () => {
  it('folds at every moment to what the definitions say, and loses no record', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const whole = historyOf(list);
        for (const record of whole) expect(feedbackRecordSchema.parse(record)).toEqual(record);
        for (let n = 0; n <= whole.length; n++) {
          const history = whole.slice(0, n);
          const state = foldRecords(history);
          const expected = history.filter(stands(history));
          expect(new Set(idsOf(state))).toEqual(
            new Set(expected.filter((r) => !ACTS.includes(r.type)).map((r) => recordKey(r).id)),
          );
          const acts = expected.filter((r) => ACTS.includes(r.type)).map((r) => recordKey(r).id);
          // Every id once: standing, removed, or an act.
          expect([...idsOf(state), ...state.removed.keys(), ...acts].sort()).toEqual(
            history.map((r) => recordKey(r).id).sort(),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
  it('keeps the order of the history, and leaves it as it was', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const history = historyOf(list);
        const before = structuredClone(history);
        const { judgments } = foldRecords(history);
        const ids = history.map((r) => recordKey(r).id);
        expect(judgments.map(({ id }) => ids.indexOf(id))).toEqual(
          [...judgments.map(({ id }) => ids.indexOf(id))].sort((a, b) => a - b),
        );
        expect(history).toEqual(before);
      }),
    );
  });
  it('undo leads back to the state before, and undoing the undo to the state after', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const history = historyOf(list);
        const last = history.at(-1);
        if (last === undefined) return;
        const undo = (id: string, undoes: string): FeedbackRecord => ({
          type: 'undo',
          id,
          projectId: 'p',
          raterId: 'someone',
          at: '99',
          undoes,
        });
        const undone = [...history, undo('u1', recordKey(last).id)];
        expect(contentOf(foldRecords(undone))).toEqual(contentOf(foldRecords(history.slice(0, -1))));
        expect(contentOf(foldRecords([...undone, undo('u2', 'u1')]))).toEqual(contentOf(foldRecords(history)));
        expect(contentOf(foldRecords([...undone, undo('u2', 'u1'), undo('u3', 'u2')]))).toEqual(
          contentOf(foldRecords(undone)),
        );
      }),
    );
  });
  it('a withdrawal takes all that the rater gave before it, and nothing of anybody else', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const history = historyOf(list);
        const before = foldRecords(history);
        const after = foldRecords([...history, { type: 'withdrawal', id: 'w', projectId: 'p', raterId: 'r0', at: '' }]);
        const { archives: _, concerns, ...given } = contentOf(after);
        // What was complained of was not given.
        expect(concerns).toEqual(before.concerns);
        const left: { id: string; raterId: string }[] = Object.values(given).flat();
        expect(left.filter(({ raterId }) => raterId === 'r0')).toEqual([]);
        const { archives: __, concerns: ___, ...givenBefore } = contentOf(before);
        const others = Object.values(givenBefore)
          .flat()
          .filter(({ raterId }) => raterId !== 'r0')
          .map(({ id }) => id);
        expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(others));
      }),
    );
  });
});

describe('replacing and taking back', () => {
  const judge = (id: string, supersedes?: string): FeedbackRecord => ({
    type: 'judgment',
    judgment: judgmentOf(
      id,
      'r',
      { kind: 'comparison', outcome: 0 },
      {
        ...(supersedes !== undefined && { supersedes }),
      },
    ),
  });
  const key = { projectId: 'p', raterId: 'r', at: '', itemId: 'item' };
  const undo = (id: string, undoes: string): FeedbackRecord => ({
    type: 'undo',
    id,
    projectId: 'p',
    raterId: 'r',
    at: '',
    undoes,
  });
  const standing = (...history: FeedbackRecord[]) => foldRecords(history).judgments.map(({ id }) => id);

  it('of a line of replacements the last one stands, wherever an undo falls', () => {
    const line = [judge('a'), judge('b', 'a'), judge('c', 'b')];
    expect(standing(...line)).toEqual(['c']);
    expect(standing(...line, undo('u', 'c'))).toEqual(['b']);
    // The judgment in the middle was taken back; what it had replaced does not come back beside the last.
    expect(standing(...line, undo('u', 'b'))).toEqual(['c']);
    expect(standing(...line, undo('u', 'b'), undo('v', 'c'))).toEqual(['a']);
    expect(foldRecords(line).removed).toEqual(
      new Map([
        ['a', 'superseded'],
        ['b', 'superseded'],
      ]),
    );
  });
  it('two replacements of one judgment count once', () => {
    expect(standing(judge('a'), judge('b', 'a'), judge('c', 'a'))).toEqual(['c']);
  });
  it('an undo of what never was, or comes later, does nothing', () => {
    const odd = [undo('u', 'a'), judge('a'), undo('v', 'nothing')];
    expect(standing(...odd)).toEqual(['a']);
    expect(foldRecords(odd).removed.size).toBe(0);
  });
  it('a draft is finished by a submission or a skip, and comes back when that is taken back', () => {
    const draft = (id: string): FeedbackRecord => ({ type: 'draft', id, ...key, content: { text: id } });
    const skip: FeedbackRecord = { type: 'skip', id: 's', ...key, reason: 'unclear' };
    const drafts = (...history: FeedbackRecord[]) => foldRecords(history).drafts.map(({ id }) => id);
    expect(drafts(draft('d'), draft('e'))).toEqual(['e']);
    expect(drafts(draft('d'), draft('e'), undo('u', 'e'))).toEqual(['d']);
    for (const end of [judge('a'), skip]) {
      expect(drafts(draft('d'), end)).toEqual([]);
      expect(foldRecords([draft('d'), end]).removed.get('d')).toBe('superseded');
      expect(drafts(draft('d'), end, undo('u', recordKey(end).id))).toEqual(['d']);
      expect(drafts(end, draft('d'))).toEqual(['d']);
    }
    expect(drafts({ ...draft('d'), raterId: 'other' } as FeedbackRecord, judge('a'))).toEqual(['d']);
  });
  it('whoever comes back after a withdrawal counts again, and an undone withdrawal took nothing', () => {
    const withdrawal: FeedbackRecord = { type: 'withdrawal', id: 'w', projectId: 'p', raterId: 'r', at: '' };
    expect(standing(judge('a'), withdrawal, judge('b'))).toEqual(['b']);
    expect(foldRecords([judge('a'), withdrawal]).removed).toEqual(new Map([['a', 'withdrawn']]));
    expect(standing(judge('a'), withdrawal, undo('u', 'w'))).toEqual(['a']);
  });
  it('decisions are per question, and the latest stands', () => {
    const decide = (id: string, questionId?: string): FeedbackRecord => ({
      type: 'adjudication',
      id,
      ...key,
      answer: { kind: 'comparison', outcome: 1 },
      reason: 'majority',
      considered: ['a'],
      ...(questionId !== undefined && { questionId }),
    });
    const { adjudications, removed } = foldRecords([decide('x'), decide('y', 'q'), decide('z')]);
    expect(adjudications.map(({ id }) => id)).toEqual(['y', 'z']);
    expect(removed.get('x')).toBe('superseded');
  });
  it('an item that is put away takes with it what was given before and after, until that is taken back', () => {
    const away: FeedbackRecord = { type: 'archive', id: 'away', ...key, raterId: 'lead' };
    const history = [judge('a'), away, judge('b')];
    const state = foldRecords(history);
    expect(state.judgments).toEqual([]);
    expect([state.archived, state.archives]).toEqual([new Set(['item']), [away]]);
    expect([...state.removed]).toEqual([
      ['a', 'archived'],
      ['b', 'archived'],
    ]);
    expect(standing(...history, undo('u', 'away'))).toEqual(['a', 'b']);
    expect(foldRecords(history, { archived: 'kept' }).judgments.map(({ id }) => id)).toEqual(['a', 'b']);
  });
  it('judgments alone fold the same way', () => {
    const all = [judge('a'), judge('b', 'a'), judge('c')].flatMap((r) => (r.type === 'judgment' ? [r.judgment] : []));
    expect(currentJudgments(all).map(({ id }) => id)).toEqual(['b', 'c']);
  });
});
