import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Answer,
  expandRanking,
  type FeedbackRecord,
  type Item,
  type Judgment,
  type RaterProfile,
} from '../feedback/index.ts';
import { krippendorffAlpha } from '../stats/index.ts';
import { CROISSANT, demographicsLines, SMALLEST_GROUP } from './card.ts';
import { type ExportOptions, exportLayout } from './export.ts';
import { importLayout } from './import.ts';
import { type RichProject, richProject, writeRich } from './rich.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const place = (name = 'out') => join(folder, `${name}-${made++}`);

const item = (id: string, replies: number): Item => ({
  id,
  projectId: 'p',
  prompt: `prompt of ${id}`,
  replies: Array.from({ length: replies }, (_, i) => ({ id: `${id}/${i}`, text: 'same text, or '.slice(0, 9) + i })),
  source: { origin: 'test', selection: 'all' },
});
const judgment = (id: string, itemId: string, answer: Answer, more: Partial<Judgment> = {}): Judgment => ({
  id,
  projectId: 'p',
  itemId,
  raterId: `rater of ${id}`,
  presentation: { order: [1, 0], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00Z' },
  answer,
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'studio',
  ...more,
});
const project = (items: Item[], judgments: Judgment[], raters: RaterProfile[] = []): string => {
  const path = place('project');
  const rich: RichProject = { items, judgments, raters, records: [] };
  writeRich(path, rich, { records: false });
  return path;
};
const run = async (path: string, layout: string, more: Partial<ExportOptions> = {}) => {
  const out = place();
  const summary = await exportLayout({
    project: path,
    layout,
    out,
    now: () => '2026-05-01T12:00:00Z',
    durable: false,
    ...more,
  });
  const rows = summary.out.endsWith('.jsonl')
    ? readFileSync(summary.out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
  return { summary, rows, card: JSON.parse(readFileSync(summary.card, 'utf8')) as Record<string, unknown> };
};

describe('rankings as pairs', () => {
  const groups = [[2], [0, 3], [1]];
  const path = project([item('i', 4)], [judgment('j', 'i', { kind: 'ranking', groups })]);
  it.each(['all', 'adjacent', 'best-rest'] as const)(
    '%s: the pairs of the expansion, their weights sum to one judgment',
    async (expansion) => {
      const { summary, rows, card } = await run(path, 'trl-preference', { expansion });
      const expanded = expandRanking(groups, expansion);
      const decided = expanded.filter((pair) => pair.target !== 0.5);
      const texts = (i: number) => `same text${i}`;
      expect(rows.map((row) => [row.chosen, row.rejected]).sort()).toEqual(
        decided.map((pair) => [texts(pair.first), texts(pair.second)]).sort(),
      );
      for (const row of rows) expect(row.weight).toBeCloseTo(1 / expanded.length, 12);
      expect(new Set(rows.map((row) => row.judgment_id)).size).toBe(rows.length);
      const ties = expanded.length - decided.length;
      expect(summary.omitted).toEqual(ties === 0 ? {} : { 'tie: neither reply is chosen': ties });
      expect(summary.weights).toBe('held');
      expect(card['rai:dataManipulationProtocol']).toMatch(/Rankings were expanded to pairs: .*in the column weight/);
    },
  );
  it('say where the weights are lost', async () => {
    const { summary, card } = await run(path, 'openai-preference');
    expect(summary.weights).toEqual({ not: 'rows of other keys are refused' });
    expect(card['rai:dataManipulationProtocol']).toMatch(/weights are not in the rows/);
  });
});

describe('answers of a project with decisions', () => {
  const vote = (id: string, itemId: string, outcome: 0 | 1) => judgment(id, itemId, { kind: 'comparison', outcome });
  const decided: FeedbackRecord = {
    type: 'adjudication',
    id: 'd',
    projectId: 'p',
    itemId: 'split',
    raterId: 'lead',
    at: '2026-01-02T00:00:00Z',
    answer: { kind: 'comparison', outcome: 1 },
    reason: 'guideline',
    considered: ['a', 'b'],
  };
  const judgments = [vote('a', 'split', 0), vote('b', 'split', 1), vote('c', 'open', 0), vote('e', 'open', 0)];
  const path = place('project');
  writeRich(path, {
    items: [item('split', 2), item('open', 2)],
    judgments,
    raters: [{ id: 'lead', kind: 'human' }],
    records: [...judgments.map((one): FeedbackRecord => ({ type: 'judgment', judgment: one })), decided],
  });
  const chosen = (rows: Record<string, unknown>[]) => rows.map((row) => [row.item_id, row.rater_id, row.chosen]);
  const [first, second] = ['same text0', 'same text1'];

  it('are the decision where an item was decided and every vote elsewhere, and the card says so', async () => {
    const { summary, rows, card } = await run(path, 'trl-preference');
    expect(chosen(rows)).toEqual([
      ['split', 'lead', second],
      ['open', 'rater of c', first],
      ['open', 'rater of e', first],
    ]);
    expect(summary).toMatchObject({
      answers: 'decided',
      judgments: 4,
      omitted: { 'a vote, for which the decision stands': 2 },
    });
    expect(card['rai:dataManipulationProtocol']).toMatch(/^Where somebody decided an item/);
    expect(card.variableMeasured).toContainEqual(expect.objectContaining({ name: 'answers', value: 'decided' }));
  });
  it.each(['hh-rlhf', 'openai-preference', 'csv', 'argilla'])(
    '%s holds no vote against the decision, unless all are asked for',
    async (layout) => {
      const counts = { decided: 3, all: 4, majority: 2, 'dawid-skene': 2 } as const;
      for (const [answers, n] of Object.entries(counts)) {
        const { summary } = await run(path, layout, { answers: answers as keyof typeof counts });
        const votes = summary.judgments - (summary.omitted['a vote, for which the decision stands'] ?? 0);
        expect([answers, summary.answers, votes]).toEqual([answers, answers, answers === 'all' ? 4 : 2]);
        if (layout === 'hh-rlhf' || layout === 'openai-preference')
          expect([answers, summary.rows]).toEqual([answers, n]);
      }
    },
  );
  it('one answer an item by majority or Dawid and Skene, from judgments without a history too', async () => {
    const by = (raterId: string, itemId: string, outcome: 0 | 1) =>
      judgment(`${raterId}/${itemId}`, itemId, { kind: 'comparison', outcome }, { raterId });
    const ids = ['i', 'k', 'l', 'm'];
    // Two raters agree on everything, the third contradicts them on the last item.
    const bare = project(
      ids.map((id) => item(id, 2)),
      ids.flatMap((id, n) => [
        ...['r1', 'r2'].map((rater) => by(rater, id, n % 2 === 0 ? 0 : 1)),
        by('r3', id, n === 3 ? 0 : n % 2 === 0 ? 0 : 1),
      ]),
    );
    for (const answers of ['majority', 'dawid-skene'] as const) {
      const { rows, summary } = await run(bare, 'trl-preference', { answers });
      expect(chosen(rows)).toEqual(ids.map((id, n) => [id, answers, n % 2 === 0 ? first : second]));
      expect(Object.values(summary.omitted)).toEqual([12]);
    }
  });
  it('a project folder holds every record, whatever is asked', async () => {
    await expect(run(path, 'project', { answers: 'majority' })).rejects.toThrow(/holds every record; leave it out/);
    const { summary } = await run(path, 'project');
    expect(summary.answers).toBe('all');
  });
});

describe('what a layout cannot hold', () => {
  it('is counted by reason: ties, both bad, cannot judge, strength, purpose, other kinds', async () => {
    const pick = (outcome: 0 | 1 | 'tie' | 'both-bad' | 'cant-judge', strength?: 1 | 2 | 3): Answer =>
      strength === undefined ? { kind: 'comparison', outcome } : { kind: 'comparison', outcome, strength };
    const gold = judgment('g', 'i', pick(0));
    const path = project(
      [item('i', 2)],
      [
        judgment('a', 'i', pick(0, 3)),
        judgment('b', 'i', pick('tie')),
        judgment('c', 'i', pick('both-bad')),
        judgment('d', 'i', pick('cant-judge')),
        judgment('e', 'i', { kind: 'critique', reply: 0, text: 'x' }),
        { ...gold, presentation: { ...gold.presentation, purpose: 'gold' } },
        judgment('f', 'i', pick(1)),
        judgment('f2', 'i', pick(0), { supersedes: 'f' }),
      ],
    );
    for (const layout of ['hh-rlhf', 'trl-preference', 'openai-preference']) {
      const { summary, card } = await run(path, layout);
      expect(summary.rows).toBe(2);
      expect(summary.omitted).toEqual({
        'tie: neither reply is chosen': 1,
        'both bad: neither reply is chosen': 1,
        'cannot judge: neither reply is chosen': 1,
        'answers of kind critique': 1,
        'judgments with the purpose gold': 1,
      });
      expect(summary.altered['the strength of a preference is left off']).toBe(1);
      expect(summary.notHeld.length).toBeGreaterThan(5);
      expect(JSON.stringify(card['rai:dataLimitations'])).toMatch(/tie: neither reply is chosen: 1/);
    }
  });
  it('a lone surrogate has no row where text is raw UTF-8, and comes through JSON', async () => {
    const odd = { ...item('i', 2), prompt: 'half \ud800 a pair' };
    const path = project([odd, item('k', 2)], [judgment('a', 'i', { kind: 'comparison', outcome: 0 })]);
    const { summary } = await run(path, 'csv');
    expect([summary.rows, summary.omitted]).toEqual([1, { 'a lone surrogate, which is no Unicode text': 1 }]);
    expect((await run(path, 'trl-preference')).rows[0]!.prompt).toBe('half \ud800 a pair');
  });
});

describe('a project', () => {
  it('is equal after export, import and export: files and digest', async () => {
    const path = place('project');
    writeRich(path, richProject(['comparison', 'ranking', 'spans', 'steps', 'demonstration']));
    const first = await run(path, 'project');
    const again = place();
    await importLayout({ layout: 'project', path: first.summary.out, out: again, durable: false });
    const second = await run(again, 'project');
    expect(second.summary.digest).toBe(first.summary.digest);
    for (const name of ['items.jsonl', 'raters.jsonl', 'records.jsonl']) {
      const rows = (where: string) =>
        readFileSync(join(where, name), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown);
      expect(rows(second.summary.out)).toEqual(rows(path));
      expect(readFileSync(join(second.summary.out, name))).toEqual(readFileSync(join(first.summary.out, name)));
    }
  });
});

/** What Croissant 1.0 requires of a data set, and RAI 1.0 of its properties (one text, or many). */
const one = z.string().min(1);
const many = z.union([one, z.array(one)]);
const fileObject = z.object({
  '@type': z.literal('cr:FileObject'),
  '@id': one,
  name: one,
  contentUrl: one,
  contentSize: z.string().regex(/^\d+ B$/),
  encodingFormat: z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const croissant = z.object({
  '@context': z
    .object({
      '@language': z.literal('en'),
      '@vocab': z.literal('https://schema.org/'),
      cr: z.literal('http://mlcommons.org/croissant/'),
      rai: z.literal('http://mlcommons.org/croissant/RAI/'),
      dct: z.literal('http://purl.org/dc/terms/'),
      conformsTo: z.literal('dct:conformsTo'),
    })
    .loose(),
  '@type': z.literal('sc:Dataset'),
  conformsTo: z.literal(CROISSANT),
  name: one,
  description: one,
  license: z.union([z.url(), z.object({ '@type': z.literal('sc:CreativeWork'), name: one })]),
  url: z.url(),
  creator: z.object({ '@type': z.enum(['sc:Organization', 'sc:Person']), name: one }),
  datePublished: z.iso.date(),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  distribution: z.array(fileObject).min(1),
  recordSet: z.array(
    z.object({
      '@type': z.literal('cr:RecordSet'),
      '@id': one,
      field: z.array(
        z.object({
          '@type': z.literal('cr:Field'),
          '@id': one,
          dataType: z.enum(['sc:Text', 'sc:Float', 'sc:Boolean']),
          source: z.object({ fileObject: z.object({ '@id': one }), extract: z.object({ column: one }) }),
        }),
      ),
    }),
  ),
  'rai:dataCollection': one,
  'rai:dataCollectionType': many,
  'rai:dataCollectionMissingData': one,
  'rai:dataCollectionTimeframe': many.optional(),
  'rai:dataManipulationProtocol': one,
  'rai:dataPreprocessingProtocol': many,
  'rai:dataAnnotationProtocol': one,
  'rai:dataAnnotationPlatform': many,
  'rai:dataAnnotationAnalysis': many,
  'rai:annotationsPerItem': one,
  'rai:annotatorDemographics': many,
  'rai:machineAnnotationTools': many,
  'rai:dataBiases': many,
  'rai:dataLimitations': many,
  'rai:personalSensitiveInformation': many,
  'rai:dataUseCases': many,
  'rai:dataSocialImpact': one,
  'rai:dataReleaseMaintenancePlan': many,
});

describe('the card', () => {
  const labels = [
    [0, 0, 1],
    [1, 1, 1],
    [0, 0, 0],
    [1, 0, 1],
  ];
  const judged = () =>
    project(
      labels.map((_, i) => item(`i${i}`, 2)),
      labels.flatMap((unit, i) =>
        unit.map((outcome, r) => judgment(`${i}/${r}`, `i${i}`, { kind: 'comparison', outcome }, { raterId: `r${r}` })),
      ),
      [
        { id: 'r0', kind: 'human', pool: 'students' },
        { id: 'r1', kind: 'model', model: 'judge-1' },
      ],
    );
  it.each(['project', 'csv', 'parquet', 'trl-preference', 'hh-rlhf', 'argilla'])(
    'of an export as %s has what Croissant and RAI ask for',
    async (layout) => {
      const { card, summary } = await run(judged(), layout);
      const parsed = croissant.parse(card);
      const ids = [
        ...parsed.distribution.map((f) => f['@id']),
        ...parsed.recordSet.flatMap((r) => [r['@id'], ...r.field.map((f) => f['@id'])]),
      ];
      expect(new Set(ids).size).toBe(ids.length);
      for (const { field } of parsed.recordSet)
        for (const { source } of field) expect(ids).toContain(source.fileObject['@id']);
      expect(parsed.url).toBe(`urn:sha256:${summary.digest}`);
    },
  );
  it('carries counts, digest, agreement with its interval, place and length, and what nobody declared', async () => {
    const { card, summary } = await run(judged(), 'trl-preference', {
      seed: 7,
      declared: { license: 'https://example.org/l', biases: ['only mornings'] },
    });
    const alpha = krippendorffAlpha(labels) as { value: number };
    expect(summary.agreement[0]).toMatchObject({ estimate: alpha, n: 4, seed: 7 });
    const { low, high } = summary.agreement[0]!.interval!;
    expect(low).toBeLessThanOrEqual(alpha.value);
    expect(high).toBeGreaterThanOrEqual(alpha.value);
    const measured = card.variableMeasured as { name: string; value: unknown }[];
    expect(measured).toMatchObject([
      { name: 'items', value: 4 },
      { name: 'judgments', value: 12 },
      { name: 'raters', value: 3 },
      { name: 'rows', value: 12 },
      { name: 'answers', value: 'decided' },
      { name: 'records in trl-preference.jsonl', value: 12 },
      { name: 'Krippendorff α of comparisons (nominal)', value: alpha.value, minValue: low, maxValue: high },
      { name: 'agreement of pairs of raters on comparisons' },
    ]);
    expect(card.license).toBe('https://example.org/l');
    expect(JSON.stringify(card.creator)).toMatch(/not declared/);
    expect(card['rai:annotationsPerItem']).toBe('3 to 3, mean 3.00');
    expect(card['rai:dataBiases']).toEqual([
      expect.stringMatching(/^Reply shown first preferred: 50\.0 % \(6 of 12; 95 %: /),
      expect.stringMatching(/^Longer reply preferred: not measured/),
      'only mornings',
    ]);
    expect(card['rai:machineAnnotationTools']).toEqual(['judge-1']);
    expect(card['rai:dataAnnotationProtocol']).toMatch(/1 people, 1 models .*Recruited from: students/);
  });
  it('counts self-descriptions under consent only, and no small group', () => {
    const rater = (n: number, country: string, consent = true): RaterProfile => ({
      id: `r${n}`,
      kind: 'human',
      demographics: { country },
      ...(consent && { consent: { version: '1', at: '2026-01-01' } }),
    });
    const raters = [
      ...Array.from({ length: SMALLEST_GROUP }, (_, n) => rater(n, 'DE')),
      rater(10, 'FR'),
      rater(11, 'IT'),
      rater(12, 'ES', false),
    ];
    expect(demographicsLines(raters)).toEqual([
      'country (self-described, 7 of 8 raters): DE: 5, in groups of fewer than 5: 2',
    ]);
  });
  it('says why a number is undefined', async () => {
    const { card } = await run(
      project([item('i', 2)], [judgment('a', 'i', { kind: 'comparison', outcome: 0 })]),
      'csv',
    );
    expect(JSON.stringify(card.variableMeasured)).toMatch(/undefined: no unit has two values/);
  });
});

describe('places to write to', () => {
  const path = project([item('i', 2)], [judgment('a', 'i', { kind: 'comparison', outcome: 0 })]);
  it.each<[string, string, RegExp]>([
    ['trl-stepwise', 'x.parquet', /cannot be written as \.parquet: completions and labels are lists/],
    ['hh-rlhf', 'x.json', /hh-rlhf is written as \.jsonl, not \.json/],
    ['csv', 'x.txt', /expected \.jsonl, \.json, \.csv, \.parquet or a folder, got \.txt/],
    ['ukp', 'x.jsonl', /ukp is not written: the layout of one published data set/],
  ])('%s to %s is refused with the reason', async (layout, name, message) => {
    await expect(run(path, layout, { out: join(place(), name) })).rejects.toThrow(message);
  });
  it('messages are written where rows can hold lists, and refused where not', async () => {
    const { rows } = await run(path, 'trl-preference', { messages: true });
    expect(rows[0]).toMatchObject({
      prompt: [{ role: 'user', content: 'prompt of i' }],
      chosen: [{ role: 'assistant', content: 'same text0' }],
    });
    const refused = run(path, 'trl-preference', { messages: true, out: join(place(), 'x.csv') });
    await expect(refused).rejects.toThrow(/messages are lists, which csv columns do not hold/);
  });
  it('a folder gets one file named after the layout', async () => {
    const { summary } = await run(path, 'trl-unpaired');
    expect(summary.out).toMatch(/trl-unpaired\.jsonl$/);
    expect(summary.rows).toBe(2);
  });
});
