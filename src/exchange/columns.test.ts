import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { columnNames, unreadPaths } from './columns.ts';
import { importLayout } from './import.ts';
import { JSON_FILES, jsonRows } from './layout-files.fake.ts';
import { LAYOUT_IDS, type Layout } from './layouts/layout.ts';
import { LAYOUTS } from './layouts/registry.ts';
import { readProject } from './project-reader.ts';
import type { SourceOptions } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-columns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const place = (name: string) => join(folder, `${made++}-${name}`);

type Row = Record<string, unknown>;
async function importRows(layout: string, rows: readonly object[], options: Partial<SourceOptions> = {}) {
  const path = place('rows.jsonl');
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  const out = place('project');
  const summary = await importLayout({ layout, path, out, projectId: 'p', durable: false, ...options });
  return { summary, ...(await readProject(out)) };
}
const insideOf = ({ reads }: Layout) => ('not' in reads ? undefined : reads.inside);

describe('--column', () => {
  it.each(JSON_FILES)('%s: every column that a row has can go by another name', async (id, file) => {
    const layout = LAYOUTS[id];
    const rows = jsonRows(file);
    const plain = await importRows(id, rows);
    const inside = insideOf(layout);
    const names = columnNames(layout).names.filter((name) =>
      rows.every((row) => Object.hasOwn(inside === undefined ? row : (row[inside] as Row), name)),
    );
    // The prompt of the two tools goes by many names: one of them does for all rows.
    if (inside === undefined) expect(names.length).toBeGreaterThan(0);
    const moved = (row: Row) =>
      Object.fromEntries(Object.entries(row).map(([key, cell]) => [names.includes(key) ? `old ${key}` : key, cell]));
    const changed = rows.map((row) =>
      inside === undefined ? moved(row) : { ...row, [inside]: moved(row[inside] as Row) },
    );
    const rename = new Map(names.map((name) => [name, `old ${name}`]));
    const again = await importRows(id, changed, { rename });
    expect([again.items, again.judgments]).toEqual([plain.items, plain.judgments]);
    await expect(importRows(id, rows, { rename: new Map([['no such name', 'x']]) })).rejects.toThrow(
      /expected a column that/,
    );
    const [name = 'prompt'] = names;
    await expect(importRows(id, rows, { rename: new Map([[name, 'absent']]) })).rejects.toThrow(/absent/);
  });
  it('a project folder has no columns to name', async () => {
    const options = {
      layout: 'project',
      path: 'fixtures/layouts/project',
      out: place('p'),
      rename: new Map([['prompt', 'x']]),
    };
    await expect(importLayout(options)).rejects.toThrow(/a project folder has the columns of this project/);
  });
  it('is for every layout: each says what it reads, or why there is nothing to name', () => {
    for (const id of LAYOUT_IDS) {
      const { reads } = LAYOUTS[id];
      if ('not' in reads) expect(reads.not.length).toBeGreaterThan(10);
      else expect(columnNames(LAYOUTS[id]).names.length).toBeGreaterThan(0);
    }
  });
});

describe('columns that a layout does not read', () => {
  it.each(JSON_FILES)('%s: are counted, change nothing, and are kept on request', async (id, file) => {
    const rows = jsonRows(file);
    const inside = insideOf(LAYOUTS[id]);
    const plain = await importRows(id, rows);
    const extra = { 'another one': 'of some length', zz: 1.5, empty: null };
    const changed = rows.map((row) =>
      Object.fromEntries(
        Object.entries(
          inside === undefined ? { ...extra, ...row } : { ...row, [inside]: { ...extra, ...(row[inside] as Row) } },
        ).reverse(),
      ),
    );
    const more = await importRows(id, changed);
    expect([more.items, more.judgments]).toEqual([plain.items, plain.judgments]);
    const { rejected, rows: n } = plain.summary;
    expect(more.summary.notKept).toEqual({
      ...plain.summary.notKept,
      'another one': n - rejected,
      zz: n - rejected,
    });
    const kept = await importRows(id, changed, { keep: ['another one'] });
    const all = JSON.stringify([kept.items, kept.judgments]);
    expect(all).toContain('"another one":"of some length"');
    expect(all).not.toContain('"zz"');
    expect(kept.summary.notKept).not.toHaveProperty('another one');
    expect(JSON.stringify(Object.values(await importRows(id, changed, { keep: 'all' })))).toContain('"zz":"1.5"');
    await expect(importRows(id, rows, { keep: ['nowhere'] })).rejects.toThrow(/--keep-columns nowhere: no such column/);
  });
  it('are found at any depth of a row', () => {
    const schema = z.object({
      a: z.array(z.object({ b: z.string().nullish() })).nullish(),
      c: z.union([z.string(), z.object({ d: z.number() })]),
      e: z.record(z.string(), z.object({ f: z.number() })),
      g: z.object({}).loose(),
    });
    const value = {
      a: [
        { b: 'x', x: 1 },
        { y: 2, z: null },
      ],
      c: { d: 1, u: 1 },
      e: { k: { f: 1, v: 1 } },
      g: { any: 1 },
      h: 0,
    };
    expect(unreadPaths(schema, value)).toEqual(['a[].x', 'a[].y', 'c.u', 'e.*.v', 'h']);
  });
});
