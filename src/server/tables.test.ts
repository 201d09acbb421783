import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, describe, expect, it } from 'vitest';
import { PROJECT_TABLES, RUN_TABLES, type TableFormat } from './contract/index.ts';
import { NO_RUNS, openTestStudio, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

const FORMULA = '=HYPERLINK("https://evil.example","click")';
type Rows = Record<string, unknown>[];

async function file(person: Person, route: string, params: Record<string, string>, format: TableFormat) {
  const response = await person.send(route, { params, query: { format } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toMatch(new RegExp(`attachment; filename=".*\\.${format}"`));
  const bytes = await response.arrayBuffer();
  expect(response.headers.get('content-length')).toBe(String(bytes.byteLength));
  return bytes;
}
/** The same table from every format. */
async function everyFormat(person: Person, route: string, params: Record<string, string>) {
  const text = async (format: TableFormat) => new TextDecoder().decode(await file(person, route, params, format));
  const json = JSON.parse(await text('json')) as Rows;
  const lines = (await text('jsonl')).split('\n').filter((line) => line !== '');
  expect(lines.map((line) => JSON.parse(line))).toEqual(json);
  const parquet = await parquetReadObjects({ file: await file(person, route, params, 'parquet') });
  const nothing = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined));
  expect(parquet.map(nothing)).toEqual(json.map(nothing));
  const csv = parse(await text('csv'), { columns: true }) as Record<string, string>[];
  expect(csv.length).toBe(json.length);
  return { json, csv };
}

/** A project with one of everything, and text that a spreadsheet would run. */
async function filled() {
  studio = await openTestStudio({
    runs: {
      ...NO_RUNS,
      projectOf: async () => 'p',
      has: async (run) => run === 'r',
      series: async () => ({
        policy: {
          reward: [
            [0, 0.5],
            [1, 0.75],
          ],
        },
      }),
      samples: async () => [{ prompt: FORMULA, before: 'a', after: 'b', note: '' }],
    },
  });
  const { store } = studio;
  await store.putProject(testProject({ distribution: { ...testProject().distribution, overlap: 2 } }));
  await store.addItems('p', testItems(3, { prompt: FORMULA }));
  const raters = ['r1', 'r2'];
  await store.putRaters(
    'p',
    raters.map((id) => ({ id, kind: 'human' as const })),
  );
  const shown = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00.000Z' };
  for (const [outcome, raterId] of raters.entries()) {
    const judgment = {
      id: `j-${raterId}`,
      projectId: 'p',
      itemId: 'SECRET-item-0',
      raterId,
      presentation: shown,
      questionId: 'better',
      answer: { kind: 'comparison' as const, outcome },
      activeMs: 1000,
      submittedAt: '2026-01-01T00:00:00.000Z',
      source: 'studio',
    };
    await store.submit({ type: 'judgment', judgment });
  }
  const lead = await studio.person('lead', ['p']);
  await lead.call('POST /api/projects/{project}/items/{item}/adjudication', {
    params: { project: 'p', item: 'SECRET-item-1' },
    body: {
      questionId: 'better',
      answer: { kind: 'comparison', outcome: 1 },
      reason: 'fact',
      note: '@SUM(1)',
      idempotencyKey: 'decision-1',
    },
  });
  return lead;
}

describe('tables as files', () => {
  it('say the same in every format, and run nothing in a spreadsheet', async () => {
    const lead = await filled();
    const route = 'GET /api/projects/{project}/tables/{table}';
    const of = (table: string) => everyFormat(lead, route, { project: 'p', table });
    const items = await of('items');
    expect(items.json.map(({ id, judgments, wanted, adjudicated }) => [id, judgments, wanted, adjudicated])).toEqual([
      ['SECRET-item-0', 2, 2, false],
      ['SECRET-item-1', 0, 2, true],
      ['SECRET-item-2', 0, 2, false],
    ]);
    expect(items.json[0]!.prompt).toBe(FORMULA);
    expect(items.csv[0]!.prompt).toBe(`'${FORMULA}`);
    expect((await of('disagreements')).json.map(({ id, agreement }) => [id, agreement])).toEqual([
      ['SECRET-item-0', 0],
    ]);
    expect((await of('raters')).json.map(({ raterId, judgments }) => [raterId, judgments]).sort()).toEqual(
      expect.arrayContaining([
        ['r1', 1],
        ['r2', 1],
      ]),
    );
    expect((await of('records')).json.map(({ seq, type, standing }) => [seq, type, standing])).toEqual([
      [1, 'judgment', true],
      [2, 'judgment', true],
      [3, 'adjudication', true],
    ]);
    const decided = await of('adjudications');
    expect([decided.json[0]!.note, decided.csv[0]!.note]).toEqual(['@SUM(1)', "'@SUM(1)"]);
    expect(PROJECT_TABLES.length).toBe(5);
  });
  it('of a run too', async () => {
    const lead = await filled();
    const of = (table: string) =>
      everyFormat(lead, 'GET /api/runs/{run}/tables/{table}', { run: 'r', table }).then(({ json }) => json);
    expect(await of('metrics')).toEqual([
      { stage: 'policy', metric: 'reward', step: 0, value: 0.5 },
      { stage: 'policy', metric: 'reward', step: 1, value: 0.75 },
    ]);
    expect((await of('samples')).map(({ prompt }) => prompt)).toEqual([FORMULA]);
    expect(await of('findings')).toEqual([]);
    expect(RUN_TABLES.length).toBe(3);
  });
  it('refuse what is not there, show auditors no names, and leave no file behind', async () => {
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('goodhart-file-'));
    const before = new Set(folders());
    const lead = await filled();
    const route = 'GET /api/projects/{project}/tables/{table}';
    expect((await lead.send(route, { params: { project: 'p', table: 'secrets' } })).status).toBe(404);
    expect(
      (await lead.send(route, { params: { project: 'p', table: 'items' }, query: { format: 'exe' } })).status,
    ).toBe(400);
    const auditor = await studio.person('auditor', ['p']);
    const names = async (person: Person) => {
      const bytes = await file(person, route, { project: 'p', table: 'raters' }, 'json');
      return (JSON.parse(new TextDecoder().decode(bytes)) as Rows).map(({ name }) => name);
    };
    expect((await names(lead)).some((name) => name !== null)).toBe(true);
    expect((await names(auditor)).every((name) => name === null)).toBe(true);
    const left = () => folders().filter((name) => !before.has(name));
    await expect.poll(() => left().length, { timeout: 20_000 }).toBe(0);
  });
});
