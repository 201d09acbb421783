import { z } from 'zod';
import { RemoteError } from './remote-error.ts';
import { jsonOf, type Message, RefusedError, type Reply, type Transport } from './transport.ts';

/** A client's session with a server: it says that it is there, submits requests, and waits for what they come to. */

/** What a server calls something: sent with every request. */
export const idSchema = z.string().min(1).max(1000);
const sessionSchema = z.object({ session_id: idSchema });
const configSchema = z.object({
  fwdbwd_max_chunk_len: z.int().positive().default(1024),
  fwdbwd_max_chunk_bytes_count: z.int().positive().default(5_000_000),
  /** Said by servers that put requests in order themselves: then one need not wait for the other to have arrived. */
  parallel_fwdbwd_chunks: z.boolean().default(false),
});
export type ServerConfig = z.infer<typeof configSchema>;

const futureSchema = z.object({ request_id: idSchema });
const againSchema = z.object({ type: z.literal('try_again') });
const metadataSchema = z.object({ status: z.literal('complete_metadata') });
const failureSchema = z.object({ error: z.string(), category: z.string().optional() });

/** The result was let go of there. */
class GoneError extends RemoteError {}

const HEARTBEAT_MS = 10_000;
/** How often a request is sent anew whose result was lost. */
const MOST_RESUBMITS = 3;

export class Session {
  readonly transport: Transport;
  readonly id: string;
  readonly config: ServerConfig;
  readonly #beat: NodeJS.Timeout;

  private constructor(transport: Transport, id: string, config: ServerConfig) {
    this.transport = transport;
    this.id = id;
    this.config = config;
    const say = () =>
      transport.ask('session_heartbeat', { body: { session_id: id, type: 'session_heartbeat' } }, () => {});
    // Whoever asks for something hears that the server is gone.
    this.#beat = setInterval(() => void say().catch(() => {}), HEARTBEAT_MS);
    this.#beat.unref();
  }

  static async open(transport: Transport): Promise<Session> {
    const config = await transport.ask('client/config', { body: { sdk_version: 'goodhart' } }, jsonOf(configSchema));
    const body = { tags: [], user_metadata: null, sdk_version: 'goodhart', type: 'create_session' };
    const { session_id } = await transport.ask('create_session', { body }, jsonOf(sessionSchema));
    return new Session(transport, session_id, config);
  }

  /** Takes a request to the server. Returns the id of its result. */
  async submit(path: string, message: Message): Promise<string> {
    return (await this.transport.ask(path, message, jsonOf(futureSchema))).request_id;
  }

  /** Waits for a result, and has the request sent anew where the server has lost it. */
  async result<T>(
    id: string,
    resubmit: () => Promise<string>,
    read: (reply: Reply) => T,
    protobuf = false,
  ): Promise<T> {
    let current = id;
    for (let lost = 0; ; lost++) {
      try {
        return await this.#poll(current, read, protobuf);
      } catch (error) {
        if (!(error instanceof GoneError) || lost >= MOST_RESUBMITS) throw error;
        current = await resubmit();
      }
    }
  }

  async #poll<T>(id: string, read: (reply: Reply) => T, protobuf: boolean): Promise<T> {
    const AGAIN = Symbol('again');
    const { transport } = this;
    for (;;) {
      const answer = await transport
        .ask('retrieve_future', { body: { request_id: id }, protobuf }, (reply): T | typeof AGAIN => {
          if (reply.kind === 'json') {
            if (againSchema.safeParse(reply.value).success || metadataSchema.safeParse(reply.value).success)
              return AGAIN;
            const failure = failureSchema.safeParse(reply.value);
            if (failure.success)
              throw new RemoteError(
                'remote',
                `${transport.url}: ${failure.data.error.replaceAll(/\s+/g, ' ').slice(0, 400)}`,
              );
          }
          return read(reply);
        })
        .catch((error: unknown) => {
          if (error instanceof RefusedError && error.status === 410) throw new GoneError('gone', error.message);
          throw error;
        });
      if (answer !== AGAIN) return answer as T;
    }
  }

  /** A request and what it comes to. */
  async call<T>(path: string, message: Message, read: (reply: Reply) => T): Promise<T> {
    const submit = () => this.submit(path, message);
    return this.result(await submit(), submit, read, message.protobuf);
  }

  /** Says goodbye; a server that does not know the word ends the session by itself. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    const body = { reason: { type: 'success' }, detail: null };
    await this.transport.ask(`sessions/${encodeURIComponent(this.id)}/finish`, { body }, () => {}).catch(() => {});
  }
}
