import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Judgment } from '../../feedback/index.ts';
import { stepsOf } from '../../text/index.ts';
import {
  completionForm,
  fromCompletionForm,
  parseConversation,
  promptMessages,
  renderConversation,
  replyMessages,
} from './conversation.ts';
import { splitDialogues } from './hh-rlhf.ts';
import type { Entry, Layout, LayoutId } from './layout.ts';
import { createPseudonymiser, looksLikePlatformId, pseudonym } from './pseudonym.ts';
import { LAYOUTS } from './registry.ts';
import { createRoles } from './roles.ts';
import { joinSteps, splitSteps } from './steps.ts';
import { checkShape, checkTexts, MAX_DEPTH } from './values.ts';

/** Rows through a layout, as an import reads them: all are looked at before any is read. */
function readRows(layout: Layout, values: readonly unknown[]): { entry: Entry; notes: string[] }[] {
  const people = createPseudonymiser();
  const roles = createRoles();
  const rows = values.map((value, i) => ({ line: i + 1, n: i + 1, value }));
  for (const row of rows) layout.survey?.(row, roles);
  return rows.map((row) => {
    const notes: string[] = [];
    const take = (note: string) => notes.push(note);
    const context = {
      projectId: 'p',
      rater: people.rater,
      lookup: () => '',
      note: take,
      lost: take,
      unread: () => {},
      roles,
    };
    return { entry: layout.read(row, context), notes };
  });
}

/** Rows of a fixture through its layout, without files in between. */
function entries(id: LayoutId, file: string): { entry: Entry; notes: string[] }[] {
  const layout: Layout = LAYOUTS[id];
  const text = readFileSync(join('fixtures/layouts', file), 'utf8');
  const rows = file.endsWith('.json')
    ? (JSON.parse(text) as unknown[])
    : text
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l));
  return readRows(layout, rows);
}
const single = ({ entry }: { entry: Entry }) => ({ item: entry.items![0]!, judgment: entry.judgments![0]! });
/** Prompt, preferred text, other text. */
const preference = (made: { entry: Entry }) => {
  const { item, judgment } = single(made);
  const better = (judgment.answer as { outcome: number }).outcome;
  return [item.prompt, item.replies[better]!.text, item.replies[1 - better]!.text];
};
const answers = ({ entry }: { entry: Entry }) => entry.judgments!.map((judgment: Judgment) => judgment.answer);

describe('what rows say', () => {
  it('HH-RLHF: the shared start is the prompt, and endings keep every character', () => {
    const start = '\n\nHuman: When does the first ferry leave?';
    expect(entries('hh-rlhf', 'hh-rlhf.jsonl').map(preference)).toEqual([
      [start, 'At six in the morning.', 'I do not care.'],
      [`${start}\n\nAssistant: At six.\n\nHuman: And on Sundays?`, 'At eight. <b>Not</b> at six.', 'Look it up  '],
      [start, 'Six, é, 🚢 & a tab\there.', ''],
    ]);
    expect(splitDialogues('\n\nAssistant:  two spaces', '\n\nAssistant: one')!.chosen).toBe(' two spaces');
  });
  it('TRL preference: four forms, and rows of one pair are one item', () => {
    const made = entries('trl-preference', 'trl-preference.jsonl');
    expect(made.map(preference)).toEqual([
      ['The sky is', ' blue.', ' green.'],
      ['The harbour is ', 'open.', 'shut.'],
      ['\n\nHuman: What colour is the sky?', 'It is blue.', 'It is green.'],
      ['\n\nSystem: Be brief.\n\nHuman: Is the museum open?', 'Yes.', 'It might be, who can say.'],
      ['Name a fruit.', 'Apple', 'Chair'],
      ['Name a fruit.', 'Chair', 'Apple'],
    ]);
    expect(made[4]!.entry.items).toEqual(made[5]!.entry.items);
    expect(made.slice(4).map((m) => single(m).judgment.raterId)).toEqual(['r1', 'r2']);
  });
  it('TRL unpaired, stepwise, prompt-completion, and OpenAI', () => {
    expect(
      entries('trl-unpaired', 'trl-unpaired.jsonl').map((m) => [single(m).item.replies[0]!.text, answers(m)]),
    ).toEqual(
      [
        [' blue.', 1],
        [' green.', 0],
        ['Usually.', 1],
      ].map(([text, value]) => [
        text,
        [{ kind: 'rating', scale: { min: 0, max: 1, step: 1 }, values: [{ reply: 0, criterion: 'preferred', value }] }],
      ]),
    );
    const [first] = entries('trl-stepwise', 'trl-stepwise.jsonl');
    expect(stepsOf(single(first!).item.replies[0]!.text).length).toBe(5);
    expect(answers(first!)).toEqual([{ kind: 'steps', reply: 0, mode: 'per-step', labels: [1, 1, null, null, 1] }]);
    expect(entries('trl-prompt-completion', 'trl-prompt-completion.jsonl').map(answers)).toEqual([
      [{ kind: 'demonstration', text: ' blue.' }],
      [{ kind: 'demonstration', text: 'Good morning.' }],
    ]);
    expect(entries('openai-preference', 'openai-preference.jsonl').map(preference)[0]).toEqual([
      '\n\nHuman: How cold is it today?',
      'Four degrees, with rain after noon.',
      'It is not very cold.',
    ]);
  });
  it('Argilla: kinds are told from values and names, suggestions count as shown', () => {
    const [first, second] = entries('argilla', 'argilla.json');
    // Questions in the order of their names, which the order of keys does not change.
    expect(answers(first!)).toEqual([
      { kind: 'critique', reply: 0, text: 'Short and right.' },
      { kind: 'comparison', outcome: 0 },
      { kind: 'comparison', outcome: 'tie' },
      { kind: 'ranking', groups: [[0], [1]] },
      {
        kind: 'rating',
        scale: { min: 0, max: 10, step: 1 },
        values: [{ reply: 0, criterion: 'rating_response_1', value: 8 }],
      },
      { kind: 'spans', reply: 1, spans: [{ start: 0, end: 2, label: 'rude' }] },
      { kind: 'label', reply: 1, labels: ['vague', 'rude'] },
    ]);
    expect(first!.entry.judgments![1]!.presentation.suggestion).toEqual({
      by: 'judge-1',
      answer: { kind: 'comparison', outcome: 1 },
    });
    expect(single(first!).item.strata).toEqual({ topic: 'market', difficulty: '2' });
    expect(first!.notes).toEqual(['ratings are taken on a scale of 0 to 10, since the export has no scale']);
    expect(answers(second!)).toEqual([{ kind: 'ranking', groups: [[1], [0, 2]] }]);
  });
  it('Label Studio: one answer for each control tag, cancelled annotations are said', () => {
    const [first, second] = entries('label-studio', 'label-studio.json');
    expect(answers(first!).map((answer) => answer.kind)).toEqual([
      'comparison',
      'rating',
      'label',
      'critique',
      'spans',
    ]);
    expect(first!.entry.judgments!.every((j) => j.activeMs === 8500 && j.raterId === '3')).toBe(true);
    expect(first!.notes).toContain('a skipped annotation');
    expect(answers(second!)).toEqual([{ kind: 'ranking', groups: [[1], [2], [0]] }]);
  });
  it('PRM800K: the followed solution with what was not judged, and candidate steps as items of their own', () => {
    const [found, written] = entries('prm800k', 'prm800k.jsonl');
    expect(found!.entry.items!.map((item) => [item.prompt, item.replies[0]!.text])).toEqual([
      ['What is 3 + 4 + 5?', 'First 3 + 4 is 7.\nThen 7 + 5 is 13.\n# Answer\n\n13'],
      ['What is 3 + 4 + 5?\n\nFirst 3 + 4 is 7.', 'Then 7 + 5 is 12.'],
    ]);
    expect(answers(found!)).toEqual([
      { kind: 'steps', reply: 0, mode: 'first-error', labels: [1, -1, null, null] },
      { kind: 'steps', reply: 0, mode: 'per-step', labels: [1] },
    ]);
    expect(found!.entry.judgments!.map((j) => j.activeMs)).toEqual([27827, null]);
    // The labeler wrote the second row's first step, which counts as right; the wrong candidate stands beside it.
    expect(answers(written!)).toEqual([
      { kind: 'steps', reply: 0, mode: 'per-step', labels: [1, null, 1] },
      { kind: 'steps', reply: 0, mode: 'per-step', labels: [-1] },
    ]);
    expect(single(written!).judgment.presentation.purpose).toBe('gold');
  });
  it('PandaLM: labels 1, 2 and 0, and a response that is no text', () => {
    const [first, second] = entries('pandalm', 'pandalm.json');
    expect([first!, second!].map((made) => answers(made).map((a) => (a as { outcome: unknown }).outcome))).toEqual([
      [0, 0, 'tie'],
      [0, 1, 0],
    ]);
    expect(single(first!).item.replies.map((reply) => reply.text)).toEqual(['true', 'It does not.']);
    expect(first!.notes).toEqual(['a response that is no text was taken as text']);
  });
  it('RewardBench: right replies before wrong ones, whichever stand first, with the subset as a stratum', () => {
    const [pair, four, several] = entries('rewardbench', 'rewardbench.jsonl');
    const right = (made: typeof pair) => {
      const { replies } = made!.entry.items![0]!;
      const [answer] = answers(made!);
      const best = answer!.kind === 'ranking' ? answer!.groups[0]! : [(answer as { outcome: number }).outcome];
      return [best.map((reply) => replies[reply]!.text).sort(), replies.length, made!.entry.items![0]!.strata];
    };
    expect(right(pair)).toEqual([['Paris.'], 2, { subset: 'facts' }]);
    expect(right(four)).toEqual([['Seven.'], 4, { subset: 'Math' }]);
    expect(right(several)).toEqual([['Blue.', 'Red.'], 4, { subset: 'Ties' }]);
  });
});

describe('conversations as text', () => {
  /** Contents that look like turn marks, whole or in pieces. */
  const content = fc
    .array(
      fc.oneof(
        fc.constantFrom('\n', '\n\n', '\\', 'Human:', 'Assistant:', ' ', '\n\nHuman:', '\n\n\\Tool: x'),
        fc.string(),
      ),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join(''));
  const messages = fc.array(
    fc.record({ role: fc.constantFrom('user', 'assistant', 'system', 'developer', 'tool'), content }),
    { minLength: 1, maxLength: 5 },
  );
  it('messages come back from their text exactly', () => {
    fc.assert(
      fc.property(messages, (all) => {
        expect(parseConversation(renderConversation(all))).toEqual(all);
      }),
    );
  });
  it('texts come back from their messages and from the form of completions exactly', () => {
    fc.assert(
      fc.property(content, content, content, (prompt, a, b) => {
        // A reply is one turn, also where its text looks like several.
        expect(replyMessages(prompt)).toEqual([{ role: 'assistant', content: prompt }]);
        const parsed = parseConversation(prompt);
        if (parsed !== null) expect(renderConversation(parsed)).toBe(prompt);
        else expect(promptMessages(prompt)).toEqual([{ role: 'user', content: prompt }]);
        const [x, y] = [completionForm(prompt, a), completionForm(prompt, b)];
        expect(fromCompletionForm(x.prompt, [x.completion, y.completion])).toEqual({ prompt, replies: [a, b] });
      }),
    );
  });
  it('steps of several lines come back as steps', () => {
    const step = fc
      .array(fc.stringMatching(/^[a-z ]{0,5}$/), { minLength: 1, maxLength: 3 })
      .map((lines) => `x${lines.join('\n')}y`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(step, fc.constantFrom(-1 as const, 0 as const, 1 as const)), { minLength: 1 }),
        (all) => {
          const { text, labels } = joinSteps(
            all.map(([s]) => s),
            all.map(([, label]) => label),
          );
          expect(labels.length).toBe(stepsOf(text).length);
          expect(splitSteps(text, labels)).toEqual({ steps: all.map(([s, label]) => ({ text: s, label })), rest: '' });
        },
      ),
    );
  });
});

describe('rater ids', () => {
  it.each([
    ['5f3c1a2b4d5e6f7a8b9c0d1e', true],
    ['A2SUAM1J3GNN3B', true],
    ['jo.doe@example.org', true],
    ['Jo Doe', true],
    ['r1', false],
    ['w0000', false],
    ['rater-0123456789ab', false],
    ['340d89bc-f5b7-45e9-b272-909ba68ee363', false],
    ['not-released', false],
  ])('%s looks like a platform’s: %s', (id, looks) => {
    expect(looksLikePlatformId(id)).toBe(looks);
  });
  it('go under pseudonyms that are stable, differ by key, and are never mistaken for a platform’s again', () => {
    const key = 'a key of more than sixteen characters';
    fc.assert(
      fc.property(fc.emailAddress(), (id) => {
        const [open, keyed] = [createPseudonymiser(), createPseudonymiser(key)];
        expect(open.rater(id)).toBe(pseudonym(id));
        expect(keyed.rater(id)).toBe(pseudonym(id, key));
        expect(keyed.rater(id)).not.toBe(open.rater(id));
        expect(open.rater(open.rater(id))).toBe(open.rater(id));
        expect(open.redact(`by ${id}, twice ${id}`)).toBe(`by ${pseudonym(id)}, twice ${pseudonym(id)}`);
        expect([...open.given]).toEqual([[id, pseudonym(id)]]);
      }),
    );
    expect(() => createPseudonymiser('short')).toThrow(/at least 16 characters, got 5/);
  });
});

describe('values of rows', () => {
  it.each<[string, string, RegExp]>([
    ['a lone surrogate', '{"a":{"b":["x\\udc00"]}}', /a\.b\.0: a lone surrogate at character 1/],
    ['the prototype key', '{"a":{"__proto__":1}}', /a: a key named __proto__/],
    ['deep nesting', `${'['.repeat(MAX_DEPTH + 1)}${']'.repeat(MAX_DEPTH + 1)}`, /nested more than 64 deep/],
  ])('%s is refused with its field', (_, text, message) => {
    const check = (value: unknown) => {
      checkShape(value);
      checkTexts(value);
    };
    expect(() => check(JSON.parse(text))).toThrow(message);
  });
  it('everything else is data: markup, NUL, byte order marks, whole pairs, other prototype names', () => {
    const value = {
      a: '<script>alert(1)</script>\0\ufeff🚢\r\n',
      constructor: 'x',
      toString: [1e300, -0, 2 ** 53 - 1],
    };
    expect(() => checkTexts(JSON.parse(JSON.stringify(value)))).not.toThrow();
    expect(() => checkShape({ n: Number.POSITIVE_INFINITY })).not.toThrow();
  });
});

it('an id that lost digits is refused where it is one', () => {
  const value = JSON.parse('{"id":9007199254740993,"fields":{"prompt":"x"},"responses":{}}');
  expect(() => readRows(LAYOUTS.argilla, [value])).toThrow(/^id: .*loses digits/);
});
