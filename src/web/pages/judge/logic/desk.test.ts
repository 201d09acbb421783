import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Desk, type DeskEvent, deskAfter, emptyDesk, tasksWanted } from './desk.ts';
import type { Task } from './types.ts';

const progress = { done: 0, left: null, qualification: null };
const taskOf = (n: number, purpose: Task['purpose'] = 'work'): Task => ({
  taskId: `sealed-${n}`,
  prompt: `prompt ${n}`,
  replies: ['a', 'b'],
  facts: null,
  expiresAt: '2026-01-01T00:30:00.000Z',
  instructionsVersion: '1',
  purpose,
  draft: null,
});
const fetched = (...tasks: Task[]): DeskEvent => ({
  type: 'fetched',
  held: tasks.map((task) => ({ task, form: {} })),
  none: null,
  progress,
});
const run = (events: readonly DeskEvent[], desk: Desk = emptyDesk()) => events.reduce(deskAfter, desk);
const prompts = (desk: Desk) => desk.held.map(({ task }) => task.prompt);

describe('the desk', () => {
  it('shows the next task at once and gives the last one back as it was left', () => {
    const form = { better: { choice: 1, strength: null } };
    const start = run([fetched(taskOf(1), taskOf(2), taskOf(3)), { type: 'entered', taskId: 'sealed-1', form }]);
    const decided = run([{ type: 'decided', key: 'k', kind: 'submit' }], start);
    expect(prompts(decided)).toEqual(['prompt 2', 'prompt 3']);
    expect(tasksWanted(decided)).toBe(1);
    const undone = run([{ type: 'undone', key: 'k' }], decided);
    expect(undone.held[0]).toEqual({ task: taskOf(1), form });
    expect(prompts(undone)).toEqual(['prompt 1', 'prompt 2', 'prompt 3']);
    expect(undone.past).toEqual([]);
    expect(run([{ type: 'undone', key: 'k' }], undone)).toEqual(undone);
  });
  it('keeps the task of a report on the desk, also when the report is taken back', () => {
    const start = run([fetched(taskOf(1)), { type: 'decided', key: 'k', kind: 'flag' }]);
    expect(prompts(start)).toEqual(['prompt 1']);
    expect(prompts(run([{ type: 'undone', key: 'k' }], start))).toEqual(['prompt 1']);
  });
  it('explains training before going on, and an explained answer stands', () => {
    const start = run([fetched(taskOf(1, 'training'), taskOf(2)), { type: 'decided', key: 'k', kind: 'submit' }]);
    expect(start).toMatchObject({ explaining: { key: 'k', told: null }, past: [] });
    const told = { right: true, text: 'Right.' };
    const acknowledged = run([{ type: 'acknowledged', key: 'k', progress, told }], start);
    expect(acknowledged.explaining).toMatchObject({ told });
    expect(run([{ type: 'acknowledged', key: 'other', progress, told }], start).explaining).toMatchObject({
      told: null,
    });
    expect(run([{ type: 'continued' }], acknowledged)).toMatchObject({
      explaining: null,
      held: [{ task: taskOf(2) }],
    });
    // Nothing to explain: straight on.
    expect(run([{ type: 'acknowledged', key: 'k', progress, told: null }], start).explaining).toBe(null);
    const skipped = run([fetched(taskOf(1, 'training')), { type: 'decided', key: 'k', kind: 'skip' }]);
    expect(skipped).toMatchObject({ explaining: null, past: [{ key: 'k' }] });
  });
  it('takes a task once, and gives back what waited too long, never the one on screen', () => {
    const twice = run([fetched(taskOf(1), taskOf(2)), fetched({ ...taskOf(2), taskId: 'sealed anew' })]);
    expect(prompts(twice)).toEqual(['prompt 1', 'prompt 2']);
    expect(prompts(run([{ type: 'expired', now: '2026-01-01T01:00:00.000Z' }], twice))).toEqual(['prompt 1']);
    expect(prompts(run([{ type: 'expired', now: '2026-01-01T00:29:00.000Z' }], twice))).toEqual([
      'prompt 1',
      'prompt 2',
    ]);
  });
  it('asks for nothing more when there is nothing, until something was decided', () => {
    const none = run([{ type: 'fetched', held: [], none: 'all done', progress }]);
    expect(tasksWanted(none)).toBe(0);
    expect(tasksWanted(run([{ type: 'hoped' }], none))).toBe(3);
    const last = run([fetched(taskOf(1)), { type: 'fetched', held: [], none: 'all done', progress }]);
    expect(tasksWanted(run([{ type: 'decided', key: 'k', kind: 'submit' }], last))).toBe(3);
  });
  it('undoing everything gives everything back in order', () => {
    const kinds = fc.array(fc.constantFrom<'submit' | 'skip' | 'flag'>('submit', 'skip', 'flag'), { maxLength: 8 });
    fc.assert(
      fc.property(kinds, (all) => {
        const tasks = Array.from({ length: 9 }, (_, n) => taskOf(n));
        const start = run([fetched(...tasks)]);
        const done = run(
          all.map((kind, n) => ({ type: 'decided', key: `k${n}`, kind })),
          start,
        );
        expect(done.past.map(({ kind }) => kind)).toEqual(all);
        const back = run(
          [...done.past].reverse().map(({ key }) => ({ type: 'undone', key })),
          done,
        );
        expect(prompts(back)).toEqual(prompts(start));
        expect(back.past).toEqual([]);
      }),
    );
  });
});
