import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { readBytes, readLines } from '../run/node.ts';
import { exportLayout } from './export.ts';
import { importLayout } from './import.ts';
import { readJsonArray } from './json-array.ts';
import { parquetWriter, readParquet } from './parquet.ts';
import { readProject } from './project-reader.ts';
import { richProject, writeRich } from './rich.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-exchange-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const place = (name = 'out') => join(folder, `${name}-${made++}`);
const file = (name: string, data: string | Uint8Array) => {
  const path = `${place('in')}-${name}`;
  writeFileSync(path, data);
  return path;
};
const quick = { durable: false };
const now = () => '2026-05-01T00:00:00Z';
const rejects = (out: string) =>
  readFileSync(join(out, 'rejected.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { line: number; field: string; reason: string; raw: string; rawCharacters: number },
    );
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const rows: T[] = [];
  for await (const row of source) rows.push(row);
  return rows;
}
const hh = (text: string) =>
  JSON.stringify({ chosen: `\n\nHuman: q\n\nAssistant: ${text}`, rejected: '\n\nHuman: q\n\nAssistant: no' });

describe('limits', () => {
  it('a gzip that unpacks a thousandfold is refused at the ratio, and at the size', async () => {
    const bomb = file('bomb.jsonl.gz', gzipSync(Buffer.alloc(4_000_000)));
    const limits = { ratioFromBytes: 100_000, lineBytes: 10_000_000 };
    await expect(all(readLines(bomb, { limits }))).rejects.toThrow(
      /bomb\.jsonl\.gz: expected gzip that unpacks to at most 250 times its size, got \d+ from \d+ bytes so far/,
    );
    await expect(all(readBytes(bomb, { limits: { unpackedBytes: 1_000_000 } }))).rejects.toThrow(
      /expected at most 1000000 bytes unpacked, got more/,
    );
    await expect(importLayout({ layout: 'hh-rlhf', path: bomb, out: place(), limits, ...quick })).rejects.toThrow(
      /at most 250 times/,
    );
  });
  it('a line of 1 GB is refused after its limit was read, not after the line', async () => {
    const path = file('long.jsonl', '{"chosen":"');
    const handle = openSync(path, 'r+');
    ftruncateSync(handle, 1_000_000_000);
    closeSync(handle);
    let read = 0;
    const onBytes = (bytes: number) => {
      read = bytes;
    };
    await expect(all(readLines(path, { onBytes }))).rejects.toThrow(
      /long\.jsonl:1: expected at most 8388608 bytes on a line/,
    );
    expect(read).toBeLessThan(9_000_000);
    await expect(importLayout({ layout: 'hh-rlhf', path, out: place(), ...quick })).rejects.toThrow(
      /at most 8388608 bytes/,
    );
    await expect(
      all(readJsonArray(file('long.json', `[${'"x"'.repeat(50)}]`), { limits: { lineBytes: 20 } })),
    ).rejects.toThrow(/expected at most 20 bytes for one element/);
  });
  it('a CSV record and a quote that never ends are refused, with the line', async () => {
    const long = file('long.csv', `prompt,reply_a\nx,"${'y'.repeat(500)}`);
    const limits = { lineBytes: 100 };
    await expect(importLayout({ layout: 'csv', path: long, out: place(), limits, ...quick })).rejects.toThrow(
      /long\.csv:2: expected at most 100 characters in a record/,
    );
    await expect(importLayout({ layout: 'csv', path: long, out: place(), ...quick })).rejects.toThrow(
      /long\.csv:2: expected the closing quote of a cell, got the end of the file/,
    );
  });
  it('a Parquet file that states more than it has is refused before it is decoded', async () => {
    const path = place('small.parquet');
    parquetWriteFile({
      filename: path,
      columnData: [{ name: 'prompt', data: new Array(1000).fill('same'), type: 'STRING' }],
    });
    expect((await all(readParquet(path))).length).toBe(1000);
    const bytes = readFileSync(path);
    const verdicts = new Set<string>();
    for (let i = 4; i < bytes.length - 8; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = 0xff;
      try {
        await all(readParquet(file('changed.parquet', changed)));
        verdicts.add('read');
      } catch (error) {
        verdicts.add((error as Error).name);
        expect((error as Error).message).toMatch(/changed\.parquet: /);
      }
    }
    expect([...verdicts].sort()).toEqual(['DataError', 'read']);
  });
});

describe('files as they come', () => {
  it('byte order mark, CRLF, blank lines, gzip: the same items', async () => {
    const plain = await importLayout({
      layout: 'hh-rlhf',
      path: file('a.jsonl', `${hh('a')}\n${hh('b')}\n`),
      out: place(),
      ...quick,
    });
    for (const data of [`\ufeff${hh('a')}\r\n${hh('b')}`, gzipSync(`${hh('a')}\n${hh('b')}\n`)]) {
      const other = await importLayout({ layout: 'auto', path: file('b.jsonl', data), out: place(), ...quick });
      expect(other.files.map((f) => f.sha256)).toEqual(plain.files.map((f) => f.sha256));
    }
  });
  it('texts arrive byte for byte: markup, NUL, marks, line ends, formulas, in every container', async () => {
    const texts = [
      '<script>alert(1)</script>',
      'a\0b',
      '\ufeffx',
      'a\r\nb',
      'a\u2028b',
      '=1+1',
      '"quoted", 🚢',
      '  x  ',
    ];
    const rows = texts.map((text, i) => ({ prompt: `p${i}`, chosen: text, rejected: `${i}` }));
    const path = file('texts.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const project = place();
    await importLayout({ layout: 'trl-preference', path, out: project, ...quick });
    const textsOf = async (where: string) =>
      (await readProject(where)).items.flatMap((i) => i.replies.map((r) => r.text));
    expect((await textsOf(project)).filter((text) => texts.includes(text)).sort()).toEqual([...texts].sort());
    for (const name of ['x.jsonl', 'x.csv', 'x.parquet']) {
      const out = join(place(), name);
      await exportLayout({ project, layout: 'trl-preference', out, now, ...quick });
      const again = place();
      await importLayout({ layout: 'trl-preference', path: out, out: again, ...quick });
      expect(await textsOf(again)).toEqual(await textsOf(project));
    }
  });
  it('JSON arrays are cut apart at any chunk, with the line of each element', async () => {
    const elements = [{ a: 'x,]["\\"' }, { b: [1, [2, { c: ']' }]] }, { d: 'é🚢' }];
    const text = `\ufeff [\n${elements.map((e) => JSON.stringify(e)).join(' ,\n')}\n]\n`;
    const rows = await all(readJsonArray(file('x.json', text)));
    expect(rows.map((row) => JSON.parse(row.bytes.toString()))).toEqual(elements);
    expect(rows.map((row) => row.line)).toEqual([2, 3, 4]);
    expect(await all(readJsonArray(file('x.json', ' [ ] ')))).toEqual([]);
  });
  it.each<[string, string, RegExp]>([
    ['a cut array', '[{"a":1},', /x\.json:1: expected the end of the JSON array, got the end of the file/],
    ['text after it', '[] []', /expected nothing after the JSON array/],
    ['no array', '{"a":1}', /expected a JSON array, which starts with \[/],
    ['a comma too many', '[1,,2]', /expected an element, got nothing between commas/],
    ['nothing', '', /expected records, got an empty file/],
  ])('%s is one clear error', async (_, text, message) => {
    await expect(all(readJsonArray(file('x.json', text)))).rejects.toThrow(message);
  });
  it('an archive is said to be one', async () => {
    const path = file('x.zip', Buffer.from('PK\x03\x04rest', 'latin1'));
    await expect(importLayout({ layout: 'auto', path, out: place() })).rejects.toThrow(
      /got a zip archive; unpack it first/,
    );
  });
  it('columns of a table go by the names that are given', async () => {
    const path = file(
      'votes.csv',
      'question,left,right,winner,who\nq,"a, b",c,A,jo@example.org\nq,"a, b",c,tie,w2\nq,x,y,left,w3\n',
    );
    const rename = new Map(
      Object.entries({ prompt: 'question', reply_a: 'left', reply_b: 'right', choice: 'winner', rater: 'who' }),
    );
    const out = place();
    const summary = await importLayout({ layout: 'csv', path, out, rename, ...quick });
    const { items, judgments } = await readProject(out);
    expect([items.length, judgments.map((j) => (j.answer as { outcome: unknown }).outcome)]).toEqual([1, [0, 'tie']]);
    expect(summary.pseudonyms).toEqual({ given: 1, keyed: false });
    expect(rejects(out)).toMatchObject([{ line: 4, field: 'choice', reason: 'expected a, b, got "left"' }]);
  });
  it('Parquet has what JSON has no name for as text, and nulls as absent', async () => {
    const path = place('types.parquet');
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'big', data: [9007199254740993n, 5n], type: 'INT64' },
        { name: 'at', data: [new Date('2026-01-01T00:00:00Z'), null], type: 'TIMESTAMP' },
        { name: 'list', data: [{ a: [1, 'x'] }, null], type: 'JSON' },
      ],
    });
    expect(await all(readParquet(path))).toEqual([
      { big: '9007199254740993', at: '2026-01-01T00:00:00.000Z', list: { a: [1, 'x'] } },
      { big: 5, at: null, list: null },
    ]);
    const written = place('groups.parquet');
    const writer = parquetWriter(written, [{ name: 'n', type: 'number' }]);
    for (let n = 0; n < 25_000; n++) writer.write({ n });
    writer.close();
    expect((await all(readParquet(written))).map((row) => row.n)).toEqual(Array.from({ length: 25_000 }, (_, n) => n));
  });
});

describe('rows that cannot be read', () => {
  const bad = [hh('a'), '{"chosen":1}', hh('b'), 'x'.repeat(3000), hh('A2SUAM1J3GNN3B').replace('Assistant', 'Nobody')];
  it('go to the side file with line, field, reason and a cut and redacted raw row', async () => {
    const out = place();
    const summary = await importLayout({ layout: 'hh-rlhf', path: file('bad.jsonl', bad.join('\n')), out, ...quick });
    expect(summary).toMatchObject({ rows: 5, items: 2, judgments: 2, rejected: 3 });
    expect(summary.firstRejected).toMatch(/bad\.jsonl:2: chosen: .*expected string/);
    const side = rejects(out);
    expect(side.map(({ line, field }) => [line, field])).toEqual([
      [2, 'chosen'],
      [4, 'row'],
      [5, 'rejected'],
    ]);
    expect([side[1]!.raw.length, side[1]!.rawCharacters]).toEqual([2000, 3000]);
    expect(side[2]!.raw).toMatch(/rater-[0-9a-f]{12}/);
    expect(JSON.stringify(side)).not.toContain('A2SUAM1J3GNN3B');
  });
  it('stop a strict import, which leaves nothing', async () => {
    const out = place();
    const options = { layout: 'hh-rlhf', path: file('bad.jsonl', bad.join('\n')), out, strict: true, ...quick };
    await expect(importLayout(options)).rejects.toThrow(/bad\.jsonl:2: chosen: .*or import without --strict/);
    expect(existsSync(out)).toBe(false);
    expect((await importLayout({ ...options, limit: 1 })).items).toBe(1);
  });
  it('name both lines of an id that occurs twice', async () => {
    const row = (reply: string) =>
      JSON.stringify({ prompt: 'p', chosen: reply, rejected: 'no', item_id: 'i', judgment_id: 'j' });
    const out = place();
    const path = file('twice.jsonl', [row('a'), row('a'), row('b')].join('\n'));
    await importLayout({ layout: 'trl-preference', path, out, ...quick });
    expect(rejects(out).map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'id j occurs twice, first on line 1; ids must be unique'],
      [3, 'id i has another content, first on line 1; ids must be unique'],
    ]);
  });
});

describe('pseudonyms of an import', () => {
  const path = () => file('who.csv', 'prompt,reply_a,reply_b,choice,rater\nq,x,y,a,jo@example.org\nq,y,z,a,r2\n');
  const row = { layout: 'csv', ...quick };
  it('are keyed where a key is given, and the map is written only where it is asked for', async () => {
    const out = place();
    const pseudonymMap = place('map.jsonl');
    const key = 'a secret of the project';
    const summary = await importLayout({ ...row, path: path(), out, pseudonymKey: key, pseudonymMap });
    expect(summary.pseudonyms).toEqual({ given: 1, keyed: true });
    const written = readdirSync(out)
      .map((name) => readFileSync(join(out, name), 'utf8'))
      .join('');
    expect(written).not.toContain('jo@example.org');
    const { pseudonym } = JSON.parse(readFileSync(pseudonymMap, 'utf8')) as { pseudonym: string };
    expect(written).toContain(pseudonym);
    const open = await importLayout({ ...row, path: path(), out: place() });
    expect(readFileSync(join(open.out, 'judgments.jsonl'), 'utf8')).not.toContain(pseudonym);
  });
  it('have no map inside the folder that is handed on', async () => {
    const out = place();
    const options = { ...row, path: path(), out, pseudonymMap: join(out, 'map.jsonl') };
    await expect(importLayout(options)).rejects.toThrow(/expected a place outside/);
  });
});

describe('whole or not at all', () => {
  it('a folder with content, an existing file and another export’s card are left alone', async () => {
    const out = place();
    mkdirSync(out);
    writeFileSync(join(out, 'mine.txt'), '');
    const path = file('a.jsonl', hh('a'));
    await expect(importLayout({ layout: 'hh-rlhf', path, out, ...quick })).rejects.toThrow(
      /expected a new or empty folder, got 1/,
    );
    const project = place();
    await importLayout({ layout: 'hh-rlhf', path, out: project, ...quick });
    const rows = join(place(), 'a.jsonl');
    await exportLayout({ project, layout: 'hh-rlhf', out: rows, now, ...quick });
    await expect(exportLayout({ project, layout: 'hh-rlhf', out: rows, now, ...quick })).rejects.toThrow(
      /card of another export/,
    );
    await expect(exportLayout({ project, layout: 'trl-stepwise', out: place(), now, ...quick })).rejects.toThrow(
      /nothing can be written as trl-stepwise \(answers of kind comparison: 1\)/,
    );
  });
  it('a killed import leaves nothing that is taken for whole, and the next one clears it away', async () => {
    const out = place('killed');
    const module = pathToFileURL('src/exchange/staging.ts').href;
    const script = `const { stage } = await import(${JSON.stringify(module)});
      const { writeFileSync } = await import('node:fs');
      const staging = stage(${JSON.stringify(out)}, 'folder');
      writeFileSync(staging.path + '/items.jsonl', '{}');
      process.stdout.write(staging.path);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    const left = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
      child.once('exit', () => reject(new Error('the child ended early')));
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.removeAllListeners('exit');
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await Promise.race([ended, gone]);
    expect([existsSync(out), existsSync(left)]).toEqual([false, true]);
    await expect(readProject(left)).rejects.toThrow(/an unfinished import or export; start it again/);
    await expect(importLayout({ layout: 'project', path: left, out: place(), ...quick })).rejects.toThrow(/unfinished/);
    await importLayout({ layout: 'hh-rlhf', path: file('a.jsonl', hh('a')), out, ...quick });
    expect([existsSync(out), existsSync(left)]).toEqual([true, false]);
  });
});

describe('project folders', () => {
  const write = (project: string, name: string, rows: readonly unknown[]) =>
    writeFileSync(join(project, `${name}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const rich = () => {
    const project = place('project');
    const data = richProject(['comparison', 'steps']);
    writeRich(project, data);
    return { project, data };
  };
  it('with a history say what stands after it, and refuse a file that says otherwise', async () => {
    const { project, data } = rich();
    const undo = { type: 'undo', id: 'u', projectId: 'rich', raterId: 'r', at: '2026-03-02', undoes: 'judgment-2' };
    write(project, 'records', [...data.records, undo]);
    const { judgments, records, raters } = await readProject(project);
    expect(judgments.map((j) => j.id)).toEqual(['judgment-1', 'judgment-3', 'judgment-4', 'judgment-repeat']);
    expect([records!.length, raters.length]).toEqual([data.records.length + 1, 4]);
    write(project, 'judgments', judgments);
    expect((await readProject(project)).judgments).toEqual(judgments);
    write(project, 'judgments', data.judgments);
    await expect(readProject(project)).rejects.toThrow(
      /expected the 4 judgments that stand after records\.jsonl, got 5/,
    );
  });
  it.each<[string, (data: ReturnType<typeof richProject>) => [string, readonly unknown[]], RegExp]>([
    [
      'an item twice',
      ({ items }) => ['items', [...items, items[0]]],
      /items\.jsonl:5: id item-comparison-0 occurs twice, first on line 1/,
    ],
    ['a rater twice', ({ raters }) => ['raters', [raters[0], raters[0]]], /raters\.jsonl:2: id rater-1 occurs twice/],
    [
      'a record twice',
      ({ records }) => ['records', [records[0], records[0]]],
      /records\.jsonl:2: id judgment-1 occurs twice/,
    ],
    ['a lost item', ({ items }) => ['items', items.slice(1)], /records\.jsonl:1: itemId: no item item-comparison-0/],
    [
      'an answer that does not fit',
      ({ items }) => ['items', [{ ...items[0]!, replies: [] }, ...items.slice(1)]],
      /records\.jsonl:1: a comparison needs two replies, the item has 0/,
    ],
  ])('%s is refused with its line', async (_, change, message) => {
    const { project, data } = rich();
    const [name, rows] = change(data);
    write(project, name, rows);
    await expect(readProject(project)).rejects.toThrow(message);
    await expect(exportLayout({ project, layout: 'csv', out: place(), now, ...quick })).rejects.toThrow(message);
  });
  it('with a history are imported by it; a judgment that it does not have is rejected', async () => {
    const { project, data } = rich();
    write(project, 'judgments', [...data.judgments, { ...data.judgments[0]!, id: 'from nowhere' }]);
    const out = place();
    const summary = await importLayout({ layout: 'project', path: project, out, ...quick });
    expect(summary.firstRejected).toMatch(/judgments\.jsonl:6: id: judgment from nowhere is not in records\.jsonl/);
    expect(readdirSync(out).sort()).toEqual(['items.jsonl', 'raters.jsonl', 'records.jsonl', 'rejected.jsonl']);
    expect((await readProject(out)).judgments).toEqual(data.judgments);
  });
  it('without items or judgments are told what is missing', async () => {
    const { project } = rich();
    rmSync(join(project, 'records.jsonl'));
    await expect(readProject(project)).rejects.toThrow(/expected judgments\.jsonl or records\.jsonl there/);
    await expect(importLayout({ layout: 'project', path: place(), out: place() })).rejects.toThrow(
      /no such file or folder/,
    );
    await expect(importLayout({ layout: 'project', path: folder, out: place() })).rejects.toThrow(
      /expected items\.jsonl/,
    );
  });
});
