import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import { importLayout, lostEveryJudgment, lostText } from './import.ts';
import { readProject } from './project-reader.ts';
import type { SourceOptions } from './source.ts';

/** Files of the kind that people report against other tools (fixtures/public-cases), with what is right of each. */
const FILES = 'fixtures/public-cases';
const folder = mkdtempSync(join(tmpdir(), 'goodhart-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const place = (name = 'out') => join(folder, `${made++}-${name}`);

async function read(file: string, options: Partial<SourceOptions> = {}) {
  const out = place();
  const summary = await importLayout({ layout: 'auto', path: file, out, projectId: 'p', durable: false, ...options });
  const { items, judgments } = await readProject(out);
  return { summary, items, judgments };
}
const readCase = (name: string, options: Partial<SourceOptions> = {}) => read(join(FILES, name), options);
const readJson = (value: unknown, options: Partial<SourceOptions> = {}) => {
  const path = place('rows.json');
  writeFileSync(path, JSON.stringify(value));
  return read(path, options);
};

/** What a judgment says, with the texts of the replies. */
function said({
  items,
  judgments,
}: {
  items: readonly Item[];
  judgments: readonly Judgment[];
}): Map<string, unknown[]> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const all = new Map<string, unknown[]>();
  for (const { itemId, answer } of judgments) {
    const text = (reply: number) => byId.get(itemId)!.replies[reply]!.text;
    const value =
      answer.kind === 'comparison'
        ? typeof answer.outcome === 'number'
          ? text(answer.outcome)
          : answer.outcome
        : answer.kind === 'ranking'
          ? answer.groups.map((group) => group.map(text))
          : answer.kind === 'rating'
            ? answer.values.map((v) => [text(v.reply), v.value])
            : answer;
    all.set(itemId, [...(all.get(itemId) ?? []), value]);
  }
  return all;
}

describe('Label Studio', () => {
  it('to_name says which text is left, whatever the order of keys', async () => {
    expect(said(await readCase('06-ls-pairwise-order.json')).get('1')).toEqual(['North']);
  });
  it('a further column is no reply, and is said', async () => {
    const { items, judgments, summary } = await readCase('06-ls-pairwise-extra-column.json');
    expect(judgments.length).toBe(4);
    expect(items.map(({ replies }) => replies.length)).toEqual([2, 2, 2, 2]);
    expect(summary.notKept).toEqual({ category: 4 });
  });
  it('places, buckets by number, ratings by tag, and reasons for the rest', async () => {
    const made = await readCase('19-ls-tags.json');
    expect(Object.fromEntries(said(made))).toEqual({
      1: ['South'],
      2: ['South'],
      3: ['South'],
      5: [[['East'], ['South'], ['North']]],
      6: [
        [
          ['South', 2],
          ['North', 5],
        ],
      ],
      7: [[['South', 2]]],
    });
    expect(made.summary.lost).toEqual({ 'a result: a ranker with buckets that are no ranks': 1 });
  });
  const task = (data: object, results: object[]) => [
    { id: 1, data, annotations: [{ id: 2, completed_by: 3, result: results }] },
  ];
  const LIST = [
    { id: 'blog', body: 'one' },
    { id: 'mdn', body: 'two' },
    { id: 'wiki', body: 'three' },
  ];
  it.each<[string, object, object, unknown]>([
    [
      'the documented form of a Ranker',
      { prompt: 'Rank.', items: LIST },
      { type: 'ranker', from_name: 'rank', to_name: 'results', value: { ranker: { rank: ['mdn', 'wiki', 'blog'] } } },
      [['two'], ['three'], ['one']],
    ],
    [
      'buckets with what nobody moved',
      { prompt: 'Rank.', items: LIST },
      {
        type: 'ranker',
        from_name: 'r',
        to_name: 'results',
        value: { ranker: { _: ['wiki'], rank_2: ['mdn'], rank_1: ['blog'] } },
      },
      [['one'], ['two']],
    ],
    [
      'a rating of two texts is of both',
      { text1: 'x', text2: 'y' },
      { type: 'rating', from_name: 'alike', to_name: 'text1,text2', value: { rating: 3 } },
      [
        ['x', 3],
        ['y', 3],
      ],
    ],
    [
      'the field that a tag shows, where the export says it',
      { prompt: 'Q', north: 'x', south: 'y' },
      { type: 'rating', from_name: 'r', to_name: 'tag', source: '$south', value: { rating: 3 } },
      [['y', 3]],
    ],
    [
      'of two texts one that is named leaves the other',
      { prompt: 'Q', text_a: 'x', text_b: 'y' },
      { type: 'pairwise', from_name: 'pw', to_name: 'text_b,whatever', value: { selected: 'left' } },
      'y',
    ],
  ])('%s', async (_, data, result, value) => {
    expect(said(await readJson(task(data, [result]))).get('1')).toEqual([value]);
  });
  it('loses a result whose texts cannot be told, and not the others', async () => {
    const pairwise = { type: 'pairwise', from_name: 'pw', to_name: 'x,y', value: { selected: 'left' } };
    const rating = { type: 'rating', from_name: 'stars', to_name: 'answer_b', value: { rating: 4 } };
    const off = { ...rating, value: { rating: 57 } };
    const made = await readJson(task({ answer_a: 'North', answer_b: 'South' }, [pairwise, rating, off]));
    expect(said(made).get('1')).toEqual([[['South', 4]]]);
    expect(Object.keys(made.summary.lost)).toEqual([
      'a result: a pairwise result whose left and right text cannot be told from its tags',
      'a result: stars 57 off the scale 0 to 10',
    ]);
  });
  it('says of JSON_MIN what to export instead', async () => {
    const rows = [{ id: 1, text_a: 'x', text_b: 'y', pw: 'left', annotator: 1, annotation_id: 2, lead_time: 3 }];
    await expect(readJson(rows)).rejects.toThrow(/JSON_MIN .*export as JSON instead/);
  });
  it('moves a span to what it quotes, and refuses fields that no result tells apart', async () => {
    const marks = {
      type: 'labels',
      from_name: 'l',
      to_name: 'text',
      value: { start: 2, end: 6, text: 'late', labels: ['x'] },
    };
    const spans = async (value: object) =>
      (await readJson(task({ text: '🚢 late' }, [{ ...marks, value: { ...marks.value, ...value } }]))).judgments[0]!
        .answer;
    const right = { kind: 'spans', reply: 0, spans: [{ start: 3, end: 7, label: 'x' }] };
    for (const value of [{}, { start: 3, end: 7 }, { start: 0, end: 4 }]) expect(await spans(value)).toEqual(right);
    const two = [{ id: 1, data: { prompt: 'Q', north: 'x', south: 'y' }, annotations: [] }];
    await expect(readJson(two)).rejects.toThrow(/which of north, south is a reply cannot be told/);
    const { items } = await readJson(two, { layout: 'label-studio', rename: new Map([['reply_a', 'south']]) });
    expect(items[0]!.replies.map(({ text }) => text)).toEqual(['y']);
  });
});

describe('Argilla', () => {
  it('questions keep their type whatever they are called, and numbers resolve', async () => {
    const made = await readCase('05-argilla-names.json');
    const label = (labels: string[]) => [{ kind: 'label', reply: 0, labels }];
    expect(Object.fromEntries(said(made))).toEqual({
      r1: label(['positive']),
      r2: label(['positive']),
      r3: label(['a', 'b']),
      r4: ['y'],
      r5: ['y'],
      r6: [[['y'], ['x']]],
      r9: [{ kind: 'correction', reply: 0, text: 'better x' }, [['x', 4]]],
    });
    expect(made.summary.lost).toEqual({ 'a response: which reply it is about cannot be told from its names': 2 });
    expect(made.items.at(-1)!.replies.length).toBe(1);
  });
  it('names match whole names', async () => {
    expect(said(await readCase('05-argilla-short-names.json')).get('r1')).toEqual([
      [['Hello there', 9]],
      [['Go away', 1]],
    ]);
  });
  const record = (value: unknown, question = 'ranking') => [
    {
      id: 'r',
      fields: { prompt: 'Q', response_1: 'x', response_2: 'y' },
      responses: { [question]: [{ value, user_id: 'u' }] },
    },
  ];
  it('ranking values that are numbers are resolved, or refused for the true reason', async () => {
    const ranks = (values: number[]) => values.map((value, i) => ({ value, rank: i + 1 }));
    const fields = { ...record('response_1', 'preference')[0]!, id: 'other' };
    expect(said(await readJson([...record(ranks([2, 1])), fields])).get('r')).toEqual([[['y'], ['x']]]);
    expect(said(await readJson([...record([2, 1]), fields])).get('r')).toEqual([[['y'], ['x']]]);
    const { summary } = await readJson([...record(ranks([7, 9])), fields]);
    expect(summary.lost).toEqual({ 'a response: a ranking of what is no reply of the record': 1 });
  });
  it('one question is of one type in the whole file', async () => {
    const rows = ['fine', `a long text of more than forty characters, which is no label`].map((value, i) => ({
      ...record(value, 'remark_response_1')[0]!,
      id: `r${i}`,
    }));
    expect((await readJson(rows)).judgments.map((j) => j.answer.kind)).toEqual(['critique', 'critique']);
  });
});

describe('TRL preference', () => {
  it('a column is taken for the prompt where it is named, and is asked for where it is not', async () => {
    const { items, judgments } = await readCase('02-question-column.jsonl', {
      rename: new Map([['prompt', 'question']]),
    });
    expect([items.length, judgments.length, items[0]!.prompt]).toEqual([4, 4, 'Which bird is number 0?']);
    expect(items[0]!.replies.map(({ text }) => text).sort()).toEqual([
      'The bird is a brick 0.',
      'The bird is a heron 0.',
    ]);
    await expect(readCase('02-question-column.jsonl')).rejects.toThrow(
      /prompt: no such column, .*--column prompt=question/,
    );
    for (const name of ['prompt', 'nonsense'])
      await expect(readCase('02-question-column.jsonl', { rename: new Map([[name, 'x']]) })).rejects.toThrow(
        name === 'prompt'
          ? /no column x; the source has system, question/
          : /expected a column that trl-preference reads/,
      );
  });
  it('a reply that is no turn of the assistant is refused', async () => {
    await expect(readCase('01-trl-rejected-role-user.jsonl')).rejects.toThrow(
      /4 × rejected: expected one turn of the assistant, got user/,
    );
  });
  it('NaN in a column that is not read is nothing, in one that is read a missing number', async () => {
    expect((await readCase('10-nan.jsonl')).judgments.length).toBe(2);
    const path = place('rows.jsonl');
    writeFileSync(
      path,
      '{"prompt":"p","chosen":"NaN","rejected":"b","weight":NaN,"x":[-Infinity,{"y":Infinity}]}\n{"prompt":"q","chosen":"a","rejected":"b","weight":Infinity}\n',
    );
    const { summary, items } = await read(path);
    expect([summary.rejected, items.length]).toEqual([1, 1]);
    expect(summary.firstRejected).toMatch(/:2: weight: /);
    expect(items[0]!.replies.map(({ text }) => text)).toContain('NaN');
  });
  const user = { role: 'user', content: 'Hi' };
  const system = { role: 'system', content: 'Be brief.' };
  const turn = (content: string) => ({ role: 'assistant', content });
  it.each<[string, unknown, (content: string) => unknown, string]>([
    ['messages after a prompt of messages', [user], (c) => [user, turn(c)], '\n\nHuman: Hi'],
    ['messages after a prompt of text', 'Hi', (c) => [user, turn(c)], 'Hi'],
    ['messages after a dialogue', '\n\nHuman: Hi\n\nAssistant:', (c) => [user, turn(c)], '\n\nHuman: Hi'],
    ['with a system turn before it', 'Hi', (c) => [system, user, turn(c)], '\n\nSystem: Be brief.\n\nHuman: Hi'],
    ['a dialogue after itself', '\n\nHuman: Hi', (c) => `\n\nHuman: Hi\n\nAssistant: ${c}`, '\n\nHuman: Hi'],
    ['not repeated: messages', 'Hi', (c) => [turn(c)], 'Hi'],
    ['not repeated: texts', 'Hi', (c) => `Hi, ${c}`, 'Hi'],
  ])('a prompt is cut once: %s', async (_, prompt, reply, cut) => {
    const { items } = await readJson([{ prompt, chosen: reply('Yes'), rejected: reply('No') }], { layout: 'dpo' });
    expect(items[0]!.prompt).toBe(cut);
    expect(items[0]!.replies.map(({ text }) => text.replace('Hi, ', '')).sort()).toEqual(['No', 'Yes']);
  });
});

describe('battles', () => {
  it('of an arena, with and without models', async () => {
    const { judgments, items } = await readCase('11-arena.csv');
    expect(judgments.map((j) => [(j.answer as { outcome: unknown }).outcome, j.raterId])).toEqual([
      [0, 'j1'],
      ['both-bad', 'j1'],
      ['tie', 'j2'],
    ]);
    expect(items.map(({ replies }) => replies.map(({ text }) => text))[0]).toEqual(['Oak', 'Elm']);
    const row = { model_a: 'x', model_b: 'y', prompt: '["Q"]', response_a: '["A"]', response_b: '["B"]' };
    const made = await readJson([{ ...row, winner_model_a: 0, winner_model_b: 1, winner_tie: 0 }]);
    expect(made.items[0]!.replies.map(({ text, model }) => [text, model])).toEqual([
      ['A', 'x'],
      ['B', 'y'],
    ]);
    expect(said(made).get(made.items[0]!.id)).toEqual(['B']);
    await expect(readJson([{ ...row, winner: 'z' }])).rejects.toThrow(/winner: expected model_a/);
  });
  it('of alpaca_eval: 1, 2, ties, nobody, and shares between them', async () => {
    const { judgments, items, summary } = await readCase('11-alpaca-annotations.json');
    expect(judgments.map((j) => (j.answer as { outcome: unknown }).outcome)).toEqual([0, 1, 'tie']);
    expect(items.length).toBe(4);
    expect(summary.notes).toEqual({ 'a pair that nobody judged': 1 });
    const rows = JSON.parse(readFileSync(join(FILES, '11-alpaca-annotations.json'), 'utf8')) as object[];
    const soft = await readJson([{ ...rows[0], preference: 1.8 }]);
    expect(soft.judgments[0]!.answer).toEqual({ kind: 'comparison', outcome: 1, shares: [0.2, 0.8] });
  });
});

describe('tables', () => {
  it('with semicolons are said to have them', async () => {
    const path = place('votes.csv');
    writeFileSync(path, 'prompt;reply_a;reply_b;choice\nq;x;y;a\n');
    await expect(read(path, { layout: 'csv' })).rejects.toThrow(/semicolons/);
  });
  it('where every judgment is lost are no success', async () => {
    const path = place('votes.csv');
    writeFileSync(path, 'prompt,reply_a,reply_b,choice\nq,x,y,left\nq,x,z,\n');
    const { summary } = await read(path, { layout: 'csv' });
    expect(lostEveryJudgment(summary)).toBe(true);
    expect(lostText(summary)).toMatch(/1 × a row that cannot be read .*choice: expected a, b, got "left"/);
    writeFileSync(path, 'prompt,reply_a,reply_b,choice\nq,x,z,\n');
    expect(lostEveryJudgment((await read(path, { layout: 'csv' })).summary)).toBe(false);
  });
});
