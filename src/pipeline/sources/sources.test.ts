import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { FeedbackRecord, Item, Judgment, Project, RaterProfile } from '../../feedback/index.ts';
import { projectSchema } from '../../feedback/index.ts';
import { configSchema } from '../config.ts';
import { judgedSource, type OpenedProject, openSource, promptKey, type SourceAccess } from './index.ts';
import { foldOf } from './split.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const item = (id: string, prompt: string, rest: Partial<Item> = {}): Item => ({
  id,
  projectId: 'p',
  prompt,
  replies: ['one', 'two'].map((text, i) => ({ id: `${id}/${i}`, text })),
  source: { origin: 'base model, step 0', selection: 'random' },
  ...rest,
});
const judgment = (id: string, itemId: string, raterId = 'r1'): Judgment => ({
  id,
  projectId: 'p',
  itemId,
  raterId,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00Z' },
  answer: { kind: 'comparison', outcome: 0 },
  activeMs: 1000,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'studio',
});
const project = (consent: boolean): Project =>
  projectSchema.parse({
    id: 'p',
    name: 'P',
    createdAt: '2026-01-01T00:00:00Z',
    questions: [{ id: 'q', title: 'Which?', kind: 'comparison' }],
    ...(consent && { consent: { version: '1', text: 'May we?' } }),
  });
const opened = (rest: Partial<OpenedProject> = {}): OpenedProject => ({
  project: project(false),
  items: ['a', 'b', 'c', 'd'].map((id) => item(id, `What is ${id}?`)),
  raters: [],
  judgments: ['a', 'b', 'c', 'd'].map((id) => judgment(`j-${id}`, id)),
  records: null,
  ...rest,
});
const SHARE = { projectId: 'p', seed: 1, holdout: { share: 0.25 }, where: 'here' } as const;
const noStore: SourceAccess = { openProject: () => Promise.reject(new Error('no store is needed')) };

describe('splits', () => {
  /** A prompt as somebody else might have written it. */
  const variant = (text: string, how: number) =>
    [text, ` ${text}\n`, text.toUpperCase(), text.replaceAll(' ', '  '), text.replaceAll(' ', '\u00a0')][how]!;

  it('never put one prompt on both sides, however it is written', () => {
    const prompts = fc.array(
      fc.record({
        text: fc.constantFrom('What is it?', 'Who was it?', 'Is it so?', 'why', 'And now?'),
        how: fc.nat(4),
      }),
      { minLength: 2, maxLength: 40 },
    );
    fc.assert(
      fc.property(prompts, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (drawn, share, seed) => {
        fc.pre(new Set(drawn.map(({ text }) => text)).size > 1);
        const items = drawn.map(({ text, how }, i) => item(`i${i}`, variant(text, how)));
        const judgments = items.map(({ id }) => judgment(`j-${id}`, id));
        const source = judgedSource(opened({ items, judgments }), { ...SHARE, holdout: { share }, seed });
        const side = new Map<string, string>();
        for (const { prompt, strata } of source.judged!.items) {
          const key = promptKey(prompt);
          expect(side.get(key) ?? strata!.split).toBe(strata!.split);
          side.set(key, strata!.split!);
        }
        expect(new Set(side.values())).toEqual(new Set(['train', 'held-out']));
        const keys = (split: string) => source.prompts.filter((p) => p.split === split).map((p) => promptKey(p.text));
        expect(keys('train').filter((key) => keys('evaluation').includes(key))).toEqual([]);
        // Each prompt once, and no text of a held-out prompt among those a base model learns from.
        expect(keys('train').length + keys('evaluation').length).toBe(side.size);
        expect(source.examples.filter(({ prompt }) => side.get(promptKey(prompt)) !== 'train')).toEqual([]);
      }),
    );
  });
  it('leave out a value with every prompt that is asked under it', () => {
    const items = [
      item('a', 'What is it?', { strata: { topic: 'x' } }),
      item('b', 'what is  it?', { strata: { topic: 'y' } }),
      item('c', 'Who?', { strata: { topic: 'y' } }),
    ];
    const { scored, fitted } = foldOf(items, 'topic', 'x');
    expect([[...scored], [...fitted]]).toEqual([['a'], ['c']]);
  });
  it('need two prompts, and a stratum that every item has', () => {
    const one = opened({ items: [item('a', 'q'), item('b', ' Q ')], judgments: [judgment('j', 'a')] });
    expect(() => judgedSource(one, SHARE)).toThrow(/here: expected at least two different prompts.* got 1/);
    const bare = opened();
    expect(() => judgedSource(bare, { ...SHARE, holdout: { leaveOut: 'topic' } })).toThrow(
      /item a: expected a stratum topic/,
    );
    const same = opened({ items: opened().items.map((i) => ({ ...i, strata: { topic: 'x' } })) });
    expect(() => judgedSource(same, { ...SHARE, holdout: { leaveOut: 'topic' } })).toThrow(/two values of topic/);
  });
});

describe('what people agreed to', () => {
  const consent = { version: '1', at: '2026-01-01T00:00:00Z' };
  const raters: RaterProfile[] = [
    { id: 'yes', kind: 'human', demographics: { group: 'north' }, consent },
    { id: 'no', kind: 'human', demographics: { group: 'south' } },
    { id: 'bot', kind: 'simulated', demographics: { group: 'plain' } },
    { id: 'gone', kind: 'human', consent },
  ];
  const given = ['yes', 'no', 'bot', 'gone'].map((rater) => judgment(`j-${rater}`, 'a', rater));
  const records: FeedbackRecord[] = [
    ...given.map((j): FeedbackRecord => ({ type: 'judgment', judgment: j })),
    { type: 'withdrawal', id: 'w', projectId: 'p', raterId: 'gone', at: '2026-01-02T00:00:00Z' },
  ];
  const standing = given.filter(({ raterId }) => raterId !== 'gone');

  it('leaves out who withdrew and who gave no consent, and counts them', () => {
    const { judged } = judgedSource(opened({ project: project(true), raters, judgments: standing, records }), SHARE);
    expect(judged!.judgments.map(({ raterId }) => raterId)).toEqual(['yes', 'bot']);
    expect(judged!.leftOut).toEqual({
      withdrawn: { raters: 1, judgments: 1 },
      withoutConsent: { raters: 1, judgments: 1 },
    });
    expect(judged!.raters.map(({ id, demographics }) => [id, demographics?.group])).toEqual([
      ['yes', 'north'],
      ['bot', 'plain'],
    ]);
  });
  it('uses judgments of a project that asks for no consent, but not what people said of themselves', () => {
    const { judged } = judgedSource(opened({ raters, judgments: standing, records }), SHARE);
    expect(judged!.judgments.length).toBe(3);
    expect(judged!.raters.find(({ id }) => id === 'no')!.demographics).toBeUndefined();
  });
  it('says why nothing is left', () => {
    const asked = opened({ project: project(true), judgments: [judgment('j', 'a')] });
    expect(() => judgedSource(asked, SHARE)).toThrow(
      /none that may be used \(1 were withdrawn or given without consent\)/,
    );
  });
});

describe('sources', () => {
  const config = (data: object, rest: object = {}) => configSchema.parse({ name: 'run', data, ...rest });
  const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const save = (name: string, { items, judgments, raters }: OpenedProject) => {
    const path = join(folder, name);
    mkdirSync(path);
    for (const [file, rows] of Object.entries({ items, judgments, raters }))
      writeFileSync(join(path, `${file}.jsonl`), jsonl(rows));
    return path;
  };

  it('a ground has prompts of three splits, none of them in two', async () => {
    const source = await openSource(config({ layout: 'ground', ground: 'harbour' }), noStore);
    const of = (split: string) => source.prompts.filter((p) => p.split === split);
    for (const split of ['train', 'evaluation', 'deploy']) expect(of(split).length).toBeGreaterThan(3);
    expect(new Set(source.prompts.map(({ text }) => promptKey(text))).size).toBe(source.prompts.length);
    const facts = (split: string) => new Set(of(split).map(({ strata }) => strata.fact));
    expect([...facts('deploy')].filter((fact) => facts('train').has(fact))).toEqual([]);
    expect([...facts('evaluation')].every((fact) => facts('train').has(fact))).toBe(true);
  });
  it('a saved folder, a store and an import of one project are the same data', async () => {
    const snapshot = { origin: 'policy', selection: 'all', sampling: { run: 'r1', step: 40 } };
    const data = opened({
      items: ['a', 'b', 'c', 'd'].map((id) => item(id, `What is ${id}?`, { source: snapshot, gold: 0 })),
      raters: [{ id: 'r1', kind: 'human', pool: 'friends' }],
    });
    const path = save('saved', data);
    const access: SourceAccess = {
      openProject: async (id) => {
        expect(id).toBe('p');
        return { ...data, project: project(false) };
      },
    };
    const sources = await Promise.all([
      openSource(config({ layout: 'project', folder: path }), noStore),
      openSource(config({ layout: 'project', project: 'p' }), access),
      openSource(config({ layout: 'import', format: 'project', path }), noStore),
    ]);
    expect(new Set(sources.map(({ digest }) => digest)).size).toBe(1);
    for (const { judged } of sources) {
      expect(judged!.items.map(({ source, gold }) => [source, gold])).toEqual(Array(4).fill([snapshot, 0]));
      expect(judged!.raters).toEqual(data.raters);
      expect(judged!.judgments.length).toBe(4);
    }
    const changed = save('changed', { ...data, judgments: data.judgments.slice(1) });
    const other = await openSource(config({ layout: 'project', folder: changed }), noStore);
    expect(other.digest).not.toBe(sources[0]!.digest);
  });
  it('an import takes any layout, and columns by other names', async () => {
    const path = join(folder, 'rows.jsonl');
    const row = (i: number) => ({ prompt: `q${i}`, chosen: `good ${i}`, rejected: `bad ${i}` });
    writeFileSync(path, jsonl([1, 2, 3, 4].map(row)));
    const source = await openSource(
      config({ layout: 'import', format: 'trl-preference', path, holdout: { share: 0.5 } }),
      noStore,
    );
    expect(source.judged!.items.filter(({ strata }) => strata!.split === 'held-out').length).toBe(2);
    expect(source.examples.length).toBe(4);
  });
  it('a project is either of a store or a folder', () => {
    for (const data of [{ layout: 'project' }, { layout: 'project', project: 'p', folder: 'f' }])
      expect(() => config(data)).toThrow(/either project .* or folder/);
  });
});
