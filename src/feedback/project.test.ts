import { describe, expect, it } from 'vitest';
import { ITEM } from './arbitrary.fake.ts';
import { type Answer, formProblem, projectSchema, type Question, questionSchema } from './index.ts';

const question = (fields: Record<string, unknown>): Question =>
  questionSchema.parse({ id: 'q', title: 'Q', ...fields });
const problem = (answer: Answer, fields: Record<string, unknown>) => formProblem(answer, question(fields), ITEM);
const options = (...ids: string[]) => ids.map((id) => ({ id, title: id }));
const scale = { min: 1, max: 7, step: 1 };
const criteria = options('clarity', 'truth');
const values = (...list: [number, string][]) => list.map(([reply, criterion]) => ({ reply, criterion, value: 1 }));

describe('what a form allows', () => {
  type Case = [string, Answer, Record<string, unknown>, RegExp | undefined];
  const comparison = (outcome: 0 | 'tie' | 'both-bad' | 'cant-judge', strength?: number): Answer => ({
    kind: 'comparison',
    outcome,
    ...(strength !== undefined && { strength }),
  });
  const ranking = (...groups: number[][]): Answer => ({ kind: 'ranking', groups });
  const rating = (...list: [number, string][]): Answer => ({ kind: 'rating', scale, values: values(...list) });
  const cases: Case[] = [
    ['another kind', comparison(0), { kind: 'critique' }, /kind comparison to a question of kind critique/],
    ['a choice', comparison(0), { kind: 'comparison' }, undefined],
    ['a tie where allowed', comparison('tie'), { kind: 'comparison' }, undefined],
    ['a tie where not', comparison('tie'), { kind: 'comparison', ties: false }, /a tie/],
    ['both bad by default', comparison('both-bad'), { kind: 'comparison' }, /none is good/],
    ['both bad where allowed', comparison('both-bad'), { kind: 'comparison', bothBad: true }, undefined],
    ['cannot judge where not', comparison('cant-judge'), { kind: 'comparison', cantJudge: false }, /cannot judge/],
    ['a strength not asked for', comparison(0, 2), { kind: 'comparison' }, /a strength/],
    ['a strength asked for', comparison(0, 2), { kind: 'comparison', strength: true }, undefined],
    ['a whole ranking', ranking([0], [1, 2]), { kind: 'ranking' }, undefined],
    ['a tie in a ranking', ranking([0], [1, 2]), { kind: 'ranking', ties: false }, /a tie/],
    ['a partial ranking', ranking([0], [1]), { kind: 'ranking' }, /2 of 3 replies ranked/],
    ['a partial ranking where allowed', ranking([0], [1]), { kind: 'ranking', partial: true }, undefined],
    ['every criterion', rating([1, 'truth'], [1, 'clarity']), { kind: 'rating', criteria, scale }, undefined],
    [
      'a criterion left out',
      rating([0, 'truth'], [0, 'clarity'], [1, 'truth']),
      { kind: 'rating', criteria, scale },
      /reply 1 not rated for clarity/,
    ],
    ['an odd criterion', rating([0, 'charm']), { kind: 'rating', criteria, scale }, /criterion charm/],
    ['another scale', rating([0, 'truth']), { kind: 'rating', criteria, scale: { ...scale, max: 5 } }, /another scale/],
    [
      'one label of one',
      { kind: 'label', reply: 0, labels: ['a'] },
      { kind: 'label', options: options('a'), multiple: false },
      undefined,
    ],
    [
      'two labels of one',
      { kind: 'label', reply: 0, labels: ['a', 'b'] },
      { kind: 'label', options: options('a', 'b'), multiple: false },
      /2 labels/,
    ],
    [
      'no label of several',
      { kind: 'label', reply: 0, labels: [] },
      { kind: 'label', options: options('a') },
      undefined,
    ],
    ['an odd label', { kind: 'label', reply: 0, labels: ['z'] }, { kind: 'label', options: options('a') }, /label z/],
    [
      'an odd span',
      { kind: 'spans', reply: 0, spans: [{ start: 0, end: 1, label: 'z' }] },
      { kind: 'spans', labels: options('a') },
      /label z/,
    ],
    [
      'another mode of steps',
      { kind: 'steps', reply: 0, mode: 'first-error', labels: [1, 1, 1] },
      { kind: 'steps' },
      /mode first-error/,
    ],
    ['free text', { kind: 'critique', reply: 0, text: 'x' }, { kind: 'critique' }, undefined],
    ['a demonstration', { kind: 'demonstration', text: 'x' }, { kind: 'demonstration' }, undefined],
    ['a correction', { kind: 'correction', reply: 0, text: 'x' }, { kind: 'correction' }, undefined],
  ];
  it.each(cases)('%s', (_, answer, fields, expected) => {
    if (expected === undefined) expect(problem(answer, fields)).toBeUndefined();
    else expect(problem(answer, fields)).toMatch(expected);
  });
});

describe('a project', () => {
  const project = (questions: unknown[]) =>
    projectSchema.safeParse({ id: 'p', name: 'P', createdAt: '2026-01-01T00:00:00Z', questions });
  const ask = { id: 'q', title: 'Which is better?', kind: 'comparison' };
  it('has defaults for everything but its questions', () => {
    expect(project([ask]).data).toMatchObject({ view: 'full', instructions: [], distribution: { overlap: 1 } });
    expect(project([]).success).toBe(false);
  });
  it('refuses what could not be told apart or answered', () => {
    expect(project([ask, ask]).error?.issues[0]?.message).toMatch(/question q twice/);
    const rating = (fields: object) => project([{ id: 'r', title: 'R', kind: 'rating', criteria, scale, ...fields }]);
    expect(rating({}).success).toBe(true);
    expect(rating({ scale: { min: 3, max: 3, step: 1 } }).error?.issues[0]?.message).toMatch(/min below max/);
    expect(rating({ criteria: options('a', 'a') }).error?.issues[0]?.message).toMatch(/a twice/);
  });
});
