import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshName } from '../engine-tinker/index.ts';
import { datumJson, endServed, type Served, startServed, TINY } from './served.fake.ts';

afterAll(endServed);
const DATA = [datumJson([1, 2, 3, 4]), datumJson([5, 6, 7])];
const ADAM = { learning_rate: 0.01, eps: 1e-8 };
const pass = (model: string, seq: number, data: object[] = DATA) => ({
  model_id: model,
  seq_id: seq,
  forward_backward_input: { data, loss_fn: 'cross_entropy' },
});
const step = (model: string, seq: number) => ({ model_id: model, seq_id: seq, adam_params: ADAM });

describe('who may ask', () => {
  const config = { sdk_version: 'test' };
  it('holds with a key alone where there is one, and never from a page of a browser or under a strange name', async () => {
    const served = await startServed({ key: 'tml-a-key-of-this-server' });
    const tried = async (headers: Record<string, string>) =>
      (await served.ask('client/config', config, headers)).status;
    expect(await tried({})).toBe(401);
    expect(await tried({ 'x-api-key': 'tml-another-key-of-it' })).toBe(401);
    const key = { 'x-api-key': 'tml-a-key-of-this-server' };
    expect(await tried(key)).toBe(200);
    expect(await tried({ ...key, origin: 'http://localhost' })).toBe(403);
    expect(await tried({ ...key, 'content-type': 'text/plain' })).toBe(200);
    const asked = (headers: Record<string, string>) =>
      served.ask('retrieve_future', { request_id: 'x' }, { ...key, ...headers });
    expect((await asked({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await asked({ 'content-encoding': 'zstd' })).body.detail).toMatch(
      /content-encoding zstd: send the body as it is/,
    );
    await served.stop();
  });
  it('needs a key on any address but the loopback one, of some length', async () => {
    await expect(startServed({ host: '0.0.0.0' })).rejects.toThrow(/set GOODHART_ENGINE_KEY/);
    await expect(startServed({ key: 'short' })).rejects.toThrow(/the key has 5 characters; expected at least 16/);
  });
});

describe('training through the server', () => {
  let served: Served;
  beforeAll(async () => {
    served = await startServed({ pollMs: 50 });
  });
  afterAll(() => served.stop());

  it('is done once and in the order of the numbers, however often and in whatever order requests come', async () => {
    const plan = (model: string) => [pass(model, 1), step(model, 2), pass(model, 3), step(model, 4), pass(model, 5)];
    const path = (body: object) => ('adam_params' in body ? 'optim_step' : 'forward_backward');
    const first = await served.model();
    const inOrder: { metrics: Record<string, number> }[] = [];
    for (const body of plan(first.model)) inOrder.push(await served.done(path(body), body));
    const second = await served.model();
    const bodies = plan(second.model);
    const shuffled = await Promise.all([4, 2, 0, 2, 3, 1, 4].map((i) => served.done(path(bodies[i]!), bodies[i]!)));
    expect([4, 2, 0, 2, 3, 1, 4].map((i) => inOrder[i])).toEqual(shuffled);
    expect(inOrder[4]!.metrics['loss:sum']).toBeLessThan(inOrder[0]!.metrics['loss:sum']!);
    expect(await served.done('optim_step', step(second.model, 3))).toMatchObject({
      status: 400,
      detail: 'seq_id 3 was used for another request; number requests 1, 2, 3, …',
    });
  });

  it('says in its turn what is wrong with a request, and goes on with those behind it', async () => {
    const { model } = await served.model();
    const later = served.done('optim_step', step(model, 6));
    const refused = async (seq: number, data: object[], loss = 'cross_entropy') =>
      (await served.done('forward_backward', {
        model_id: model,
        seq_id: seq,
        forward_backward_input: { data, loss_fn: loss },
      })) as { error: string; category: string };
    expect(await refused(1, [datumJson([1, 99])])).toEqual({
      error: expect.stringMatching(/token 99/),
      category: 'user',
    });
    expect((await refused(2, DATA, 'dro')).error).toMatch(/loss_fn dro: this engine has cross_entropy/);
    const masked = {
      ...DATA[0]!,
      loss_fn_inputs: { ...DATA[0]!.loss_fn_inputs, mask: { data: [1, 1, 1], dtype: 'float32' } },
    };
    expect((await refused(3, [masked])).error).toMatch(/data\.0: cross_entropy does not read mask/);
    expect((await refused(4, [{ model_input: 7 }])).error).toMatch(/forward_backward_input\.data\.0\.model_input/);
    const wide = {
      model_input: DATA[0]!.model_input,
      loss_fn_inputs: { target_tokens: { data: [1, 2], dtype: 'int64', shape: [1, 2] } },
    };
    expect((await refused(5, [wide])).error).toMatch(/one number a position/);
    expect((await later).metrics).toMatchObject({ grad_norm: 0, step: 1 });
  });

  it('trains adapters alone where they are asked for, of their own seed, and the whole model for rank 0', async () => {
    const grown = async (lora_config: object, model_seq_id: number) => {
      const { model } = await served.model({ lora_config, model_seq_id });
      const { metrics } = await served.done('forward_backward', pass(model, 1));
      await served.done('optim_step', step(model, 2));
      const { body: info } = await served.ask('get_info', { model_id: model });
      const after = (await served.done('forward_backward', pass(model, 3))).metrics;
      return { start: metrics['loss:sum'], after: after['loss:sum'], lora: info.is_lora, rank: info.lora_rank };
    };
    const [whole, one, other] = [
      await grown({ rank: 0 }, 0),
      await grown({ rank: 2, seed: 1 }, 1),
      await grown({ rank: 2, seed: 2, train_mlp: false }, 2),
    ];
    expect([whole.lora, one.lora, one.rank]).toEqual([false, true, 2]);
    expect(one.start).toBeCloseTo(whole.start, 4);
    expect(other.start).toBeCloseTo(whole.start, 4);
    expect(new Set([whole.after, one.after, other.after].map((loss) => loss.toFixed(3))).size).toBe(3);
    const { session } = await served.model();
    const none = {
      session_id: session,
      model_seq_id: 5,
      base_model: freshName(TINY),
      lora_config: { rank: 2, train_attn: false, train_mlp: false },
    };
    expect((await served.ask('create_model', none)).body.detail).toMatch(/set train_attn or train_mlp/);
    const huge = { ...none, base_model: freshName({ ...TINY, width: 1e5, feedForward: 1e5 }) };
    expect((await served.ask('create_model', huge)).body.detail).toMatch(/weights; this server makes at most/);
    expect((await served.ask('create_model', { ...none, base_model: 'nobody/nothing' })).body.detail).toMatch(
      /base_model nobody\/nothing: this server has fresh:/,
    );
  });

  it('samples once however often a request comes, scores prompts up to the context, and names what it has not', async () => {
    const { model } = await served.model();
    const { sampling_session_id: id } = await served.done('save_weights_for_sampler', {
      model_id: model,
      seq_id: 1,
      sampling_session_seq_id: 0,
    });
    const prompt = (...tokens: number[]) => ({ chunks: [{ type: 'encoded_text', tokens }] });
    const ask = (more: object, params: object = { max_tokens: 4 }) => ({
      sampling_session_id: id,
      prompt: prompt(1, 2, 3),
      sampling_params: { stop: [], ...params },
      ...more,
    });
    const twice = await Promise.all([
      served.done('asample', ask({ seq_id: 0 })),
      served.done('asample', ask({ seq_id: 0 })),
    ]);
    expect(twice[0]).toEqual(twice[1]);
    expect(twice[0].sequences[0]).toMatchObject({ stop_reason: 'length', tokens: expect.any(Array) });
    const scored = await served.done(
      'asample',
      ask({ seq_id: 1, prompt: prompt(...new Array(16).fill(1)), prompt_logprobs: true }),
    );
    expect(scored.prompt_logprobs.length).toBe(16);
    expect(scored.prompt_logprobs[0]).toBe(null);
    expect(scored.sequences).toEqual([{ stop_reason: 'length', tokens: [], logprobs: [] }]);
    const last = await served.done('asample', ask({ seq_id: 2, prompt_logprobs: true, prompt_logprobs_last_n: 1 }));
    expect(last.prompt_logprobs).toEqual([null, null, expect.any(Number)]);
    const detail = async (body: object) => (await served.ask('asample', body)).body.detail;
    expect(await detail(ask({ topk_prompt_logprobs: 5 }))).toMatch(
      /topk_prompt_logprobs is not offered by this engine/,
    );
    expect(await detail(ask({}, { stop: ['\n'] }))).toMatch(/stop: this model has no tokenizer here/);
    expect(await detail(ask({ prompt: prompt() }))).toMatch(/at least one token/);
    expect(await detail({ ...ask({}), base_model: 'x' })).toMatch(/expected one of sampling_session_id/);
    expect((await served.done('asample', { ...ask({}), sampling_session_id: 'sampler-none' })).status).toBe(404);
  });

  it('stops at texts where the model has a tokenizer, with the token that ends one', async () => {
    const decode = (ids: readonly number[]) => ids.map((id) => 'abcdefghijk'[id]).join('');
    const own = await startServed({ bases: [{ name: 'letters', spec: TINY, start: {}, decode, stop: [] }] });
    const body = (stop: unknown) => ({
      base_model: 'letters',
      prompt: { chunks: [{ type: 'encoded_text', tokens: [1] }] },
      sampling_params: { max_tokens: 12, seed: 3, ...(stop !== undefined && { stop }) },
    });
    const [whole] = (await own.done('asample', body(undefined))).sequences;
    const text = decode(whole.tokens);
    const [cut] = (await own.done('asample', body(text.slice(4, 7)))).sequences;
    const end = text.indexOf(text.slice(4, 7)) + 3;
    expect([decode(cut.tokens), cut.stop_reason, cut.logprobs.length]).toEqual([text.slice(0, end), 'stop', end]);
    await own.stop();
  });

  it('answers a long wait with word that it goes on, and a lost result with 410', async () => {
    const { model } = await served.model();
    const { body } = await served.ask('optim_step', step(model, 2));
    const { body: waiting } = await served.ask('retrieve_future', body);
    expect(waiting).toEqual({ type: 'try_again', request_id: body.request_id, queue_state: 'active' });
    expect((await served.ask('retrieve_future', { request_id: `${'0'.repeat(16)}-1` })).status).toBe(410);
    expect((await served.ask('retrieve_future', { request_id: '../x' })).status).toBe(404);
    expect((await served.ask('copy_weights', {})).status).toBe(404);
    expect((await served.ask('optim_step', { model_id: 'm', seq_id: -1 })).body.detail).toMatch(/^seq_id: /);
  });
});

describe('several clients', () => {
  it('train beside each other to what each trains alone, with word to come again when too many wait', async () => {
    const served = await startServed({ mostWaiting: 40, mostModels: 5 });
    const train = async (data: object[]) => {
      const { model } = await served.model();
      const losses = [];
      for (let i = 0; i < 4; i++) {
        losses.push((await served.done('forward_backward', pass(model, 2 * i + 1, data))).metrics['loss:sum']);
        await served.done('optim_step', step(model, 2 * i + 2));
      }
      return losses;
    };
    const alone = [await train(DATA), await train([datumJson([9, 8, 7])])];
    expect(await Promise.all([train(DATA), train([datumJson([9, 8, 7])])])).toEqual(alone);
    const { model } = await served.model();
    // The fifth is the last that is held.
    expect(await served.model().catch((error: Error) => error)).toMatchObject({ model: undefined });
    const many = await Promise.all(Array.from({ length: 60 }, (_, i) => served.ask('optim_step', step(model, i + 2))));
    expect(many.filter(({ status }) => status === 200).length).toBe(40);
    expect(many.find(({ status }) => status === 429)?.body.detail).toMatch(
      /40 requests wait already; send this one again later/,
    );
    await served.stop();
  });

  it('that go silent are let go, and what they saved stays', async () => {
    let now = 1e12;
    const served = await startServed({ now: () => now, sessionMs: 1000 });
    const { session, model } = await served.model();
    const { path } = await served.done('save_weights', { model_id: model, seq_id: 1, path: 'kept' });
    now += 900;
    expect((await served.ask('session_heartbeat', { session_id: session })).status).toBe(200);
    now += 900;
    await served.service.expire();
    expect((await served.ask('get_info', { model_id: model })).status).toBe(200);
    now += 200;
    await served.service.expire();
    expect((await served.ask('session_heartbeat', { session_id: session })).status).toBe(404);
    expect((await served.ask('optim_step', step(model, 2))).body.detail).toMatch(/no such model: it was unloaded/);
    expect((await served.ask('weights_info', { tinker_path: path })).body).toMatchObject({ is_lora: false });
    await served.stop();
  });
});

describe('saved states', () => {
  it('outlive the server: training goes on from them to the same bits, with the optimiser or without', async () => {
    const before = await startServed();
    const { model } = await before.model({ lora_config: { rank: 2, seed: 4 } });
    await before.done('forward_backward', pass(model, 1));
    await before.done('optim_step', step(model, 2));
    const { path } = await before.done('save_weights', { model_id: model, seq_id: 3, path: 'mid' });
    const onwards = async (served: Served, own: string, seq: number) => {
      const losses = [];
      for (let i = 0; i < 3; i++) {
        losses.push((await served.done('forward_backward', pass(own, seq + 2 * i))).metrics['loss:sum']);
        await served.done('optim_step', step(own, seq + 2 * i + 1));
      }
      return losses;
    };
    const went = await onwards(before, model, 4);
    expect((await before.done('save_weights', { model_id: model, seq_id: 10, path: 'mid' })).error).toMatch(
      /exists; choose another name, or overwrite it/,
    );
    await before.stop();
    const after = await startServed({ folder: before.folder });
    const { session } = await after.model();
    const load = (more: object) => ({ session_id: session, path, ...more });
    const resumed = await after.done('load_weights', load({ model_seq_id: 1, optimizer: true }));
    expect(resumed.model_id).toBe(`${session}:train:1`);
    expect(await onwards(after, resumed.model_id, 1)).toEqual(went);
    const fresh = await after.done('load_weights', load({ model_seq_id: 2, optimizer: false }));
    const anew = await onwards(after, fresh.model_id, 1);
    expect([anew[0] === went[0], anew[2] === went[2]]).toEqual([true, false]);
    const made = {
      session_id: session,
      model_seq_id: 3,
      base_model: freshName(TINY),
      lora_config: { rank: 2, seed: 9 },
    };
    const { model_id } = await after.done('create_model', made);
    await after.done('load_weights', { model_id, seq_id: 1, path, optimizer: true });
    expect(await onwards(after, model_id, 2)).toEqual(went);
    expect((await after.ask('optim_step', step(model, 11))).body.detail).toMatch(
      /the server was started again; make one from a saved state/,
    );
    const { body: listed } = await after.ask(`training_runs/${model}/checkpoints`);
    expect(listed.checkpoints.map((each: { tinker_path: string }) => each.tinker_path)).toEqual([path]);
    for (const strange of [
      'tinker://../weights/x',
      `tinker://${model}/weights/..`,
      `tinker://${model}/other/mid`,
      '/etc/passwd',
    ])
      expect((await after.ask('weights_info', { tinker_path: strange })).status).toBe(404);
    await after.stop();
  });

  it('go when their time is over or they are deleted, and not before', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const served = await startServed({ now: () => now });
    const { model } = await served.model();
    const save = (seq: number, name: string, more = {}) =>
      served.done('save_weights', { model_id: model, seq_id: seq, path: name, ...more });
    const [short, long] = [await save(1, 'short', { ttl_seconds: 60 }), await save(2, 'long')];
    const names = async () =>
      (await served.ask('checkpoints')).body.checkpoints.map((each: { checkpoint_id: string }) => each.checkpoint_id);
    expect((await names()).sort()).toEqual(['weights/long', 'weights/short']);
    now += 61_000;
    expect(await names()).toEqual(['weights/long']);
    expect((await served.ask('weights_info', { tinker_path: short.path })).status).toBe(404);
    const gone = await fetch(`${served.url}/api/v1/training_runs/${model}/checkpoints/weights/long`, {
      method: 'DELETE',
    });
    expect([gone.status, await names()]).toEqual([204, []]);
    expect((await served.ask('weights_info', { tinker_path: long.path })).status).toBe(404);
    expect((await served.done('save_weights', { model_id: model, seq_id: 3, path: '../up' })).error).toMatch(
      /expected a name of letters/,
    );
    await served.stop();
  });
});
