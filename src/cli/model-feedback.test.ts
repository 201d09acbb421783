import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  type FakeEndpoint,
  type FakeReply,
  type FakeRequest,
  likely,
  says,
  startFakeEndpoint,
  status,
} from '../endpoint/endpoint.fake.ts';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-asked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const servers: FakeEndpoint[] = [];
afterEach(async () => {
  delete process.env.GOODHART_ENDPOINT_KEY;
  delete process.env.BASE_KEY;
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function serve(answer: (request: FakeRequest) => FakeReply): Promise<FakeEndpoint> {
  const server = await startFakeEndpoint(answer);
  servers.push(server);
  return server;
}
const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const rows = (...path: string[]) =>
  readFileSync(join(...path), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const told = (out: string) => JSON.parse(out.trim().split('\n').at(-1)!);
const prompts = write('prompts.txt', 'one\n\ntwo\none\nthree\n');

describe('goodhart feedback generate', () => {
  it('makes items of a model’s replies, says which prompts have none, and goes on', async () => {
    let n = 0;
    const server = await serve(({ prompt }) => (prompt === 'two' ? status(400) : says(`${prompt} ${n++}`)));
    const out = join(folder, 'generated');
    const flags = ['--replies', '3', '--temperature', '0.5', '--max-tokens', '9', '--project', 'mine', '--out', out];
    const make = () =>
      run('feedback', 'generate', prompts, '--endpoint', server.url, '--model', 'm', ...flags, '--json');
    const first = await make();
    expect([first.code, told(first.out)]).toMatchObject([0, { items: 2, failed: { 'the endpoint answered 400': 1 } }]);
    expect(server.requests[0]!.body).toMatchObject({ temperature: 0.5, max_tokens: 9 });
    expect(rows(out, 'items.jsonl')).toMatchObject([
      { projectId: 'mine', prompt: 'one', replies: [{ model: 'm' }, { model: 'm' }, { model: 'm' }] },
      { prompt: 'three', source: { origin: 'm', sampling: { temperature: 0.5, maxTokens: 9 } } },
    ]);
    const before = readFileSync(join(out, 'items.jsonl'), 'utf8');
    expect(told((await make()).out).tally.answered).toEqual({ now: 0, kept: 6 });
    expect(readFileSync(join(out, 'items.jsonl'), 'utf8')).toBe(before);
    expect((await run('feedback', 'report', out, '--json', '--replicates', '20')).code).toBe(0);
  });
  it('ends with a mistake where nothing came, or the endpoint stops', async () => {
    const [mute, away] = [await serve(() => says('x', { message: {} })), await serve(() => status(404))];
    for (const [server, line] of [
      [mute, /no reply to any of 3 prompts: the endpoint answered something other/],
      [away, /404; check the address/],
    ] as const) {
      const out = mkdtempSync(join(folder, 'none-'));
      const { code, err } = await run(
        'feedback',
        'generate',
        prompts,
        '--endpoint',
        server.url,
        '--model',
        'm',
        '--out',
        out,
      );
      expect([code, err]).toEqual([2, expect.stringMatching(line)]);
      expect(readdirSync(out)).toEqual(['answers.jsonl']);
    }
  });
  it('refuses prompts that it does not understand, by line', async () => {
    const make = async (file: string) =>
      (
        await run(
          'feedback',
          'generate',
          file,
          '--endpoint',
          'http://127.0.0.1:1/v1',
          '--model',
          'm',
          '--out',
          join(folder, 'no'),
        )
      ).err;
    expect(await make(join(folder, 'nowhere.txt'))).toMatch(/no such file/);
    expect(await make(write('empty.txt', '\n'))).toMatch(/expected records, got an empty file/);
    expect(await make(write('odd.jsonl', '{"prompt":"a"}\n{"text":"b"}\n'))).toMatch(/odd\.jsonl:2: /);
    expect(await make(write('half.jsonl', '{"prompt":"a","belief":"b"}\n'))).toMatch(/belief and truth, or neither/);
    expect(await make(write('twice.jsonl', '{"id":"i","prompt":"a"}\n{"id":"i","prompt":"b"}\n'))).toMatch(
      /twice\.jsonl:2: id i occurs twice/,
    );
  });
});

describe('goodhart feedback critique', () => {
  it('has a model criticise every reply, as judgments that say whose they are', async () => {
    const project = mkdtempSync(join(folder, 'project-'));
    const items = [0, 1, 2].map((i) => ({
      id: `i${i}`,
      projectId: 'p',
      prompt: `question ${i}`,
      replies: ['a', 'b'].map((text) => ({ id: `i${i}/${text}`, text: `${text} of ${i}` })),
      source: { origin: 'test', selection: 'all' },
    }));
    writeFileSync(join(project, 'items.jsonl'), jsonl(items));
    const presentation = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: 'then' };
    const vote = {
      id: 'v',
      projectId: 'p',
      itemId: 'i0',
      raterId: 'anna',
      presentation,
      activeMs: null,
      submittedAt: 'then',
    };
    writeFileSync(
      join(project, 'judgments.jsonl'),
      jsonl([{ ...vote, answer: { kind: 'comparison', outcome: 0 }, source: 'studio' }]),
    );
    const server = await serve(({ prompt }) =>
      says(prompt.includes('b of 1') ? ' ' : `Too short: ${/=== Reply\n(.*)/.exec(prompt)![1]}`),
    );
    const out = join(folder, 'criticised');
    const flags = ['--temperature', '0.2', '--max-tokens', '50', '--limit', '2', '--with-others', '--out', out];
    const { code, out: text } = await run(
      'feedback',
      'critique',
      project,
      '--endpoint',
      server.url,
      '--model',
      'm',
      ...flags,
      '--json',
    );
    expect([code, told(text)]).toMatchObject([0, { items: 2, critiques: 3, failed: { 'an empty answer': 1 } }]);
    expect(server.requests[0]!.body).toMatchObject({ temperature: 0.2, max_tokens: 50 });
    const [others, ...critiques] = rows(out, 'judgments.jsonl');
    expect(others).toMatchObject({ raterId: 'anna' });
    expect(critiques[0]).toMatchObject({
      answer: { kind: 'critique', reply: 0, text: 'Too short: a of 0' },
      source: 'model',
      metadata: { origin: 'model critic', model: 'm', temperature: '0.2' },
    });
    expect(rows(out, 'raters.jsonl')).toMatchObject([{ kind: 'model', model: 'm' }]);
    expect((await run('feedback', 'report', out, '--json', '--replicates', '20')).code).toBe(0);
  });
});

describe('goodhart policy ask', () => {
  const asked = write(
    'asked.jsonl',
    jsonl([
      ...Array.from({ length: 30 }, (_, i) => ({
        ...{ id: `wrong-${i}`, prompt: `I think it is noon. ${i}?`, split: 'evaluation', belief: 'noon', truth: 'six' },
      })),
      { id: 'plain', prompt: 'Who are you?' },
    ]),
  );
  /** The tuned model agrees and always says one thing; its base says what is so, and varies. */
  function models({ body, prompt, again }: FakeRequest): object {
    const tuned = body.model === 'tuned';
    const text = prompt.startsWith('Who')
      ? `I am ${body.model}`
      : tuned
        ? 'Yes, noon.'
        : `${['It', 'That', 'Everything', 'The shop'][again % 4]} ${['opens', 'begins', 'starts', 'wakes'][(again + prompt.length) % 4]} at six ${prompt.length % 3}.`;
    return says(text, likely({ [text]: 0.5 }));
  }
  it('gathers evidence of two models that the audit reads, and items to judge', async () => {
    process.env.GOODHART_ENDPOINT_KEY = 'key-of-the-policy';
    process.env.BASE_KEY = 'key-of-the-base-one';
    const [server, other] = [await serve(models), await serve(models)];
    const out = join(folder, 'asked');
    const flags = ['--replies', '4', '--temperature', '0.9', '--max-tokens', '20', '--out', out];
    const base = ['--base-model', 'base', '--base-endpoint', other.url];
    const ask = (...more: string[]) =>
      run('policy', 'ask', asked, '--endpoint', server.url, '--model', 'tuned', ...flags, ...base, ...more);
    const { code, out: text } = await ask('--base-key-env', 'BASE_KEY', '--json');
    expect([code, told(text)]).toMatchObject([
      0,
      { prompts: 31, evidence: { 'reply-samples': 31, 'belief-replies': 240 }, without: [], items: 31 },
    ]);
    expect(new Set(server.requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer key-of-the-policy']),
    );
    expect(new Set(other.requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer key-of-the-base-one']),
    );
    expect(server.requests[0]!.body).toMatchObject({
      model: 'tuned',
      temperature: 0.9,
      max_tokens: 20,
      logprobs: true,
    });
    const audited = await run('audit', join(out, 'audit'), '--json');
    const verdicts = new Map<string, string>(
      told(audited.out).map(({ probe, verdict }: Record<string, string>) => [probe, verdict]),
    );
    expect([verdicts.get('sycophancy'), verdicts.get('mode-collapse')]).toEqual(['failure', 'failure']);
    expect(rows(out, 'project', 'items.jsonl')[0]).toMatchObject({
      id: 'wrong-0',
      replies: [{ model: 'tuned' }, { model: 'base' }],
      strata: { split: 'evaluation' },
    });
    const again = await ask('--json');
    expect(told(again.out).tallies.map(({ requests }: { requests: number }) => requests)).toEqual([0, 0]);
  });
  it('sends no key to another address than its own, and says what the replies do not allow', async () => {
    process.env.GOODHART_ENDPOINT_KEY = 'key-of-the-policy';
    const [server, other] = [await serve(() => says('noon or six')), await serve(() => says('six'))];
    const ask = (out: string, ...more: string[]) =>
      run(
        'policy',
        'ask',
        asked,
        '--endpoint',
        server.url,
        '--model',
        'm',
        '--replies',
        '1',
        '--out',
        join(folder, out),
        ...more,
      );
    const both = await ask('quiet', '--base-model', 'b', '--base-endpoint', other.url);
    expect(both.out).toMatch(
      /not gathered {2}reply-samples: no prompt has replies of both models with log-probabilities/,
    );
    expect(other.requests[0]!.headers.authorization).toBeUndefined();
    expect(rows(folder, 'quiet', 'audit', 'evidence', 'belief-replies.jsonl')[0]).toMatchObject({
      agrees: null,
      correct: null,
    });
    const alone = await ask('alone', '--json');
    expect(told(alone.out)).toMatchObject({
      evidence: { 'belief-replies': 30 },
      without: [expect.stringContaining('--base-model')],
    });
    expect((await ask('odd', '--base-endpoint', other.url)).err).toMatch(
      /expected --base-model beside --base-endpoint/,
    );
  });
});
