import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Rng } from '../stats/index.ts';

/** What can happen to a request on its way and back. */
export const FAULTS = [
  'dropped before it arrives',
  'dropped on the way back',
  'too many requests',
  'server error',
  'slow',
  'duplicated',
  'reordered',
  'truncated with the connection',
  'truncated as if whole',
] as const;
export type Fault = (typeof FAULTS)[number];

/** How often each fault comes, as a share of requests. */
export interface FaultPlan {
  readonly rates: Readonly<Record<Fault, number>>;
  /** The server is killed and started again after so many requests. */
  readonly killAfter: number | undefined;
}

/** Faults at rates of their own, some of them never; one plan in five kills the server. */
export function faultPlan(rng: Rng): FaultPlan {
  const rate = () => (rng.uniform() < 0.5 ? 0 : 0.15 * rng.uniform());
  const rates = Object.fromEntries(FAULTS.map((fault) => [fault, rate()])) as Record<Fault, number>;
  return { rates, killAfter: rng.uniform() < 0.2 ? 10 + rng.integer(80) : undefined };
}

interface Passed {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Passes a request on and takes its whole answer. */
async function passOn(target: string, asked: IncomingMessage, body: Buffer): Promise<Passed> {
  const { hostname, port } = new URL(target);
  const { connection: _, 'transfer-encoding': __, ...headers } = asked.headers;
  const sent = request({ hostname, port, path: asked.url, method: asked.method, headers, agent: false });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, headers: answer.headers, body: await wholeOf(answer) };
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export interface FaultyWay {
  readonly url: string;
  /** How often each fault came. */
  readonly counts: ReadonlyMap<Fault, number>;
  close(): Promise<void>;
}

/** A way to a server on which faults happen as planned. `kill` is called once, where the plan says so. */
export async function faultyWay(
  target: () => string,
  { plan, rng, kill }: { readonly plan: FaultPlan; readonly rng: Rng; readonly kill: () => Promise<void> },
): Promise<FaultyWay> {
  const counts = new Map<Fault, number>();
  let requests = 0;
  let killing: Promise<void> | undefined;
  /** Requests that are held until another has gone by. */
  const held: (() => void)[] = [];
  const drawn = (): Fault | undefined => {
    let left = rng.uniform();
    for (const fault of FAULTS) {
      left -= plan.rates[fault];
      if (left < 0) return fault;
    }
    return undefined;
  };
  const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const answer = (response: ServerResponse, { status, headers, body }: Passed) => {
    const { 'transfer-encoding': _, connection: __, ...kept } = headers;
    response.writeHead(status, { ...kept, 'content-length': body.length });
    response.end(body);
  };
  const refuse = (response: ServerResponse, status: number) =>
    answer(response, {
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"detail":"a fault"}'),
    });
  const handle = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await wholeOf(asked);
    requests += 1;
    if (requests === plan.killAfter) killing = kill();
    await killing;
    const fault = drawn();
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
    if (fault === 'dropped before it arrives') return void asked.socket.destroy();
    if (fault === 'too many requests') return refuse(response, 429);
    if (fault === 'server error') return refuse(response, rng.uniform() < 0.5 ? 500 : 503);
    if (fault === 'slow') await later(1 + rng.integer(10));
    if (fault === 'reordered') await Promise.race([later(8), new Promise<void>((go) => held.push(go))]);
    else held.shift()?.();
    const sending = [passOn(target(), asked, body)];
    if (fault === 'duplicated') sending.push(passOn(target(), asked, body));
    const passed = (await Promise.all(sending)).at(-1)!;
    if (fault === 'dropped on the way back') return void asked.socket.destroy();
    const short = passed.body.subarray(0, rng.integer(Math.max(1, passed.body.length)));
    if (fault === 'truncated as if whole') return answer(response, { ...passed, body: short });
    if (fault !== 'truncated with the connection') return answer(response, passed);
    response.writeHead(passed.status, {
      'content-type': passed.headers['content-type'],
      'content-length': passed.body.length + 1,
    });
    response.write(short, () => asked.socket.destroy());
  };
  const server = createServer((asked, response) => {
    handle(asked, response).catch(() => asked.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
