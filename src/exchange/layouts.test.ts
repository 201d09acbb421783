import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportLayout } from './export.ts';
import { importLayout } from './import.ts';
import { layoutContract } from './layout.contract.ts';
import { LAYOUT_FILES } from './layout-files.fake.ts';
import { LAYOUT_IDS, type LayoutId } from './layouts/layout.ts';
import { findLayout, LAYOUTS } from './layouts/registry.ts';

const RENAMED: Partial<Record<LayoutId, string>> = {
  argilla: 'responses have no ids, and questions are named as this project names them',
  'label-studio': 'annotations are numbered within their task',
  arena: 'battles have no ids: a judgment is named by the number of its row',
  'alpaca-eval': 'annotations have no ids: a judgment is named by the number of its row',
};

for (const [id, path] of LAYOUT_FILES) {
  const renamed = RENAMED[id];
  layoutContract(LAYOUTS[id], path, renamed === undefined ? {} : { renamed });
}

const folder = mkdtempSync(join(tmpdir(), 'goodhart-parquet-'));
const parquet = join(folder, 'table.parquet');
await importLayout({ layout: 'csv', path: 'fixtures/layouts/csv.csv', out: join(folder, 'project'), durable: false });
await exportLayout({
  project: join(folder, 'project'),
  layout: 'parquet',
  out: parquet,
  now: () => '2026-01-01',
  durable: false,
});
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
layoutContract(LAYOUTS.parquet, parquet);

describe('the table of layouts', () => {
  it('has every id once, under its own name and aliases that are nobody else’s', () => {
    const names = LAYOUT_IDS.flatMap((id) => [LAYOUTS[id].id, ...LAYOUTS[id].aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const id of LAYOUT_IDS) expect(findLayout(id).id).toBe(id);
    expect(findLayout('dialogue-pairs').id).toBe('hh-rlhf');
    expect(findLayout('convincing-arguments').id).toBe('ukp');
    expect(() => findLayout('nothing')).toThrow(/unknown layout nothing; expected project, csv/);
  });
});
