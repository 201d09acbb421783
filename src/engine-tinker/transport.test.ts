import { describe, expect, it } from 'vitest';
import { Transport } from './transport.ts';

/** Asks a server whose every answer is this one. */
async function asked(body: string, encoding: string): Promise<{ said: unknown; times: number }> {
  let times = 0;
  const answer: typeof fetch = async () => {
    times += 1;
    return new Response(body, { headers: { 'content-type': 'application/json', 'content-encoding': encoding } });
  };
  const options = {
    url: 'http://a.test',
    fetch: answer,
    wait: async () => {},
    backoffMs: 1,
    attempts: 3,
    timeoutMs: 1e3,
  };
  const said = await new Transport(options)
    .ask('healthz', undefined, (reply) => (reply.kind === 'json' ? reply.value : 'protobuf'))
    .catch((error: Error) => error.message);
  return { said, times };
}

describe('an answer of a server', () => {
  it('is refused in one line, once, where it came in a form that was not asked for', async () => {
    expect(await asked('\u0028\u00b5/', 'zstd')).toEqual({
      said: expect.stringMatching(/^http:\/\/a\.test: an answer came with content-encoding zstd, .*send it as it is$/),
      times: 1,
    });
    expect(await asked('{}', 'gzip, zstd')).toMatchObject({ times: 1 });
    expect(await asked('{"status":"ok"}', 'identity')).toEqual({ said: { status: 'ok' }, times: 1 });
  });

  it('that refuses is asked for again where its reason was cut short, and told whole', async () => {
    const bodies = ['{"detail":"there is no such sam', '{"detail":"there is no such sampler"}'];
    const answer: typeof fetch = async () => new Response(bodies.shift(), { status: 404 });
    const options = {
      url: 'http://a.test',
      fetch: answer,
      wait: async () => {},
      backoffMs: 1,
      attempts: 3,
      timeoutMs: 1e3,
    };
    const asking = new Transport(options).ask('asample', undefined, () => {});
    await expect(asking).rejects.toThrow('http://a.test: asample was refused (404): there is no such sampler');
  });
});
