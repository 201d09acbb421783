import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runForTest } from './command.fake.ts';

const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
const LLAMA = resolve('fixtures/pretrained/llama');
const place = mkdtempSync(join(tmpdir(), 'goodhart-engine-serve-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const DATA = [
  {
    model_input: { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] },
    loss_fn_inputs: { target_tokens: { data: [2, 3, 4], dtype: 'int64' } },
  },
];

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
type Answer = any;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  ask(path: string, body?: object, headers?: Record<string, string>): Promise<{ status: number; body: Answer }>;
  done(path: string, body: object): Promise<Answer>;
}

/** The command in a process of its own. */
async function start(flags: readonly string[], env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [COMMAND, 'engine', 'serve', '--json', '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const { port } = new URL(url);
  const ask: Running['ask'] = async (path, body, headers = {}) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: `/api/v1/${path}`,
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = await once(sent, 'response');
    let text = '';
    for await (const part of answer) text += part;
    return { status: answer.statusCode, body: JSON.parse(text) };
  };
  return {
    child,
    url,
    ask,
    async done(path, body) {
      const { body: future } = await ask(path, body);
      return (await ask('retrieve_future', { request_id: future.request_id })).body;
    },
  };
}

async function stop({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

const pass = (model_id: string, seq_id: number) => ({
  model_id,
  seq_id,
  forward_backward_input: { data: DATA, loss_fn: 'cross_entropy' },
});

describe('engine serve', () => {
  it('serves models by name; killed and started again, training goes on from what was saved', async () => {
    const flags = ['--model', `local/llama=${LLAMA}`, '--max-context', '24', '--threads', '1', '--states', place];
    const first = await start(flags);
    const { body: capabilities } = await first.ask('get_server_capabilities');
    expect(capabilities.supported_models).toMatchObject([{ model_name: 'local/llama', max_context_length: 24 }]);
    const { body: session } = await first.ask('create_session', { sdk_version: 'test' });
    const base = { session_id: session.session_id, model_seq_id: 0, base_model: 'local/llama' };
    const { model_id } = await first.done('create_model', { ...base, lora_config: { rank: 2 } });
    await first.done('forward_backward', pass(model_id, 1));
    await first.done('optim_step', { model_id, seq_id: 2, adam_params: { learning_rate: 0.1 } });
    const { path } = await first.done('save_weights', { model_id, seq_id: 3, path: 'one' });
    const { metrics } = await first.done('forward_backward', pass(model_id, 4));
    await stop(first, 'SIGKILL');

    const second = await start(flags);
    const { body: again } = await second.ask('create_session', { sdk_version: 'test' });
    const load = { session_id: again.session_id, model_seq_id: 0, path, optimizer: true };
    const resumed = await second.done('load_weights', load);
    expect((await second.done('forward_backward', pass(resumed.model_id, 1))).metrics).toEqual(metrics);
    const probed = await runForTest('engine', 'probe', second.url, '--json', '--model', 'local/llama');
    const { findings, spent } = JSON.parse(probed.out);
    expect({ code: probed.code, verdicts: [...new Set(findings.map((each: Answer) => each.verdict))] }).toEqual({
      code: 0,
      verdicts: ['honoured'],
    });
    expect(spent.trained).toBeGreaterThan(0);
    expect(await runForTest('engine', 'probe', second.url, '--budget', '100')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the budget of 100 tokens is used up/),
    });
    await stop(second, 'SIGTERM');
  });

  it('answers other addresses with a key alone, and under the names that it is given', async () => {
    const flags = ['--host', '0.0.0.0', '--name', 'engine.example.org', '--states', join(place, 'keyed')];
    const served = await start(flags, { GOODHART_ENGINE_KEY: 'tml-a-key-of-this-test' });
    const asked = async (headers: Record<string, string>) => (await served.ask('healthz', undefined, headers)).status;
    expect(await asked({})).toBe(401);
    const key = { 'x-api-key': 'tml-a-key-of-this-test' };
    expect(await asked(key)).toBe(200);
    expect(await asked({ ...key, host: 'engine.example.org' })).toBe(200);
    expect(await asked({ ...key, host: 'other.example.org' })).toBe(421);
    await stop(served, 'SIGTERM');
  });

  it('says in one line what stands in its way', async () => {
    const refused = async (...flags: string[]) => runForTest('engine', 'serve', ...flags);
    expect(await refused('--host', '0.0.0.0')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/set GOODHART_ENGINE_KEY/),
    });
    expect(await refused('--model', '=x')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected <name>=<folder/),
    });
    expect(await refused('--model', join(place, 'none'))).toMatchObject({ code: 2 });
    // Nobody listens there.
    const nobody = await runForTest('engine', 'probe', 'http://127.0.0.1:9', '--attempts', '2');
    expect(nobody.err).toMatch(/get_server_capabilities was sent 2 times in vain/);
    expect(nobody.err.trim().split('\n').length).toBe(1);
  });
});
