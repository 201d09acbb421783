import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AnswerCache, createEndpoint, type Endpoint, type EndpointOptions } from './client.ts';
import type { Answered } from './protocol.ts';
import { sendAnywhere } from './send.ts';

/** A request as it came. */
export interface FakeRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
  /** Prompt of the user, in either protocol. */
  readonly prompt: string;
  /** How often this very body has come, from 0. */
  readonly again: number;
}

/** What is sent back: a value as JSON, or whatever is done to the response. */
export type FakeReply = object | ((response: ServerResponse) => void);

export interface FakeEndpoint {
  readonly url: string;
  readonly requests: FakeRequest[];
  close(): Promise<void>;
}

/** A chat completion that says a text. */
export const says = (content: string, more: object = {}): object => ({
  model: 'fake-1',
  choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop', ...more }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});

/** The log-probabilities of a first token. */
export const likely = (first: Readonly<Record<string, number>>): object => ({
  logprobs: {
    content: [
      {
        token: Object.keys(first)[0],
        logprob: Math.log(Object.values(first)[0]!),
        top_logprobs: Object.entries(first).map(([token, p]) => ({ token, logprob: Math.log(p) })),
      },
    ],
  },
});

/** An answer with another status. */
export const status =
  (code: number, body: object | string = '', headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** An OpenAI-compatible server over a real socket that answers as a test wants. */
export async function startFakeEndpoint(answer: (request: FakeRequest) => FakeReply): Promise<FakeEndpoint> {
  const requests: FakeRequest[] = [];
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString('utf8');
      const body = JSON.parse(text);
      const again = seen.get(text) ?? 0;
      seen.set(text, again + 1);
      const prompt: string = body.prompt ?? body.messages.at(-1).content;
      const asked = { path: request.url ?? '', headers: request.headers, body, prompt, again };
      requests.push(asked);
      const reply = answer(asked);
      if (typeof reply === 'function') reply(response);
      else response.end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', () => done());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Time that passes only when somebody waits for it, and what was waited for. */
export function fakeClock(): { now: () => number; wait: (ms: number) => Promise<void>; waits: number[] } {
  const waits: number[] = [];
  let ms = 0;
  return {
    waits,
    now: () => ms,
    wait: async (by) => {
      waits.push(by);
      ms += by;
    },
  };
}

/** Answers in memory. */
export function memoryCache(): AnswerCache & { readonly rows: Map<string, Answered> } {
  const rows = new Map<string, Answered>();
  return { rows, get: (digest) => rows.get(digest), put: (digest, answer) => void rows.set(digest, answer) };
}

/** An endpoint on a fake server whose clock stands still. */
export const endpointAt = ({ url }: Pick<FakeEndpoint, 'url'>, options: Partial<EndpointOptions> = {}): Endpoint => {
  const { now, wait } = fakeClock();
  return createEndpoint({
    ...{ url, model: 'fake', send: sendAnywhere, now, wait, date: () => Date.UTC(2026, 0, 1), attempts: 3 },
    ...options,
  });
};
