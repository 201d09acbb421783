import { describe, expect, it } from 'vitest';
import type { FeedbackRecord } from '../feedback/index.ts';
import { concernsIn } from './concerns.ts';

const base = (id: string, raterId: string) => ({ id, projectId: 'p', raterId, at: '2026-01-01T00:00:00Z' });
const concern = (id: string, raterId: string, about: 'pay' | 'hours' = 'pay'): FeedbackRecord => ({
  type: 'concern',
  ...base(id, raterId),
  about,
  text: 'SECRET words',
});

describe('concerns that people filed', () => {
  it('are counted by people, never quoted, and fewer than five people are no number', () => {
    expect(concernsIn([])).toEqual({ people: 0, filed: 0, about: null });
    const four = ['a', 'b', 'c', 'd'].map((id) => concern(`${id}1`, id));
    expect(concernsIn([...four, concern('a2', 'a')])).toEqual({ people: 'fewer than 5', filed: null, about: null });
    const five = [...four, concern('e1', 'e'), concern('a2', 'a'), concern('b2', 'b', 'hours')];
    const told = { people: 5, filed: 7, about: { pay: 5, 'in groups of fewer than 5': 1 } };
    expect(concernsIn(five)).toEqual(told);
    expect(JSON.stringify(concernsIn(five))).not.toContain('SECRET');
  });
  it('stand after a withdrawal and an erasure; only what was taken back does not', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((id) => concern(`${id}1`, id));
    const withdrawn: FeedbackRecord = { type: 'withdrawal', ...base('w', 'a') };
    expect(concernsIn([...five, withdrawn])).toMatchObject({ people: 5, filed: 5 });
    const erased: FeedbackRecord = { type: 'erased', ...base('a1', 'a'), was: 'concern', commitment: '0'.repeat(64) };
    expect(concernsIn([erased, ...five.slice(1)])).toMatchObject({ people: 5, filed: 5 });
    const undo: FeedbackRecord = { type: 'undo', ...base('u', 'a'), undoes: 'a1' };
    expect(concernsIn([...five, undo])).toMatchObject({ people: 'fewer than 5' });
  });
});
