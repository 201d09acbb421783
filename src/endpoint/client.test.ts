import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openAnswerFile } from './answer-file.ts';
import { eachOf, retryAfterMs } from './client.ts';
import {
  endpointAt,
  type FakeEndpoint,
  type FakeReply,
  type FakeRequest,
  fakeClock,
  likely,
  memoryCache,
  says,
  startFakeEndpoint,
  status,
} from './endpoint.fake.ts';
import type { EndpointError } from './endpoint-error.ts';
import { baseUrl, type Question } from './protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-endpoint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const servers: FakeEndpoint[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function serve(answer: (request: FakeRequest) => FakeReply): Promise<FakeEndpoint> {
  const server = await startFakeEndpoint(answer);
  servers.push(server);
  return server;
}
const question = (prompt: string, more: Partial<Question> = {}): Question => ({
  prompt,
  temperature: 0,
  maxTokens: 8,
  ...more,
});
const faultOf = async (asked: Promise<unknown>): Promise<[string, string]> => {
  const error = (await asked.then(() => undefined).catch((e: unknown) => e)) as EndpointError;
  return [error.fault, error.message];
};

describe('an endpoint', () => {
  it('is asked by its protocol, and its answer read with tokens and log-probabilities', async () => {
    const server = await serve(({ path }) =>
      path.endsWith('/chat/completions')
        ? says('yes', likely({ yes: 0.75, no: 0.25 }))
        : {
            choices: [
              {
                text: 'yes, so',
                finish_reason: 'length',
                logprobs: {
                  tokens: ['yes', ', so'],
                  token_logprobs: [-0.5, -1],
                  top_logprobs: [{ yes: -0.5, no: -1.5 }, null],
                },
              },
            ],
          },
    );
    const chat = endpointAt(server, { model: 'm/1', key: 'secret-key-1', prices: { prompt: 1, reply: 10 } });
    const answer = await chat.ask(question('so?', { system: 'be short', logprobs: 5 }));
    expect(server.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer secret-key-1' },
      body: {
        model: 'm/1',
        messages: [
          { role: 'system', content: 'be short' },
          { role: 'user', content: 'so?' },
        ],
        temperature: 0,
        max_tokens: 8,
        logprobs: true,
        top_logprobs: 5,
      },
    });
    expect(answer).toMatchObject({
      text: 'yes',
      finish: 'stop',
      model: 'fake-1',
      at: '2026-01-01T00:00:00.000Z',
      usage: { prompt: 10, reply: 2 },
    });
    expect(answer.logprobs!.sum).toBeCloseTo(Math.log(0.75), 12);
    expect(answer.logprobs!.first.map(({ token }) => token)).toEqual(['yes', 'no']);
    expect(chat.tally()).toEqual({
      answered: { now: 1, kept: 0 },
      requests: 1,
      failed: {},
      tokens: { now: { prompt: 10, reply: 2 }, kept: { prompt: 0, reply: 0 } },
      uncounted: 0,
      cost: { now: 30 / 1e6, kept: 0 },
    });
    const plain = endpointAt(server, { protocol: 'completions' });
    expect(await plain.ask(question('so?', { system: 'be short', logprobs: 2 }))).toMatchObject({
      text: 'yes, so',
      finish: 'length',
      usage: null,
      logprobs: { sum: -1.5, tokens: 2, first: [{ token: 'yes' }, { token: 'no' }] },
    });
    expect(server.requests[1]).toMatchObject({
      path: '/v1/completions',
      body: { prompt: 'be short\n\nso?', logprobs: 2 },
    });
    expect(plain.tally()).toMatchObject({ uncounted: 1, cost: null });
  });

  it('is asked again after every fault of the way, later where it says when, and at last given up', async () => {
    const faults: Record<string, (again: number) => FakeReply> = {
      limit: (again) => (again === 0 ? status(429, '', { 'retry-after': '7' }) : says('after 429')),
      broken: (again) => (again < 2 ? status(500, { error: { message: 'out\n of  memory' } }) : says('after 500')),
      torn: (again) => (again === 0 ? status(200, '{"choices": [{"mess') : says('after a torn answer')),
      dropped: (again) => (again === 0 ? (response) => response.destroy() : says('after a lost connection')),
      slow: (again) => (again === 0 ? () => {} : says('after silence')),
      never: () => status(503, { error: { message: 'busy' } }),
    };
    const server = await serve(({ prompt, again }) => faults[prompt]!(again));
    const { waits, ...clock } = fakeClock();
    const endpoint = endpointAt(server, { ...clock, backoffMs: 100, timeoutMs: 200, concurrency: 1 });
    const texts: string[] = [];
    for (const prompt of ['limit', 'broken', 'torn', 'dropped', 'slow'])
      texts.push((await endpoint.ask(question(prompt))).text);
    expect(texts).toEqual(
      ['429', '500', 'a torn answer', 'a lost connection', 'silence'].map((what) => `after ${what}`),
    );
    expect(waits).toEqual([7000, 100, 200, 100, 100, 100]);
    expect(await faultOf(endpoint.ask(question('never')))).toEqual(['lost', 'the endpoint answered 503: busy']);
    expect(endpoint.tally()).toMatchObject({
      answered: { now: 5, kept: 0 },
      requests: 14,
      failed: { 'the endpoint answered 503: busy': 1 },
    });
  });

  it('refuses what is no answer, once: other shapes, floods, texts without end, and its own refusals', async () => {
    const flood = { choices: [{ message: { content: 'x'.repeat(5_000_000) } }] };
    const replies: Record<string, FakeReply> = {
      shape: { choices: [] },
      null: { choices: [{ message: { content: null } }] },
      list: [1, 2],
      proto: JSON.parse('{"__proto__": {"choices": [{"message": {"content": "no"}}]}}'),
      flood,
      deep: status(200, `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      refused: status(400, { error: { message: 'too long' } }),
    };
    const server = await serve(({ prompt }) => replies[prompt]!);
    const endpoint = endpointAt(server);
    const other = ['unreadable', 'the endpoint answered something other than chat completions'];
    for (const prompt of ['shape', 'null', 'list', 'proto'])
      expect(await faultOf(endpoint.ask(question(prompt)))).toEqual(other);
    expect(await faultOf(endpoint.ask(question('flood')))).toEqual([
      'unreadable',
      'the endpoint answered more than 4194304 bytes',
    ]);
    expect(await faultOf(endpoint.ask(question('refused')))).toEqual([
      'refused',
      'the endpoint answered 400: too long',
    ]);
    expect(server.requests.length).toBe(6);
    expect((await faultOf(endpoint.ask(question('deep'))))[0]).toBe('lost');
  });

  it('stops at what every question would be told, and when nobody is there', async () => {
    const server = await serve(() => status(401, { error: { message: 'no such key' } }));
    const endpoint = endpointAt(server, { concurrency: 2 });
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((prompt) => faultOf(endpoint.ask(question(prompt)))));
    expect(new Set(all.map(([fault]) => fault))).toEqual(new Set(['stopped']));
    expect(all[0]![1]).toContain('401: no such key; check the address, the model and the key');
    expect(server.requests.length).toBeLessThanOrEqual(2);
    const away = endpointAt({ url: 'http://127.0.0.1:1/v1' }, { concurrency: 1 });
    const faults = [];
    for (const prompt of ['a', 'b', 'c', 'd']) faults.push((await faultOf(away.ask(question(prompt))))[0]);
    expect(faults).toEqual(['lost', 'lost', 'stopped', 'stopped']);
    expect(away.tally().requests).toBe(9);
    const patient = await serve(() => status(429, '', { 'retry-after': '86400' }));
    expect((await faultOf(endpointAt(patient).ask(question('a'))))[1]).toMatch(
      /left alone for 86400 s; start again then/,
    );
  });

  it('does without log-probabilities where they are refused, and does not ask for them again', async () => {
    const server = await serve(({ body }) =>
      'logprobs' in body ? status(400, { error: { message: 'logprobs is not supported' } }) : says('A'),
    );
    const endpoint = endpointAt(server, { concurrency: 1 });
    for (const prompt of ['a', 'b'])
      expect(await endpoint.ask(question(prompt, { logprobs: 5 }))).toMatchObject({ text: 'A', logprobs: null });
    expect(server.requests.map(({ body }) => 'logprobs' in body)).toEqual([true, false, false]);
  });

  it('is never asked the same twice: at once, later, or from a file that a kill cut short', async () => {
    const server = await serve(({ prompt }) => says(`to ${prompt}`));
    const path = join(folder, 'answers.jsonl');
    const first = openAnswerFile(path);
    const endpoint = endpointAt(server, { cache: first });
    const [a, b] = await Promise.all([endpoint.ask(question('one')), endpoint.ask(question('one'))]);
    expect(b).toEqual(a);
    await endpoint.ask(question('one', { nth: 1 }));
    await endpoint.ask(question('two'));
    first.close();
    expect(server.requests.map(({ prompt }) => prompt)).toEqual(['one', 'one', 'two']);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.slice(0, -20));
    const second = openAnswerFile(path);
    expect(second.kept).toBe(2);
    const later = endpointAt(server, { cache: second });
    expect(await later.ask(question('one'))).toEqual(a);
    await later.ask(question('two'));
    expect(server.requests.length).toBe(4);
    expect(later.tally().answered).toEqual({ now: 1, kept: 1 });
    // Another model, address or setting is another question.
    await endpointAt(server, { cache: second, model: 'other' }).ask(question('one'));
    await later.ask(question('one', { temperature: 1 }));
    expect(server.requests.length).toBe(6);
    second.close();
    expect(readFileSync(path, 'utf8').startsWith(whole.slice(0, whole.lastIndexOf('\n', whole.length - 2)))).toBe(true);
    writeFileSync(path, '{"digest":"x"}\n');
    expect(() => openAnswerFile(path)).toThrow(/answers\.jsonl:1: /);
  });

  it('keeps its key to itself, whatever the server says back', async () => {
    const key = 'sk-very-secret-12345';
    const spelled = [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const server = await serve(({ prompt }) =>
      prompt === 'refused'
        ? status(400, { error: { message: `bad key ${key}` } })
        : prompt === 'stopped'
          ? status(403, { detail: `bad key ${key}` })
          : status(200, JSON.stringify(says('KEY', likely({ [key]: 1 }))).replace('KEY', spelled)),
    );
    const cache = memoryCache();
    const endpoint = endpointAt(server, { key, cache });
    const answer = await endpoint.ask(question('a', { logprobs: 1 }));
    expect(answer.text).toBe('[key]');
    const faults = [await faultOf(endpoint.ask(question('refused'))), await faultOf(endpoint.ask(question('stopped')))];
    expect(faults.map(([, message]) => message.includes('bad key [key]'))).toEqual([true, true]);
    const all = JSON.stringify([answer, faults, [...cache.rows], endpoint.tally()]);
    expect(all).not.toContain(key);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${key}`);
  });

  it('has so many requests under way at once, and so many a minute', async () => {
    let [open, most] = [0, 0];
    const server = await serve(() => (response) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        response.end(JSON.stringify(says('x')));
      });
    });
    const { waits, ...clock } = fakeClock();
    const endpoint = endpointAt(server, { ...clock, concurrency: 3, perMinute: 60 });
    await Promise.all(Array.from({ length: 12 }, (_, i) => endpoint.ask(question(String(i)))));
    expect(most).toBeLessThanOrEqual(3);
    // The bucket holds one for each place; the nine others come a second apart.
    expect(waits.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(9000 - 1e-6);
    expect(clock.now()).toBeGreaterThanOrEqual(9000 - 1e-6);
  });
});

describe('parts of it', () => {
  it('read how long to wait: seconds, a date, nonsense', () => {
    const date = Date.UTC(2026, 0, 1);
    expect(retryAfterMs('2.5', date)).toBe(2500);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', date)).toBe(30_000);
    expect(retryAfterMs('Thu, 01 Jan 2020 00:00:30 GMT', date)).toBe(0);
    for (const odd of [null, '', 'soon']) expect(retryAfterMs(odd, date)).toBeUndefined();
  });
  it('complete an address', () => {
    for (const given of ['http://h/v1', 'http://h/v1/', 'http://h/v1/chat/completions/', 'http://h/v1/completions'])
      expect(baseUrl(given)).toBe('http://h/v1');
  });
  it('work through many in order, and stop at a failure', async () => {
    const done: number[] = [];
    const doubled = await eachOf([3, 1, 2], { at: 2, onDone: (n) => done.push(n) }, async (value) => 2 * value);
    expect([doubled, done]).toEqual([
      [6, 2, 4],
      [1, 2, 3],
    ]);
    let begun = 0;
    const failing = eachOf([1, 2, 3, 4, 5, 6], { at: 2 }, async (value) => {
      begun += 1;
      if (value === 1) throw new Error('one');
    });
    await expect(failing).rejects.toThrow('one');
    expect(begun).toBeLessThan(6);
  });
});
