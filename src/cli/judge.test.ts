import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  type FakeEndpoint,
  type FakeReply,
  type FakeRequest,
  says,
  startFakeEndpoint,
  status,
} from '../endpoint/endpoint.fake.ts';
import { runForTest } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-judge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const KEY = 'sk-secret-of-this-test-0001';
const servers: FakeEndpoint[] = [];
afterEach(async () => {
  delete process.env.GOODHART_ENDPOINT_KEY;
  delete process.env.JUDGE_KEY;
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function serve(answer: (request: FakeRequest) => FakeReply): Promise<FakeEndpoint> {
  const server = await startFakeEndpoint(answer);
  servers.push(server);
  return server;
}

const N = 24;
const items = Array.from({ length: N }, (_, i) => ({
  id: `item-${i}`,
  projectId: 'p',
  prompt: `question ${i}`,
  replies: [
    { id: `item-${i}/0`, text: i % 2 === 0 ? 'right' : 'wrong, and long', model: 'm' },
    { id: `item-${i}/1`, text: i % 2 === 0 ? 'wrong' : 'right, and long', model: 'other' },
  ],
  source: { origin: 'test', selection: 'all' },
}));
const presentation = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: 'then' };
const judgments = items.flatMap(({ id }, i) =>
  ['anna', 'ben', 'cleo'].map((raterId) => ({
    id: `${id}/${raterId}`,
    ...{ projectId: 'p', itemId: id, raterId, presentation, activeMs: null, submittedAt: 'then', source: 'studio' },
    answer: { kind: 'comparison', outcome: i % 2 },
  })),
);
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const project = join(folder, 'project');
mkdirSync(project);
writeFileSync(join(project, 'items.jsonl'), jsonl(items));
writeFileSync(join(project, 'judgments.jsonl'), jsonl(judgments));
const before = readdirSync(project).map((file) => readFileSync(join(project, file), 'utf8'));

/** Prefers what is right; the letter that says so. */
function fair({ prompt }: FakeRequest): object {
  const [, a] = /=== Reply A\n(\w+)/.exec(prompt)!;
  return says(a === 'right' ? 'A' : 'B');
}
const rows = (out: string, file: string) =>
  readFileSync(join(out, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const judge = (url: string, out: string, ...more: string[]) =>
  runForTest('feedback', 'judge', project, '--endpoint', url, '--model', 'm', '--out', out, ...more);
const told = (out: string) => JSON.parse(out.trim().split('\n').at(-1)!);

describe('goodhart feedback judge', () => {
  it('judges a project, measures the judge against its people, and leaves the project alone', async () => {
    process.env.GOODHART_ENDPOINT_KEY = KEY;
    const server = await serve(fair);
    const out = join(folder, 'judged');
    const { code, out: text } = await judge(
      server.url,
      out,
      '--prices',
      '1,2',
      '--temperature',
      '0.5',
      '--max-tokens',
      '4',
    );
    expect(code).toBe(0);
    expect(text).toMatch(/verdicts for the reply shown first .*0\.500/);
    expect(text).toMatch(/errs against most people +0\.000 +0\.000 to 0\.\d+ +24/);
    expect(text).toMatch(/48 questions answered now in 48 requests, 0 taken from kept answers/);
    expect(text).toMatch(/cost 0\.0007 now/);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(server.requests[0]!.body).toMatchObject({ model: 'm', temperature: 0.5, max_tokens: 4, logprobs: true });
    expect(rows(out, 'judgments.jsonl').length).toBe(N);
    expect(rows(out, 'raters.jsonl')).toMatchObject([{ kind: 'model', model: 'm' }]);
    expect(JSON.parse(readFileSync(join(out, 'judge.json'), 'utf8'))).toMatchObject({
      data: 'project',
      endpoint: server.url,
      model: 'm',
      measures: [{ against: 'people', self: { judge: { items: 24 } } }],
    });
    for (const file of readdirSync(out)) expect(readFileSync(join(out, file), 'utf8')).not.toContain(KEY);
    expect(readdirSync(project).map((file) => readFileSync(join(project, file), 'utf8'))).toEqual(before);
    const fitted = await runForTest('feedback', 'report', out, '--json', '--replicates', '20');
    expect(JSON.parse(fitted.out)).toMatchObject({ raters: 1, judgments: N });
    const again = await judge(server.url, out, '--temperature', '0.5', '--max-tokens', '4', '--with-others', '--json');
    expect(told(again.out)).toMatchObject({ tally: { answered: { now: 0, kept: 48 }, requests: 0 } });
    expect(rows(out, 'judgments.jsonl').length).toBe(4 * N);
    expect(server.requests.length).toBe(48);
    // A reward that is fitted on both says so.
    const reward = await runForTest('reward', 'fit', out, '--out', join(folder, 'reward'));
    expect([reward.code, reward.out]).toEqual([0, expect.stringContaining('24 of 96 answers are those of models')]);
  });
  it('goes on where it was stopped, asks nothing twice, and ends with the same files', async () => {
    let left = 20;
    const server = await serve((request) =>
      left-- > 0 ? fair(request) : status(401, { error: { message: 'quota' } }),
    );
    const [stopped, whole] = [join(folder, 'stopped'), join(folder, 'whole')];
    const first = await judge(server.url, stopped, '--concurrency', '3', '--per-minute', '60000');
    expect([first.code, first.err]).toEqual([2, expect.stringMatching(/401: quota; check .* asks only what is left/)]);
    expect(first.err.trim().split('\n').length).toBe(1);
    expect(readdirSync(stopped)).toEqual(['answers.jsonl']);
    expect(rows(stopped, 'answers.jsonl').length).toBe(20);
    left = 1000;
    const asked = server.requests.length;
    expect((await judge(server.url, stopped)).code).toBe(0);
    expect(server.requests.length - asked).toBe(28);
    expect((await judge(server.url, whole)).code).toBe(0);
    const verdicts = (out: string) => rows(out, 'judgments.jsonl').map(({ itemId, answer }) => ({ itemId, answer }));
    expect(verdicts(stopped)).toEqual(verdicts(whole));
    // Kept answers make the same judgments again, to the byte.
    const bytes = readFileSync(join(whole, 'judgments.jsonl'), 'utf8');
    rmSync(join(whole, 'judgments.jsonl'));
    await judge(server.url, whole);
    expect(readFileSync(join(whole, 'judgments.jsonl'), 'utf8')).toBe(bytes);
  });
  it('killed in the middle has kept every answer that it had', async () => {
    let child: ReturnType<typeof spawn> | undefined;
    let [answered, hold] = [0, true];
    const server = await serve((request) => {
      if (hold && answered === 10) return () => void child?.kill('SIGKILL');
      answered += 1;
      return fair(request);
    });
    const out = join(folder, 'killed');
    const args = [
      'feedback',
      'judge',
      project,
      '--endpoint',
      server.url,
      '--model',
      'm',
      '--concurrency',
      '1',
      '--out',
      out,
    ];
    const main = `const { main } = await import(${JSON.stringify(new URL('./main.ts', import.meta.url).href)}); await main(process.argv);`;
    const script = join(folder, 'main.mjs');
    writeFileSync(script, main);
    child = spawn(process.execPath, ['--import', 'tsx', '--conditions=goodhart-source', script, ...args], {
      stdio: 'ignore',
    });
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(rows(out, 'answers.jsonl').length).toBe(10);
    hold = false;
    expect((await judge(server.url, out)).code).toBe(0);
    expect(answered).toBe(48);
    expect(rows(out, 'judgments.jsonl').length).toBe(N);
  });
  it('judges by stated principles, some items, and says which replies are its own', async () => {
    const server = await serve(fair);
    const out = join(folder, 'principled');
    const file = join(folder, 'principles.yaml');
    writeFileSync(file, 'principles: [{ id: true, text: Which is true? }]');
    expect((await judge(server.url, out, '--principles', file)).err).toMatch(/principles\.0\.id|id: /);
    writeFileSync(
      file,
      'principles: [{ id: honest, text: Which is honest?, weight: 2 }, { id: kind, text: Which is kind? }]',
    );
    process.env.JUDGE_KEY = KEY;
    const more = [
      '--principles',
      file,
      '--limit',
      '3',
      '--own',
      'other',
      '--key-env',
      'JUDGE_KEY',
      '--protocol',
      'chat',
    ];
    const { out: text } = await judge(server.url, out, ...more, '--attempts', '2', '--timeout', '9', '--json');
    expect(told(text)).toMatchObject({
      items: 3,
      notJudged: 21,
      measures: [{ principles: ['honest', 'kind'], self: { judge: { items: 3 } } }],
    });
    expect(server.requests.length).toBe(12);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
  });
  it('leaves out people without the consent that their project asks for', async () => {
    const asking = join(folder, 'asking');
    mkdirSync(asking);
    writeFileSync(join(asking, 'items.jsonl'), jsonl(items));
    writeFileSync(join(asking, 'judgments.jsonl'), jsonl(judgments));
    const consent = { version: '1', at: 'then' };
    writeFileSync(
      join(asking, 'raters.jsonl'),
      jsonl([
        { id: 'anna', kind: 'human', consent },
        { id: 'ben', kind: 'human' },
      ]),
    );
    const questions = [{ id: 'q', title: 'Which?', kind: 'comparison' }];
    const made = { id: 'p', name: 'P', createdAt: 'then', questions, consent: { version: '1', text: 'May we?' } };
    writeFileSync(join(asking, 'project.json'), JSON.stringify(made));
    const server = await serve(fair);
    const out = join(folder, 'consented');
    const flags = ['--endpoint', server.url, '--model', 'm', '--out', out, '--with-others', '--json'];
    const { out: text } = await runForTest('feedback', 'judge', asking, ...flags);
    expect(told(text)).toMatchObject({ withoutConsent: 2 * N, measures: [{ agreement: { error: { items: N } } }] });
    expect(new Set(rows(out, 'judgments.jsonl').map(({ raterId }) => raterId)).size).toBe(2);
    expect(rows(out, 'raters.jsonl').map(({ id }) => id)).toEqual(['anna', expect.stringContaining('model judge m')]);
  });
  const mistakes: [string, () => Promise<string[]>, RegExp][] = [
    ['an address with a key', async () => ['--endpoint', `http://me:${KEY}@h/v1`], /without user, query and fragment/],
    ['an address of nothing', async () => ['--endpoint', 'ftp://h'], /begins with http/],
    [
      'a variable that is not there',
      async () => ['--key-env', 'NO_SUCH_KEY_HERE'],
      /--key-env NO_SUCH_KEY_HERE: expected the key/,
    ],
    ['prices of nothing', async () => ['--prices', '1'], /two prices of a million tokens/],
    ['a folder of somebody else', async () => ['--out', project], /choose another --out/],
  ];
  it.each(mistakes)('refuses %s in one line', async (_, flags, line) => {
    const server = await serve(fair);
    const { code, err } = await judge(server.url, join(folder, 'refused'), ...(await flags()));
    expect([code, err]).toEqual([2, expect.stringMatching(line)]);
    expect(server.requests).toEqual([]);
  });
  it('without any verdict ends with a mistake and writes no judgments', async () => {
    const server = await serve(() => says('I would rather not'));
    const out = join(folder, 'mute');
    const { code, err } = await judge(server.url, out);
    expect([code, err]).toEqual([2, expect.stringMatching(/no verdict on any of 24 items: no answer is A, B or C/)]);
    expect(existsSync(join(out, 'judgments.jsonl'))).toBe(false);
  });
});
