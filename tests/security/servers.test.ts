import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { isOwnServer, keyFor } from '../../src/cli/own-server.ts';
import { openScorer } from '../../src/cli/scorers.ts';
import { datumJson, endServed, startServed, TINY } from '../../src/engine-server/served.fake.ts';
import type { Measured } from '../../src/engine-tinker/conformance.ts';
import {
  createTinkerEngine,
  decodePassOutput,
  decodePassRequest,
  decodeSampleOutput,
  encodeSampleOutput,
  freshName,
} from '../../src/engine-tinker/index.ts';

afterAll(endServed);

/** A server that answers as a test says. */
async function serving<T>(
  answer: (path: string, response: ServerResponse) => void,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(request.url ?? '', response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Writes for ever, as fast as it is read. */
function endless(response: ServerResponse): void {
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const more = () => {
    while (!response.destroyed && response.write(piece)) {}
  };
  response.on('drain', more);
  more();
}

/** A server whose probe was good, so that a model is made at once. */
const MEASURED: Measured = {
  wire: 'json',
  norms: { one: 1, two: 2, minus: 1, doubled: 2, twice: 2, mixed: 1 },
  losses: ['cross_entropy'],
  promptLogprobsOffset: 1,
  temperedGap: 0,
  samplerKl: 0,
  seeds: true,
};

/** What a client comes to whose server gives a result of its choice for a sample, or else for anything. */
async function sampledFrom(result: (response: ServerResponse) => void, path = 'retrieve_future'): Promise<string> {
  const json = (value: object) => (response: ServerResponse) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
  const usual: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'client/config': json({}),
    create_session: json({ session_id: 's' }),
    create_sampling_session: json({ sampling_session_id: 'x' }),
    asample: json({ request_id: 'r' }),
  };
  return serving(
    (asked, response) => {
      const name = asked.replace('/api/v1/', '');
      if (name === path) result(response);
      else (usual[name] ?? json({}))(response);
    },
    async (url) => {
      const engine = createTinkerEngine({ url, measured: MEASURED, attempts: 2, backoffMs: 1, timeoutMs: 20_000 });
      try {
        const sampler = await (await engine.createModel(TINY)).sampler();
        const [[sample]] = (await sampler.sample([Int32Array.of(1, 2)], { n: 1, maxTokens: 3, seed: 1, stop: [] })) as [
          [object],
        ];
        return `sampled ${JSON.stringify(sample)}`;
      } catch (error) {
        return `${(error as Error).constructor.name}: ${(error as Error).message}`;
      } finally {
        await engine.dispose();
      }
    },
  );
}
const sampleOf = (tokens: number[], logprobs: number[]) => (response: ServerResponse) => {
  response.setHeader('content-type', 'application/x-protobuf');
  const sequence = {
    tokens: Int32Array.from(tokens),
    logprobs: Float32Array.from(logprobs),
    stopReason: 'stop' as const,
  };
  response.end(encodeSampleOutput({ sequences: [sequence], promptLogprobs: undefined }));
};

describe('a server that somebody else runs', () => {
  it('is read no further than an answer may be long, whatever the answer is', async () => {
    for (const status of [200, 400]) {
      const said = await sampledFrom((response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        endless(response);
      });
      expect(said).toMatch(
        status === 200
          ? /^RemoteError: .*expected an answer of at most 268435456 bytes, got more/
          : /^RefusedError: .*was refused \(400\): more words than are read/,
      );
    }
    const deep = await sampledFrom((response) => {
      response.setHeader('content-type', 'application/json');
      response.end('['.repeat(100_000));
    });
    expect(deep).toMatch(/^RemoteError: .*expected an answer of fewer levels/);
  });
  it('gives no numbers that are none: they are refused in a line before they train anything', async () => {
    expect(await sampledFrom(sampleOf([3, 4], [-1, -2]))).toMatch(/^sampled/);
    for (const [answer, why] of [
      [sampleOf([3, 4], [-1, Number.NaN]), /NaN stands for a log-probability/],
      [sampleOf([3, 4], [-1, 7]), /7 stands for a log-probability/],
      [sampleOf([3, 4], [-1, Number.NEGATIVE_INFINITY]), /-Infinity stands for a log-probability/],
      [sampleOf([3, 11], [-1, -1]), /sampled token 11; the vocabulary has 11/],
      [sampleOf([3, -1], [-1, -1]), /sampled token -1/],
      [sampleOf([1, 1, 1, 1], [-1, -1, -1, -1]), /a sample of 4 tokens; at most 3 were asked for/],
      [sampleOf([1, 1], [-1]), /of other lengths than the samples/],
    ] as const)
      expect(await sampledFrom(answer)).toMatch(why);
  });
  it('sends nobody elsewhere, and names things in few characters', async () => {
    const away = await sampledFrom((response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end());
    expect(away).toMatch(/^RemoteError: .*sent 2 times in vain/);
    const long = await sampledFrom(
      (response) => response.end(JSON.stringify({ session_id: 'x'.repeat(1_000_000) })),
      'create_session',
    );
    expect(long).toMatch(/^RemoteError: .*an answer that cannot be read/);
  });
  it('gets the key of no other server, however its address is written', () => {
    const own = { TINKER_API_KEY: 'tml-mine', TINKER_BASE_URL: 'https://api.example/services/x/api/v1/' };
    for (const url of ['https://api.example/services/x', 'https://API.example:443/services/x/'])
      expect([keyFor(url, own), isOwnServer(url, own)]).toEqual(['tml-mine', true]);
    for (const url of [
      'http://api.example/services/x',
      'https://api.example/services',
      'https://api.example.evil.org/services/x',
      'https://api.example@evil.org/services/x',
      'https://evil.org/?https://api.example/services/x',
    ])
      expect(() => keyFor(url, own), url).toThrow(/TINKER_API_KEY is for https:\/\/api\.example/);
    expect(() => keyFor('https://api.example', { TINKER_API_KEY: 'tml-mine' })).toThrow(/set TINKER_BASE_URL/);
    expect(keyFor('https://api.example', {})).toBeUndefined();
  });
  it('is no scorer that answers without end, sends replies elsewhere, or answers no scores', async () => {
    const scored = (answer: (response: ServerResponse) => void) =>
      serving(
        (_, response) => answer(response),
        async (url) =>
          (await openScorer(url)).score('When?', ['At six.']).then(
            (scores) => JSON.stringify(scores),
            (error: Error) => `${error.constructor.name}: ${error.message}`,
          ),
      );
    expect(await scored((response) => response.end('[0.5]'))).toBe('[{"mean":0.5}]');
    for (const [answer, why] of [
      [endless, /^DataError: .*expected an answer of at most 4194304 bytes/],
      [(response: ServerResponse) => response.writeHead(307, { location: '/' }).end(), /expected status 200, got 307/],
      [(response: ServerResponse) => response.end('['.repeat(100_000)), /expected \{ "scores": \[numbers\] \}/],
      [(response: ServerResponse) => response.end('{"scores":[1e999]}'), /expected \{ "scores": \[numbers\] \}/],
      [(response: ServerResponse) => response.end('{"scores":[1,2]}'), /expected 1 scores, one a reply, got 2/],
    ] as const)
      expect(await scored(answer)).toMatch(why);
  });
});

describe('messages of few bytes', () => {
  /** A field of nothing, many times: two bytes each. */
  const nothings = (field: number, count: number) =>
    Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? (field << 3) | 2 : 0));
  const within = (field: number, inner: Uint8Array) => {
    const length: number[] = [];
    for (let left = inner.length; ; left >>>= 7) {
      length.push(left > 127 ? (left & 127) | 128 : left);
      if (left <= 127) break;
    }
    return Uint8Array.from([(field << 3) | 2, ...length, ...inner]);
  };
  it('become no millions of arrays', () => {
    const many = nothings(1, 250_000);
    for (const decode of [
      () => decodePassRequest(nothings(3, 250_000)),
      () => decodePassRequest(within(3, many)),
      () => decodePassRequest(nothings(5, 250_000)),
      () => decodePassOutput(nothings(3, 250_000)),
      () => decodeSampleOutput(many),
    ])
      expect(decode).toThrow(/expected at most 200000 parts, got more/);
    const shape = within(3, within(2, within(2, within(4, new Uint8Array(100_000)))));
    expect(() => decodePassRequest(shape)).toThrow(/shape: expected one dimension/);
  });
});

describe('a client of our own server', () => {
  const body = (model: string, seq: number, more = '') => ({
    model_id: model,
    seq_id: seq,
    adam_params: { learning_rate: 0.01 },
    more,
  });
  it('holds no more memory than its requests may take, and others are heard again when it is gone', async () => {
    const served = await startServed({ mostWaitingBytes: 100_000 });
    try {
      const { session, model } = await served.model();
      const waits = (seq: number) => served.ask('optim_step', body(model, seq, 'x'.repeat(40_000)));
      // The first never comes, so that the others wait.
      expect((await waits(2)).status).toBe(200);
      expect((await waits(3)).status).toBe(200);
      const third = await waits(4);
      expect([third.status, third.body.detail]).toEqual([429, expect.stringMatching(/2 large requests wait already/)]);
      await served.ask(`sessions/${session}/finish`, {});
      const { model: next } = await served.model();
      expect(await served.done('optim_step', body(next, 1, 'x'.repeat(40_000)))).toMatchObject({ type: 'optim_step' });
    } finally {
      await served.stop();
    }
  });
  it('makes much of nothing: of samples, texts that end them, ranks, times to live, nests and lists', async () => {
    const served = await startServed();
    try {
      const { session, model } = await served.model();
      const sample = (sampling_params: object, more: object = {}) =>
        served.ask('asample', {
          base_model: freshName({ ...TINY, maxContext: 8192 }),
          prompt: { chunks: [{ tokens: [1] }] },
          sampling_params,
          ...more,
        });
      const asked = [
        [await sample({}, { num_samples: 4096 }), /expected at most 4194304 tokens/],
        [await sample({ stop: Array.from({ length: 65 }, () => 'x') }), /sampling_params\.stop/],
        [await sample({ stop: 'x'.repeat(1001) }), /sampling_params\.stop/],
        [
          await served.ask('create_model', {
            session_id: session,
            model_seq_id: 1,
            base_model: freshName(TINY),
            lora_config: { rank: 17 },
          }),
          /rank 17: expected at most the width, 16/,
        ],
      ] as const;
      for (const [{ status, body: answer }, why] of asked)
        expect([status, answer.detail]).toEqual([400, expect.stringMatching(why)]);
      const saved = await served.done('save_weights', { model_id: model, seq_id: 1, ttl_seconds: 2 ** 53 - 1 });
      expect(saved).toMatchObject({ category: 'user', error: expect.stringMatching(/ttl_seconds/) });
      const listed = await served.done('forward', {
        model_id: model,
        seq_id: 2,
        forward_input: { data: Array.from({ length: 20_001 }, () => datumJson([1, 2])), loss_fn: 'cross_entropy' },
      });
      expect(listed).toMatchObject({ category: 'user', error: expect.stringMatching(/forward_input\.data/) });
      const raw = await fetch(`${served.url}/api/v1/optim_step`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '['.repeat(100_000),
      });
      expect(raw.status).toBe(400);
    } finally {
      await served.stop();
    }
  });
  it('has names of states alone, and no paths: nothing outside of the folder is read, written or removed', async () => {
    const served = await startServed();
    try {
      const { session, model } = await served.model();
      const strange = ['..', '../x', 'a/b', '.hidden', '', 'x'.repeat(250), 'a\u0000b', '/etc/passwd', 'C:\\x'];
      let seq = 0;
      for (const path of strange) {
        seq += 1;
        const saved = await served.done('save_weights', { model_id: model, seq_id: seq, path });
        expect(saved, path).toMatchObject({ category: 'user' });
        for (const tinker of [
          path,
          `tinker://${path}`,
          `tinker://${model}/weights/${path}`,
          `tinker://../weights/${path}`,
        ])
          expect((await served.ask('weights_info', { tinker_path: tinker })).status, tinker).toBe(404);
        const url = `${served.url}/api/v1/training_runs/${encodeURIComponent(model)}/checkpoints/weights/${encodeURIComponent(path)}`;
        expect((await fetch(url, { method: 'DELETE' })).status, path).toBe(404);
        const load = {
          path: `tinker://${model}/weights/${path}`,
          optimizer: true,
          session_id: session,
          model_seq_id: 3,
        };
        expect((await served.ask('load_weights', load)).status, path).toBe(404);
      }
    } finally {
      await served.stop();
    }
  });
  it('learns nothing by ids that it makes up', async () => {
    const served = await startServed();
    try {
      await served.model();
      for (const id of ['0000000000000000-1', '__proto__', 'constructor', '1', '']) {
        const { status } = await served.ask('retrieve_future', { request_id: id });
        expect(status, id).toBeGreaterThanOrEqual(400);
        expect((await served.ask('get_info', { model_id: id || 'x' })).status, id).toBe(404);
      }
    } finally {
      await served.stop();
    }
  });
});
