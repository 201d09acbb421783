import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { baseUrl } from '../../src/endpoint/index.ts';
import { readCsv } from '../../src/exchange/csv.ts';
import { asCell, ofCell } from '../../src/exchange/formulas.ts';
import { createPseudonymiser, looksLikePlatformId, redactIds } from '../../src/exchange/layouts/pseudonym.ts';
import { rowWriter } from '../../src/exchange/row-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = async (path: string) => {
  const rows = [];
  for await (const row of readCsv(path, {})) rows.push(row);
  return rows;
};

const FORMULAS = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '\r\n=1',
  ' =1',
  '\u00a0=1',
  '\u3000=1',
  '\u200b=1',
  '\ufeff=1',
  '\u2028=1',
  '\uff1d1+1',
  '\uff0b1',
  '\uff0d1',
  '\uff20SUM(A1)',
  ' \n\u00a0\uff1d1',
  '"=1',
  "'=1",
  '\u0000=1',
];

describe('tables as CSV', () => {
  it('hold no cell that a spreadsheet runs, in any layout, and read back as they were', async () => {
    const path = join(folder, 'out.csv');
    const writer = rowWriter(path, 'csv', { columns: [{ name: 'text', type: 'text' }], durable: false });
    const texts = [...FORMULAS, 'plain', "it's", "'quoted'", '', 'a = b', '1-1'];
    for (const text of texts) writer.write({ text });
    await writer.close();
    const cells = readFileSync(path, 'utf8').match(/"((?:[^"]|"")*)"/g)!;
    for (const text of FORMULAS) expect(asCell(text)).toBe(`'${text}`);
    for (const cell of cells.slice(1, FORMULAS.length + 1)) expect(cell).toMatch(/^"'/);
    for (const text of ['plain', "it's", "'quoted'", '', 'a = b', '1-1']) expect(asCell(text)).toBe(text);
    expect((await read(path)).map((row) => ('value' in row ? row.value.text : row))).toEqual(texts);
  });
  it('lose nothing, whatever the text', () => {
    const piece = fc.constantFrom("'", '=', '+', '-', '@', ' ', '\n', '\t', '\u00a0', '\uff1d', 'a', '"', '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        expect(ofCell(asCell(text))).toBe(text);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
  it('have a bounded number of columns, each once', async () => {
    const path = join(folder, 'wide.csv');
    writeFileSync(path, `${Array.from({ length: 80_000 }, (_, i) => `c${i}`).join(',')}\n`);
    await expect(read(path)).rejects.toThrow(/expected at most 10000 columns, got 80000/);
    writeFileSync(path, `${Array.from({ length: 9_000 }, (_, i) => `c${i % 8_999}`).join(',')}\n`);
    await expect(read(path)).rejects.toThrow(/column "c0" occurs twice/);
  });
});

describe('ids of people', () => {
  it('are found beside any text, in time that grows with the text', () => {
    // With the pattern of before, each of these takes longer than the test may.
    const long = 2_000_000;
    for (const text of [
      'a'.repeat(long),
      'a.'.repeat(long / 2),
      '@'.repeat(long),
      'a@'.repeat(long / 2),
      'A1'.repeat(long / 2),
    ])
      expect(looksLikePlatformId(text)).toBe(false);
    expect(redactIds(`${'a'.repeat(long)} me@example.org ${'b'.repeat(long)}`)).toMatch(/^a+ rater-[0-9a-f]{12} b+$/);
  });
  it('are e-mail addresses, and nothing that only has an at sign', () => {
    for (const id of ['a@b.c', 'jane.doe+x@mail.example.org', '<jane@example.org>', 'x,jane@example.org,y'])
      expect({ id, like: looksLikePlatformId(id) }).toEqual({ id, like: true });
    for (const id of ['a@b', '@b.c', 'a@', 'a@.c', 'a@b.', 'rater@home', '@', 'a@b@'])
      expect({ id, like: looksLikePlatformId(id) }).toEqual({ id, like: false });
    expect(redactIds('me@a.org;you@b.org', 'k'.repeat(16))).toMatch(/^rater-\w{12};rater-\w{12}$/);
    expect(createPseudonymiser().rater('me@a.org')).toMatch(/^rater-/);
  });
});

describe('addresses of endpoints', () => {
  it('are one whatever stands behind them', () => {
    const whole = 'http://127.0.0.1:1/v1';
    for (const path of ['', '///', '/chat/completions', '/chat/completions/', '/completions'])
      expect(baseUrl(`${whole}${path}`)).toBe(whole);
    const slashes = '/'.repeat(1_000_000);
    expect(baseUrl(`http://h${slashes}x`)).toBe(`http://h${slashes}x`);
  });
});
