import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAYOUT_IDS } from '../exchange/index.ts';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-exchange-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const place = (name = 'out') => join(folder, `${name}-${made++}`);
const write = (name: string, data: string) => {
  const path = place(name);
  writeFileSync(path, data);
  return path;
};

/** The result of a command with --json: its last line; the lines before are progress. */
const result = (out: string) => JSON.parse(out.trim().split('\n').at(-1)!) as Record<string, unknown>;

const pair = (i: number) =>
  JSON.stringify({ chosen: `\n\nHuman: q${i}\n\nAssistant: fine`, rejected: `\n\nHuman: q${i}\n\nAssistant: rude` });
const pairs = (n: number) => Array.from({ length: n }, (_, i) => pair(i)).join('\n');

describe('import', () => {
  it('tells the layout, counts, shows progress, and ends with 0 although rows were rejected', async () => {
    const path = write('pairs.jsonl', `${pairs(3)}\n{"chosen":1,"rejected":"x"}\n`);
    const out = place();
    const { code, out: text, err } = await run('import', 'auto', path, '--out', out);
    expect(code).toBe(0);
    expect(text).toMatch(
      /^1 rows were rejected, in .*rejected\.jsonl; the first: .*:4: chosen: .*\n3 items and 3 judgments in .* \(layout hh-rlhf\)\n/,
    );
    expect(err).toMatch(/import +1\/1 kB/);
    expect(readdirSync(out).sort()).toEqual(['items.jsonl', 'judgments.jsonl', 'rejected.jsonl']);
  });
  it('with --json is one result after its progress', async () => {
    const { out } = await run(
      'import',
      'hh-rlhf',
      write('pairs.jsonl', pairs(2)),
      '--out',
      place(),
      '--json',
      '--project',
      'mine',
    );
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(['progress', 'imported']);
    const { out: folderOut, ...summary } = result(out);
    expect(summary).toMatchObject({ layout: 'hh-rlhf', rows: 2, items: 2, judgments: 2, rejected: 0, notes: {} });
    expect(readFileSync(join(folderOut as string, 'items.jsonl'), 'utf8')).toMatch(/"projectId":"mine"/);
  });
  it('--limit, --column and the pseudonym key reach the reader', async () => {
    const table = write('votes.csv', 'question,left,right,winner,who\nq,a,b,A,jo@example.org\nq,a,b,B,r2\n');
    const columns = ['prompt=question', 'reply_a=left', 'reply_b=right', 'choice=winner', 'rater=who'];
    const named = columns.flatMap((column) => ['--column', column]);
    const imported = async (...more: string[]) => {
      const out = place();
      const { code, out: text } = await run('import', 'csv', table, '--out', out, ...named, ...more);
      expect(code).toBe(0);
      return { text, judgments: readFileSync(join(out, 'judgments.jsonl'), 'utf8') };
    };
    const open = await imported();
    expect(open.text).toMatch(
      /1 rater ids are pseudonyms: plain hashes, which whoever can list .* give --pseudonym-key/,
    );
    const keyed = await imported('--pseudonym-key', 'a key that nobody knows');
    expect(keyed.text).toMatch(/1 rater ids are pseudonyms: keyed hashes/);
    process.env.GOODHART_PSEUDONYM_KEY = 'a key that nobody knows';
    const fromVariable = await imported();
    delete process.env.GOODHART_PSEUDONYM_KEY;
    expect(fromVariable.judgments).toBe(keyed.judgments);
    expect(keyed.judgments).not.toBe(open.judgments);
    expect((await imported('--limit', '1')).judgments.trim().split('\n').length).toBe(1);
  });
  it('--keep-columns keeps what is not read, and --pseudonym-map says who is who', async () => {
    const row = { ...(JSON.parse(pair(1)) as object), topic: 'harbour', source: 'a list' };
    const path = write('pairs.jsonl', JSON.stringify(row));
    const kept = async (...more: string[]) => {
      const out = place();
      const { out: text } = await run('import', 'hh-rlhf', path, '--out', out, ...more);
      const [line] = readFileSync(join(out, 'items.jsonl'), 'utf8').split('\n');
      return { text, strata: (JSON.parse(line!) as { strata?: object }).strata };
    };
    const plain = await kept();
    expect(plain.text).toMatch(/^columns not kept, .*: topic \(1\), source \(1\)\n/);
    expect(plain.strata).toBeUndefined();
    expect(await kept('--keep-columns', 'topic')).toMatchObject({ strata: { topic: 'harbour' } });
    expect((await kept('--keep-columns', 'all')).strata).toEqual({ source: 'a list', topic: 'harbour' });
    const map = place('map.jsonl');
    const votes = write('votes.csv', 'prompt,reply_a,reply_b,choice,rater\nq,a,b,a,jo@example.org\n');
    await run('import', 'csv', votes, '--out', place(), '--pseudonym-map', map);
    expect(JSON.parse(readFileSync(map, 'utf8'))).toMatchObject({ id: 'jo@example.org' });
  });
  it('ends with 1 and the reasons by count when no judgment was kept, and says losses first', async () => {
    const result = { type: 'pairwise', from_name: 'pw', to_name: 'x,y', value: { selected: 'left' } };
    const task = (id: number, results: object[]) => ({
      id,
      data: { prompt: 'q', text_a: 'North', text_b: 'South' },
      annotations: [{ id, completed_by: 1, result: results }],
    });
    const lost = write('tasks.json', JSON.stringify([task(1, [result]), task(2, [result])]));
    const { code, err, out } = await run('import', 'label-studio', lost, '--out', place());
    expect(code).toBe(1);
    expect(err).toMatch(/kept none of those in the source: 2 × a result: a pairwise result whose left and right text/);
    expect(out).toMatch(/^2 judgments were not kept:\n/);
    const some = write(
      'tasks.json',
      JSON.stringify([task(1, [result]), task(2, [{ ...result, to_name: 'text_a,text_b' }])]),
    );
    const part = await run('import', 'label-studio', some, '--out', place());
    expect(part).toMatchObject({ code: 0, out: expect.stringMatching(/^1 judgments were not kept:\n/) });
    const none = write('tasks.json', JSON.stringify([task(1, [])]));
    expect((await run('import', 'label-studio', none, '--out', place())).code).toBe(0);
  });
  it('the old names still work', async () => {
    const out = place();
    expect((await run('import', 'convincing-arguments', 'fixtures/layouts/ukp', '--out', out)).out).toMatch(
      /2 items and 5 judgments/,
    );
    expect((await run('feedback', 'report', out)).out).toMatch(/Judgments +5 on 2 items by 3 raters/);
  });
});

describe('export', () => {
  it('round trip of a project: votes to Parquet and back, with a card', async () => {
    const project = place('project');
    await run('import', 'project', 'fixtures/layouts/project', '--out', project);
    const exports = place('exports');
    const { code, out } = await run(
      'export',
      project,
      '--layout',
      'parquet',
      '--out',
      join(exports, 'all.parquet'),
      '--answers',
      'all',
      '--json',
    );
    expect(code).toBe(0);
    expect(result(out)).toMatchObject({
      type: 'exported',
      layout: 'parquet',
      rows: 4,
      items: 3,
      judgments: 4,
      omitted: {},
    });
    expect(readdirSync(exports).sort()).toEqual(['all.parquet', 'croissant.json']);
    const again = place('again');
    await run('import', 'auto', join(exports, 'all.parquet'), '--out', again);
    expect(readFileSync(join(again, 'items.jsonl'), 'utf8')).toBe(
      readFileSync(join(project, 'items.jsonl'), 'utf8').replaceAll('"projectId":"harbour"', '"projectId":"imported"'),
    );
  });
  it('says what is not in the rows, how rankings were expanded, and what the layout cannot hold', async () => {
    const project = place('project');
    await run('import', 'csv', 'fixtures/layouts/csv.csv', '--out', project);
    const { out } = await run(
      'export',
      project,
      '--layout',
      'trl-preference',
      '--out',
      place(),
      '--expand',
      'best-rest',
      '--creator',
      'A team',
    );
    expect(out).toMatch(/3 rows of 3 judgments on 3 items/);
    expect(out).toMatch(/rankings became pairs \(best-rest\); their weights are in the column weight/);
    expect(out).toMatch(/not in the rows:\n {2}tie: neither reply is chosen: 1/);
    expect(out).toMatch(/not held by this layout:\n {2}people: /);
  });
});

describe('options of an export', () => {
  it.each<[string, string[], RegExp]>([
    ['--name', ['--name', 'Votes of the town'], /"name": "Votes of the town"/],
    ['--description', ['--description', 'What the town says'], /What the town says/],
    ['--license', ['--license', 'https://example.org/licence'], /"https:\/\/example\.org\/licence"/],
    ['--url', ['--url', 'https://example.org/votes'], /"https:\/\/example\.org\/votes"/],
    ['--creator', ['--creator', 'A team'], /A team/],
    ['--bias', ['--bias', 'only of one town'], /only of one town/],
    ['--seed', ['--seed', '7'], /seed 7/],
    ['--answers', ['--answers', 'majority'], /"name": "answers",\s*"value": "majority"/],
  ])('%s is on the card', async (_, options, there) => {
    const card = async (...more: string[]) => {
      const exports = place('exports');
      const { code } = await run('export', 'fixtures/layouts/project', '--layout', 'csv', '--out', exports, ...more);
      expect(code).toBe(0);
      return readFileSync(join(exports, 'croissant.json'), 'utf8');
    };
    expect(await card()).not.toMatch(there);
    expect(await card(...options)).toMatch(there);
  });
  it('--messages writes lists of messages', async () => {
    const rows = async (...more: string[]) => {
      const file = join(place('exports'), 'rows.jsonl');
      await run('export', 'fixtures/layouts/project', '--layout', 'dpo', '--out', file, ...more);
      return (JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!) as { chosen: unknown }).chosen;
    };
    expect(await rows()).toBeTypeOf('string');
    expect(await rows('--messages')).toMatchObject([{ role: 'assistant' }]);
  });
});

describe('layouts and help', () => {
  it('lists every layout with what it holds', async () => {
    const { out } = await run('layouts');
    for (const id of LAYOUT_IDS) expect(out).toMatch(new RegExp(`^${id} `, 'm'));
    expect(out).toMatch(/^ukp +convincing-arguments +read only +comparison$/m);
    const facts = JSON.parse((await run('layouts', '--json')).out) as { id: string; aspects: object }[];
    expect(facts.map(({ id }) => id)).toEqual([...LAYOUT_IDS]);
  });
  it.each(['import', 'export', 'layouts'])('%s --help has examples', async (command) => {
    const { code, out } = await run(command, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/Examples?:\n {2}goodhart /);
  });
});

describe('mistakes are one line and exit code 2, with nothing half-written', () => {
  const cases: [string, () => string[], RegExp][] = [
    [
      'an unknown layout',
      () => ['import', 'nope', write('a.jsonl', pairs(1))],
      /unknown layout nope; expected project, csv/,
    ],
    ['a missing file', () => ['import', 'auto', place('none')], /no such file or folder; check the path/],
    [
      'a file for a folder',
      () => ['import', 'ukp', write('a.jsonl', pairs(1))],
      /expected a folder of pairs, got a file/,
    ],
    ['a folder for a file', () => ['import', 'hh-rlhf', 'fixtures'], /expected a file, got a folder; name the file/],
    [
      'no known layout',
      () => ['import', 'auto', write('a.jsonl', '{"a":1}')],
      /expected a row of a known layout, got none of them; name one of/,
    ],
    [
      'no row that can be read',
      () => ['import', 'hh-rlhf', write('a.jsonl', '{"a":1}')],
      /none could be read \(1 × chosen: .*; the first: .*a\.jsonl.*:1: chosen: /,
    ],
    [
      'a bad row and --strict',
      () => ['import', 'hh-rlhf', write('a.jsonl', `${pair(1)}\n{}`), '--strict'],
      /:2: chosen: .*without --strict/,
    ],
    [
      'a short key',
      () => ['import', 'hh-rlhf', write('a.jsonl', pairs(1)), '--pseudonym-key', 'k'],
      /at least 16 characters, got 1/,
    ],
    ['no project', () => ['export', place('none'), '--layout', 'csv'], /expected a project folder with items\.jsonl/],
    [
      'a layout that is only read',
      () => ['export', 'fixtures/layouts/project', '--layout', 'pandalm'],
      /pandalm is not written: the layout of one published/,
    ],
    [
      'a licence that is no URL',
      () => ['export', 'fixtures/layouts/project', '--layout', 'csv', '--license', 'mit'],
      /--license mit: expected an absolute URL/,
    ],
  ];
  it.each(cases)('%s', async (_, args, message) => {
    const out = place();
    const { code, err } = await run(...args(), '--out', out, '--quiet');
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
    const left = existsSync(out) ? readdirSync(out) : [];
    expect(left.filter((name) => name !== 'rejected.jsonl')).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.includes('.partial-'))).toEqual([]);
  });
  it('a wrong option says what was expected', async () => {
    const refused = async (...args: string[]) => (await run(...args, '--out', place())).err;
    expect(await refused('import', 'auto', 'x', '--limit', '0')).toMatch(/expected a whole number from 1/);
    expect(await refused('import', 'csv', 'x', '--column', 'prompt')).toMatch(/expected name=column/);
    expect(await refused('export', 'x', '--layout', 'csv', '--expand', 'some')).toMatch(
      /Allowed choices are all, adjacent, best-rest/,
    );
  });
});
