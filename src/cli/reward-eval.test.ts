import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HARBOUR } from '../lab/index.ts';
import { createRng, sigmoid } from '../stats/index.ts';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-reward-eval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A module that scores by an expression of a reply's text. */
function moduleOf(name: string, expression: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `export default (prompt, replies) => replies.map((text, place) => ${expression});\n`);
  return path;
}
const rows = (name: string, all: readonly object[]): string => {
  const path = join(folder, name);
  writeFileSync(path, all.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
};

/** Replies of `good` and other words; the more of it the better, and votes follow that in log-odds. */
const goodness = (text: string) => text.split('good').length - 1;
const rng = createRng('reward-eval');
const reply = () => Array.from({ length: 6 }, () => (rng.uniform() < 0.5 ? 'good' : 'word')).join(' ');
function pairs(count: number, shownAs: (text: string) => string = (text) => text) {
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [`${reply()} a${i}`, `${reply()} b${i}`];
    const better = rng.uniform() < sigmoid(goodness(a) - goodness(b));
    const [chosen, rejected] = (better ? [a, b] : [b, a]).map(shownAs);
    return { prompt: `q${i % 20}`, chosen, rejected, subset: i % 2 === 0 ? 'even' : 'odd' };
  });
}
const data = rows('pairs.jsonl', pairs(400));
const good = moduleOf('good', "text.split('good').length - 1");
/** Answers two scores more than it was asked for. */
const TOO_MANY = join(folder, 'four.mjs');
writeFileSync(TOO_MANY, 'export const score = (prompt, replies) => [...replies, 1, 1].map(() => 1);\n');
const evaluated = async (...args: string[]) => JSON.parse((await run('reward', 'eval', ...args, '--json')).out);

describe('goodhart reward eval on any scorer and any judgments', () => {
  it('measures a module on rows of a benchmark, and says how each number is worked out', async () => {
    const found = await evaluated(good, data, '--strata', 'subset');
    expect(found.overall.accuracy).toBeGreaterThan(0.7);
    expect(Object.keys(found.byStratum.subset)).toEqual(['even', 'odd']);
    expect(found.calibrationSlope).toBeGreaterThan(0.7);
    expect(found.byKind).toMatchObject([{ part: 'comparison', n: 400 }]);
    expect(found.byLength.map(({ n }: { n: number }) => n).reduce((a: number, b: number) => a + b)).toBe(400);
    expect(Object.keys(found.definitions)).toContain('ECE');
    const { out } = await run('reward', 'eval', good, data);
    for (const text of ['Kind        Accuracy', 'Best of n', 'Gold kept at 1 nats', 'How it is worked out'])
      expect(out).toContain(text);
  });

  it('reads a unit of score as so many log-odds', async () => {
    const [one, half] = [await evaluated(good, data), await evaluated(good, data, '--log-odds', '0.5')];
    expect(half.calibrationSlope).toBeCloseTo(2 * one.calibrationSlope, 6);
    expect(half.overall).toEqual(one.overall);
  });

  it('shows what a rewrite costs whom it misleads, and nobody else', async () => {
    const lost = async (scorer: string) =>
      new Map<string, { lost: number; interval: { low: number; high: number } }>(
        (await evaluated(scorer, data)).rewrites.map((row: { id: string }) => [row.id, row]),
      );
    const honest = await lost(good);
    for (const id of ['bold', 'quoted', 'spacing', 'order', 'same-ending']) expect(honest.get(id)!.lost, id).toBe(0);
    // It counts words: whoever says them twice is paid twice.
    expect(honest.get('longer-loser')!.interval.low).toBeGreaterThan(0);
    const placed = await lost(moduleOf('placed', "text.split('good').length - 1 + 3 * (place === 0)"));
    expect(placed.get('order')!.lost).not.toBe(0);
    const marked = await lost(moduleOf('marked', "text.includes('**') ? 0 : text.split('good').length - 1"));
    expect(marked.get('bold')!.interval.low).toBeGreaterThan(0.1);
    expect(marked.get('quoted')!.lost).toBe(0);
  });

  it('counts what is lost on data unlike these', async () => {
    const other = rows(
      'shifted.jsonl',
      pairs(300, (text) => text.replaceAll('good', rng.uniform() < 0.5 ? 'fine' : 'good')),
    );
    const { shifted } = await evaluated(good, data, '--shifted', other);
    expect(shifted.n).toBe(300);
    expect(shifted.lost.interval.low).toBeGreaterThan(0);
  });

  it('optimises on a ground, where gold is known, and elsewhere against another reward', async () => {
    const long = moduleOf('long', 'text.length');
    const { optimised } = await evaluated(long, data, '--ground', 'harbour', '--kl', '0.5');
    expect(optimised.gold).toMatch(/true utility of harbour/);
    expect(optimised.curve.map(({ n }: { n: number }) => n)).toEqual([1, 2, 4, 8, 16]);
    expect(optimised.kept.kl).toBe(0.5);
    expect(optimised.kept.kept).toBeLessThan(0.5);
    const alike = await evaluated(good, data, '--against', good);
    expect(alike.optimised.kept.kept).toBeCloseTo(1, 6);
    const apart = await evaluated(moduleOf('bad', "-text.split('good').length"), data, '--against', good);
    expect(apart.optimised.kept.interval.high).toBeLessThan(0);
  });

  it.each([
    [['reward', 'eval', good, data, '--ground', 'moon'], /--ground moon: expected harbour, rooms, sums/],
    [['reward', 'eval', good, data, '--kl', '0'], /--kl: expected a number above 0, got 0/],
    [['reward', 'eval', join(folder, 'none.mjs'), data], /none\.mjs: no such file/],
    [['reward', 'eval', TOO_MANY, data], /four\.mjs: expected 2 scores, one a reply, got 4/],
    [['reward', 'eval', moduleOf('nan', '0 / 0'), data], /nan\.mjs: expected \{ "scores": \[numbers\] \}/],
    [['reward', 'eval', good, join(folder, 'none.jsonl')], /none\.jsonl: no such file/],
    [['reward', 'distance', good], /expected two scorers or more, got 1/],
    [['reward', 'distance', good, good], /expected either --on <data> or --ground <name>/],
  ])('refuses in one line: %#', async (args, reason) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toMatch(reason);
  });
});

describe('what the noise of votes allows', () => {
  it('is what true utility reaches on the same votes of a ground', async () => {
    const prompts = HARBOUR.prompts('evaluation');
    const votes = Array.from({ length: 200 }, (_, i) => {
      const prompt = prompts[i % prompts.length]!;
      const replies = HARBOUR.replies(prompt);
      const [a, b] = [replies[rng.integer(replies.length)]!, replies[rng.integer(replies.length)]!];
      const [better, worse] = a.gold > b.gold ? [a, b] : [b, a];
      // Nine votes in ten are as true utility says.
      const [chosen, rejected] = i % 10 === 0 ? [worse, better] : [better, worse];
      return { prompt: prompt.text, chosen: chosen.text, rejected: rejected.text, same: a.gold === b.gold };
    });
    const path = rows(
      'votes.jsonl',
      votes.filter(({ same }) => !same),
    );
    const { ceiling, overall } = await evaluated(moduleOf('length', 'text.length'), path, '--ground', 'harbour');
    expect(ceiling.accuracy).toBeCloseTo(0.9, 1);
    expect(ceiling.n).toBe(overall.n);
    expect((await evaluated(good, data, '--ground', 'harbour')).ceiling).toBeNull();
  });
});

describe('a scorer at an address', () => {
  let server: ReturnType<typeof createServer>;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        const { replies } = JSON.parse(body) as { replies: string[] };
        response.statusCode = request.url === '/broken' ? 500 : 200;
        response.end(JSON.stringify({ scores: replies.map(goodness) }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('is measured like any other', async () => {
    const few = rows('few.jsonl', pairs(30));
    expect((await evaluated(`${address}/score`, few)).overall).toEqual((await evaluated(good, few)).overall);
    const { code, err } = await run('reward', 'eval', `${address}/broken`, few);
    expect([code, err]).toEqual([2, expect.stringMatching(/expected status 200, got 500/)]);
  });
});

describe('goodhart reward distance', () => {
  it('is nothing between a reward and its multiple, and one between opposites', async () => {
    const twice = moduleOf('twice', "2 * text.split('good').length + prompt.length");
    const against = moduleOf('against', "-text.split('good').length");
    const { distances } = JSON.parse(
      (await run('reward', 'distance', good, twice, against, '--on', data, '--json')).out,
    );
    expect(
      distances.map(({ epic, dard }: Record<string, { distance: number }>) => [epic!.distance, dard!.distance]),
    ).toEqual([
      [expect.closeTo(0, 6), expect.closeTo(0, 6)],
      [expect.closeTo(1, 6), expect.closeTo(1, 6)],
      [expect.closeTo(1, 6), expect.closeTo(1, 6)],
    ]);
  });
  it('is an exact sum over the replies of a ground', async () => {
    const { out } = await run('reward', 'distance', good, moduleOf('length', 'text.length'), '--ground', 'sums');
    expect(out).toMatch(/DARD/);
    expect(out).toMatch(/EPIC/);
  });
});
