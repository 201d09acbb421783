import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparisonOptions, keyOfPoint, pointsOf, press, ratingCells, STEP_MARKS } from './answer-keys.ts';
import { type Filled, fieldsOf, problemsOf, shownOf, statusOf } from './form.ts';
import { anyForm, questionsOf, REPLIES } from './forms.fake.ts';
import { COMMANDS, commandOf, type Pressed, type Where } from './keys.ts';
import type { Form, Question, QuestionOf } from './types.ts';

const pressed = (key: string, change: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  ...change,
});
const free: Where = { typing: false, onButton: false, dialog: false, singleKeys: true };

describe('what a key means', () => {
  it('is one thing only: no command takes a key of an answer', () => {
    const commands = Object.values(COMMANDS).flatMap(({ keys }) => [...keys]);
    expect(new Set(commands).size).toBe(commands.length);
    for (const key of commands.filter((k) => k.length === 1)) {
      expect(commandOf(pressed(key), free)).toEqual(expect.any(String));
      expect('abcdefgh0123456789tnxw').not.toContain(key);
    }
    for (const key of 'abcdefgh0123456789tnxw') expect(commandOf(pressed(key), free)).toEqual({ answer: key });
    expect(commandOf(pressed('A'), free)).toEqual({ answer: 'a' });
  });
  it('is nothing in dialogs, while composing or with Alt, and nothing but leaving and submitting while typing', () => {
    const key = fc.oneof(fc.constantFrom('Enter', 'Escape', 'a', '?', 'u', 'Tab'), fc.string({ maxLength: 1 }));
    fc.assert(
      fc.property(key, fc.boolean(), (k, ctrlKey) => {
        expect(commandOf(pressed(k, { ctrlKey }), { ...free, dialog: true })).toBe(null);
        expect(commandOf(pressed(k, { ctrlKey, isComposing: true }), free)).toBe(null);
        expect(commandOf(pressed(k, { ctrlKey, altKey: true }), free)).toBe(null);
        const typing = commandOf(pressed(k, { ctrlKey }), { ...free, typing: true });
        expect(typing).toBe(k === 'Enter' && ctrlKey ? 'submit' : k === 'Escape' ? 'leave-text' : null);
      }),
    );
  });
  it('with single keys off is only what needs no single character', () => {
    const off = { ...free, singleKeys: false };
    for (const key of ['a', '1', 'u', 's', '?']) expect(commandOf(pressed(key), off)).toBe(null);
    expect(commandOf(pressed('Enter'), off)).toBe('submit');
    expect(commandOf(pressed('z', { ctrlKey: true }), off)).toBe('undo');
    expect(commandOf(pressed('Enter', { metaKey: true }), { ...off, typing: true })).toBe('submit');
  });
  it('leaves Enter to buttons and browser shortcuts to the browser', () => {
    expect(commandOf(pressed('Enter'), { ...free, onButton: true })).toBe(null);
    expect(commandOf(pressed('s', { ctrlKey: true }), free)).toBe(null);
    expect(commandOf(pressed('Tab'), free)).toBe(null);
  });
});

/** Presses keys one after the other, the focus following where each leads. */
function type(question: Question, replies: readonly string[], keys: string, form: Form = {}) {
  let all: Filled = { questions: [question], form, replies };
  let cell: number | null = null;
  let done = false;
  for (const key of keys) {
    const typed = press(question, fieldsOf(question as never, all), key, { shown: shownOf(all), cell });
    if (typed === null) throw new Error(`key ${key} means nothing`);
    all = { ...all, form: { [question.id]: typed.fields } };
    cell = typed.cell ?? cell;
    done = typed.done === true;
  }
  return {
    fields: all.form[question.id],
    done,
    complete: statusOf(question, all).state === 'complete',
    problems: problemsOf(all),
  };
}
const of = <K extends Question['kind']>(kind: K, loose = true) =>
  questionsOf(loose).find((q) => q.kind === kind) as QuestionOf<K>;
const two = REPLIES.slice(0, 2);

describe('answering by keys', () => {
  it('compares', () => {
    expect(type(of('comparison'), two, 'b')).toMatchObject({ fields: { choice: 1 }, done: true });
    expect(type(of('comparison'), two, '2')).toMatchObject({ fields: { choice: 1 }, done: true });
    for (const [key, choice] of Object.entries({ t: 'tie', n: 'both-bad', x: 'cant-judge' }))
      expect(type(of('comparison'), two, key)).toMatchObject({ fields: { choice }, done: true });
    const strict = of('comparison', false);
    expect(type(strict, two, 'b')).toMatchObject({ done: false, complete: false });
    expect(type(strict, two, 'b2')).toMatchObject({ fields: { choice: 1, strength: 2 }, done: true });
    expect(type(strict, two, 'b2a')).toMatchObject({ fields: { choice: 0, strength: 2 } });
    expect(() => type(strict, two, 't')).toThrow();
    expect(() => type(strict, two, '1')).toThrow();
    expect(() => type(of('comparison'), two, 'c')).toThrow();
  });
  it('ranks: numbers down the list, letters to a row, 0 to leave out', () => {
    expect(type(of('ranking'), REPLIES, '213')).toMatchObject({ fields: { ranks: [2, 1, 3] }, done: true });
    expect(type(of('ranking'), REPLIES, 'b1c1a2')).toMatchObject({ fields: { ranks: [2, 1, 1] }, done: true });
    expect(type(of('ranking'), REPLIES, '12b0')).toMatchObject({ fields: { ranks: [1, null, null] }, done: false });
    expect(() => type(of('ranking'), REPLIES, '4')).toThrow();
  });
  it('rates cell after cell', () => {
    const question = { ...of('rating'), scale: { min: 1, max: 5, step: 1 } };
    expect(type(question, REPLIES, '123451')).toMatchObject({
      fields: { values: { '0/truth': 1, '1/truth': 2, '2/truth': 3, '0/help': 4, '1/help': 5, '2/help': 1 } },
      done: true,
    });
    expect(type(question, REPLIES, 'c5a1')).toMatchObject({
      fields: { values: { '2/truth': 5, '0/help': 1 } },
      done: false,
    });
    expect(() => type(question, REPLIES, '6')).toThrow();
  });
  it('labels, and says that none applies', () => {
    expect(type(of('label'), two, 'a12')).toMatchObject({
      fields: { reply: 0, per: { 0: { labels: ['x', 'y'] } } },
      complete: true,
      done: false,
    });
    expect(type(of('label'), two, 'a110')).toMatchObject({
      fields: { per: { 0: { labels: [], none: true } } },
      done: true,
    });
    expect(type(of('label', false), two, 'b2')).toMatchObject({
      fields: { reply: 1, per: { 1: { labels: ['y'] } } },
      done: true,
    });
    expect(() => type(of('label'), two, '1')).toThrow();
    expect(type(of('label'), REPLIES.slice(0, 1), '1')).toMatchObject({ complete: true });
  });
  it('judges steps, to the first error where that is asked', () => {
    expect(type(of('steps'), REPLIES, 'c321')).toMatchObject({
      fields: { per: { 2: { marks: [1, 0, -1] } } },
      done: true,
    });
    expect(type(of('steps'), REPLIES, 'c310')).toMatchObject({
      fields: { per: { 2: { marks: [1, -1, 'none'] } } },
      done: true,
    });
    expect(type(of('steps', false), REPLIES, 'c31')).toMatchObject({
      fields: { per: { 2: { marks: [1, -1, null] } } },
      done: true,
    });
  });
  it('leads to the text of questions that are written, and ends those where nothing is to be done', () => {
    const at = { shown: { replies: two, preferred: null }, cell: null };
    expect(press(of('demonstration'), { text: '' }, 'w', at)).toMatchObject({ text: true });
    expect(press(of('critique'), { reply: 1, per: {} }, 'w', at)).toMatchObject({ text: true });
    expect(press(of('critique'), { reply: null, per: {} }, 'w', at)).toBe(null);
    expect(type(of('correction'), two, 'b0')).toMatchObject({ complete: true, done: true });
    expect(type(of('spans'), two, 'a0')).toMatchObject({ complete: true, done: true });
  });
  it('never breaks a form, and done means complete', () => {
    for (const loose of [true, false]) {
      const questions = questionsOf(loose);
      fc.assert(
        fc.property(
          anyForm(questions),
          fc.constantFrom(...questions),
          fc.constantFrom(...'abcdefgh0123456789tnxw'),
          fc.option(fc.nat(1), { nil: null }),
          (form, question, key, cell) => {
            const before: Filled = { questions, form, replies: REPLIES };
            const typed = press(question, fieldsOf(question as never, before), key, { shown: shownOf(before), cell });
            if (typed === null) return;
            const after: Filled = { ...before, form: { ...form, [question.id]: typed.fields } };
            const { state } = statusOf(question, after);
            // A tie that the form does not allow is said, not prevented.
            if (typed.done && (question.kind !== 'ranking' || loose)) expect(state).toBe('complete');
          },
        ),
        { numRuns: 300 },
      );
    }
  });
});

describe('hints', () => {
  it('name keys that choose what they stand beside', () => {
    for (const option of comparisonOptions(of('comparison'), 3)) {
      expect(type(of('comparison'), REPLIES, option.key!).fields).toMatchObject({ choice: option.choice });
    }
    for (const scale of [
      { min: 0, max: 10, step: 2 },
      { min: 1, max: 10, step: 1 },
      { min: -2, max: 2, step: 1 },
      { min: 0, max: 1, step: 0.25 },
    ]) {
      const question = { ...of('rating'), scale };
      const points = pointsOf(scale)!;
      const keys = points.map((_, i) => keyOfPoint(points, i));
      expect(new Set(keys).size).toBe(keys.length);
      for (const [i, key] of keys.entries()) {
        if (key === null) continue;
        expect(type(question, two, key).fields).toEqual({ values: { [ratingCells(question, 2)[0]!]: points[i] } });
      }
    }
    expect(pointsOf({ min: 0, max: 100, step: 1 })).toBe(null);
    for (const { key, mark } of STEP_MARKS)
      expect(type(of('steps'), ['only'], key).fields).toMatchObject({ per: { 0: { marks: [mark] } } });
  });
});
