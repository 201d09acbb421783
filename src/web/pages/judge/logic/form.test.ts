import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerProblem, answerSchema, formProblem, type Item, replyOf } from '../../../../feedback/index.ts';
import { answersOf, choseFirst, type Filled, nextOpen, preferredOf, problemsOf, statusOf } from './form.ts';
import { anyForm, questionsOf, REPLIES } from './forms.fake.ts';
import { openSteps } from './kinds.ts';
import type { Form } from './types.ts';

const item: Item = {
  id: 'i',
  projectId: 'p',
  prompt: '2 + 2?',
  replies: REPLIES.map((text, i) => ({ id: `${i}`, text })),
  source: { origin: 'test', selection: 'all' },
};
const filled = (loose: boolean, form: Form): Filled => ({ questions: questionsOf(loose), form, replies: REPLIES });

describe.each([true, false])('a form of every kind (loose: %s)', (loose) => {
  const questions = questionsOf(loose);
  it('gives only answers that the server accepts, to every complete question, one for a reply', () => {
    fc.assert(
      fc.property(anyForm(questions), (form) => {
        const all = filled(loose, form);
        // What the form does not offer cannot have been chosen.
        const { choice } = (form.better ?? { choice: null }) as { choice: unknown };
        fc.pre(loose || typeof choice !== 'string');
        const answers = answersOf(all);
        const complete = questions.filter((question) => statusOf(question, all).state === 'complete');
        expect([...new Set(answers.map((a) => a.questionId))]).toEqual(complete.map((q) => q.id));
        const places = answers.map(({ questionId, answer }) => JSON.stringify([questionId, replyOf(answer)]));
        expect(new Set(places).size).toBe(places.length);
        for (const { questionId, answer } of answers) {
          expect(answerSchema.parse(answer)).toEqual(answer);
          expect(formProblem(answer, questions.find(({ id }) => id === questionId)!, item)).toBeUndefined();
          expect(answerProblem(answer, item)).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });
  it('is ready exactly when no question is half done, what is required is there, and something is', () => {
    fc.assert(
      fc.property(anyForm(questions), (form) => {
        const all = filled(loose, form);
        const states = questions.map((question) => ({ question, ...statusOf(question, all) }));
        const ready =
          states.every(({ state, question }) => state === 'complete' || (state === 'empty' && !question.required)) &&
          states.some(({ state }) => state === 'complete');
        expect(problemsOf(all).length === 0).toBe(ready);
        const open = nextOpen(all);
        expect(open).toBe(states.find(({ state }) => state !== 'complete')?.question.id ?? null);
        expect(nextOpen(all, 'better') === null).toBe(open === null);
      }),
    );
  });
});

describe('what is missing', () => {
  const problem = (loose: boolean, form: Form, id: string) =>
    problemsOf(filled(loose, form)).find(({ questionId }) => questionId === id)?.problem;
  it('is said in words that help', () => {
    expect(problem(false, { better: { choice: 1, strength: null } }, 'better')).toBe('Say how much better it is.');
    expect(problem(false, { rank: { ranks: [1, 1, 2] } }, 'rank')).toBe(
      'A and B share a rank; give each one of its own.',
    );
    expect(problem(false, { rank: { ranks: [1, null, 2] } }, 'rank')).toBe('Rank B too.');
    expect(problem(true, { rank: { ranks: [1, null, null] } }, 'rank')).toMatch(/at least one more/);
    expect(problem(true, { rank: { ranks: [1, null, 1] } }, 'rank')).toBeUndefined();
    expect(problem(false, { rate: { values: { '0/truth': 1 } } }, 'rate')).toBe('5 of 6 ratings are missing.');
    expect(problem(false, { steps: { reply: 2, per: { 2: { marks: [1, null, null] } } } }, 'steps')).toBe(
      'Reply C: Judge step 2, 3 too.',
    );
    expect(problem(true, {}, 'better')).toMatch(/at least one/);
    expect(problem(false, {}, 'better')).toBe('Answer this first.');
  });
  it('in first-error mode ends with the first wrong step', () => {
    expect(openSteps([1, -1, null, null], 4, 'first-error')).toEqual([]);
    expect(openSteps([null, -1, null, null], 4, 'first-error')).toEqual([0]);
    expect(openSteps([1, -1, null, null], 4, 'per-step')).toEqual([2, 3]);
  });
});

describe('questions about single replies', () => {
  it('take an answer for every reply that something was entered for, whichever is on screen', () => {
    const per = { 0: { text: 'too long' }, 1: { text: ' ' }, 2: { text: 'true' } };
    expect(answersOf(filled(true, { why: { reply: 1, per } })).map(({ answer }) => answer)).toEqual([
      { kind: 'critique', reply: 0, text: 'too long' },
      { kind: 'critique', reply: 2, text: 'true' },
    ]);
  });
  it('wait where any reply is half done', () => {
    const per = { 0: { marks: [1, 1] }, 2: { marks: [1, null, null] } } as const;
    expect(problemsOf(filled(true, { steps: { reply: 0, per } }))).toEqual([
      { questionId: 'steps', problem: 'Reply C: Judge step 2, 3 too.' },
    ]);
  });
  it('follow the better reply of the same form until one is chosen', () => {
    const form: Form = { better: { choice: 2, strength: null }, why: { reply: null, per: { 2: { text: 'short' } } } };
    expect(answersOf(filled(true, form)).at(-1)!.answer).toEqual({ kind: 'critique', reply: 2, text: 'short' });
    expect(preferredOf(filled(true, { rank: { ranks: [2, 1, 2] } }))).toBe(1);
    expect(preferredOf(filled(true, { rank: { ranks: [1, 1, 2] } }))).toBe(null);
    expect(preferredOf(filled(true, { better: { choice: 'tie', strength: null } }))).toBe(null);
  });
});

it('knows whether the first reply was chosen', () => {
  const first = (answer: object) => choseFirst([{ answer: answer as never }]);
  expect(first({ kind: 'comparison', outcome: 0 })).toBe(true);
  expect(first({ kind: 'comparison', outcome: 'tie' })).toBe(false);
  expect(first({ kind: 'ranking', groups: [[0], [1]] })).toBe(true);
  expect(first({ kind: 'ranking', groups: [[0, 1]] })).toBe(false);
  expect(first({ kind: 'critique', reply: 0, text: 'x' })).toBe(null);
});
