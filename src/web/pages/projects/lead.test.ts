import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemSchema, judgmentSchema, questionSchema } from '../../../feedback/index.ts';
import { choicesOf, groupsOf, mostDisputed, queueOf, standingOn } from './answers.ts';
import { filledDays } from './days.ts';
import { generateOf, NEW_GENERATE, promptsOf } from './items-input.ts';
import { formNames } from './names.ts';
import { firstPage, moved, nextPage, previousPage } from './paging.ts';
import type { ItemRow, RecordRow } from './queries.ts';

const AT = '2026-03-01T00:00:00.000Z';
const item = itemSchema.parse({
  id: 'i',
  projectId: 'p',
  prompt: 'Where?',
  replies: [
    { id: 'a', text: 'Here.' },
    { id: 'b', text: 'There.' },
  ],
  source: { origin: 'test', selection: 'all' },
});
const better = questionSchema.parse({ id: 'better', title: 'Better?', kind: 'comparison', bothBad: true });
const rank = questionSchema.parse({ id: 'rank', title: 'Rank', kind: 'ranking' });

let seq = 0;
function row(
  answer: object,
  { questionId = 'better', rater = 'r', standing = true, purpose = 'work' }: Record<string, unknown> = {},
): RecordRow {
  seq += 1;
  const judgment = judgmentSchema.parse({
    id: `j${seq}`,
    projectId: 'p',
    itemId: 'i',
    raterId: rater,
    presentation: { order: [1, 0], view: 'full', instructionsVersion: '1', shownAt: AT, purpose },
    ...(questionId !== null && { questionId }),
    answer,
    activeMs: 1000,
    submittedAt: AT,
    source: 'studio',
  });
  return { seq, record: { type: 'judgment', judgment }, standing: standing as boolean, text: `text ${seq}` };
}
const prefers = (outcome: number | string) => ({ kind: 'comparison', outcome });

describe('answers to decide between', () => {
  it('counts only work that stands, on the question', () => {
    const records = [
      row(prefers(0)),
      row(prefers(0), { standing: false }),
      row(prefers(0), { purpose: 'repeat' }),
      row({ kind: 'ranking', groups: [[0], [1]] }, { questionId: 'rank' }),
      row(prefers(1), { questionId: null }),
    ];
    expect(standingOn(records, better)).toHaveLength(2);
    expect(standingOn(records, rank)).toHaveLength(1);
  });
  it('offers every outcome of a comparison that the form allows, with who chose it', () => {
    const choices = choicesOf(better, item, [row(prefers(1), { rater: 'x' }), row(prefers('tie'), { rater: 'y' })]);
    expect(choices.map(({ key, raters }) => [key, raters])).toEqual([
      ['0', []],
      ['1', ['x']],
      ['tie', ['y']],
      ['both-bad', []],
      ['cant-judge', []],
    ]);
    expect(choices[0]!.text).toBe('Reply A is better');
  });
  it('offers the answers given of other kinds, most raters first, each once', () => {
    const [one, other] = [
      { kind: 'ranking', groups: [[0], [1]] },
      { kind: 'ranking', groups: [[1], [0]] },
    ];
    const records = [one, other, other].map((answer, i) => row(answer, { questionId: 'rank', rater: `r${i}` }));
    expect(choicesOf(rank, item, records).map(({ answer, raters }) => [answer, raters])).toEqual([
      [other, ['r1', 'r2']],
      [one, ['r0']],
    ]);
  });
  it('begins with the question that is disputed most', () => {
    const records = [
      row(prefers(0)),
      row(prefers(1)),
      row({ kind: 'ranking', groups: [[0], [1]] }, { questionId: 'rank' }),
    ];
    expect(mostDisputed([rank, better], records)?.id).toBe('better');
    expect(mostDisputed([rank, better], [])?.id).toBe('rank');
    expect(mostDisputed([], records)).toBeUndefined();
  });
  it('ranks become groups from best to worst', () => {
    expect(groupsOf([2, 1, 2, null])).toEqual([[1], [0, 2]]);
    expect(groupsOf([null, null])).toBeUndefined();
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 5 }))), (ranks) => {
        const all = (groupsOf(ranks) ?? []).flat().sort((a, b) => a - b);
        expect(all).toEqual([...ranks.entries()].flatMap(([i, r]) => (r === null ? [] : [i])));
      }),
    );
  });
  it('queues each item once, less those decided', () => {
    const at = (id: string, adjudicated = false) => ({ id, adjudicated }) as ItemRow;
    const queue = queueOf([
      [at('a'), at('b')],
      [at('b'), at('c', true), at('d')],
    ]);
    expect(queue.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
  });
});

describe('lists', () => {
  it('going on and back comes to the same page', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (cursors) => {
        const there = cursors.reduce((pages, next) => nextPage(pages, next), firstPage<string>());
        expect(there.at).toBe(cursors.at(-1));
        const back = cursors.reduce((pages) => previousPage(pages), there);
        expect(back).toEqual(firstPage());
        expect(previousPage(back)).toEqual(back);
      }),
    );
  });
  it('moves inside the queue only', () => {
    expect([moved(0, -1, 3), moved(0, 1, 3), moved(2, 1, 3)]).toEqual([0, 1, 2]);
  });
  it('days without judgments are 0, and only the last ones are kept', () => {
    const days = [
      { day: '2026-02-27', judgments: 3 },
      { day: '2026-03-02', judgments: 1 },
    ];
    expect(filledDays(days).map(({ judgments }) => judgments)).toEqual([3, 0, 0, 1]);
    expect(filledDays(days, 2).map(({ day }) => day)).toEqual(['2026-03-01', '2026-03-02']);
    expect(filledDays([])).toEqual([]);
  });
});

describe('prompts to generate from', () => {
  it('are lines, or parts between lines of hyphens', () => {
    expect(promptsOf('a\n\n b \n')).toEqual(['a', 'b']);
    expect(promptsOf('a\nb\n---\nc\n---\n')).toEqual(['a\nb', 'c']);
  });
  it('says what is wrong, by field, and sends no empty key', () => {
    expect(generateOf({ ...NEW_GENERATE, replies: '9' })).toMatchObject({
      faults: {
        endpoint: expect.any(String),
        model: expect.any(String),
        prompts: expect.any(String),
        replies: expect.any(String),
      },
    });
    expect(generateOf({ ...NEW_GENERATE, endpoint: 'http://x/v1', model: 'm', prompts: 'a' })).toEqual({
      value: { endpoint: 'http://x/v1', model: 'm', prompts: ['a'], replies: 2, temperature: 1, maxTokens: 512 },
    });
  });
});

describe('names of a form', () => {
  const question = (of: object) => questionSchema.parse({ title: 'Which one?', ...of });
  const names = formNames([
    question({ id: 'a', kind: 'comparison' }),
    question({ id: 'b', kind: 'comparison' }),
    question({ id: 'what', title: 'What applies?', kind: 'label', options: [{ id: 'x', title: 'Kind' }] }),
  ]);

  it('are titles; the id stands beside one that two questions have, and in place of one that is gone', () => {
    expect(['what', 'a', 'gone', null].map(names.question)).toEqual([
      'What applies?',
      'Which one? (a)',
      'gone',
      'the only question',
    ]);
  });
  it('replies have letters, options their titles, one or several at once', () => {
    const classes = ['reply 2', 'x', '["x","gone"]', '[]', '[odd', 'tie'];
    expect(classes.map((id) => names.part('what', id))).toEqual([
      'reply B',
      'Kind',
      'Kind + gone',
      'none',
      '[odd',
      'tie',
    ]);
  });
});
