import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, ModelSpec } from '../engine/index.ts';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { freshName } from '../engine-tinker/index.ts';
import { type ServedEngine, type ServeEngineOptions, serveEngine } from './index.ts';

export const TINY: ModelSpec = {
  vocabulary: 11,
  width: 16,
  layers: 2,
  heads: 2,
  feedForward: 24,
  maxContext: 16,
  seed: 5,
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = any;

export interface Served extends ServedEngine {
  readonly folder: string;
  /** Posts JSON, or gets where there is none. */
  ask(
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Answer }>;
  /** Posts, and waits for what it comes to. */
  done(path: string, body: object): Promise<Answer>;
  /** A session with a model of fresh weights in it. */
  model(more?: object): Promise<{ session: string; model: string }>;
  stop(): Promise<void>;
}

const places = new Set<string>();
let shared: Engine | undefined;
/** Lets go of what all servers of a file share. */
export async function endServed(): Promise<void> {
  await shared?.dispose();
  shared = undefined;
  for (const place of places) rmSync(place, { recursive: true, force: true });
}

/** A server over a real socket, on the engine that all of a file share. */
export async function startServed(options: Partial<ServeEngineOptions> = {}): Promise<Served> {
  shared ??= createEmbeddedEngine({ threads: 1 });
  const engine = shared;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'goodhart-served-'));
  places.add(folder);
  const report = (id: string, error: unknown) => {
    throw new Error(`${id}: ${String(error)}`);
  };
  const server = await serveEngine({ engine, bases: [], folder, port: 0, report, ...options });
  const ask: Served['ask'] = async (path, body, headers = {}) => {
    const response = await fetch(`${server.url}/api/v1/${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const done: Served['done'] = async (path, body) => {
    const { status, body: future } = await ask(path, body);
    if (status !== 200) return { status, ...future };
    for (;;) {
      const { body: answer } = await ask('retrieve_future', { request_id: future.request_id });
      if (answer.type !== 'try_again') return answer;
    }
  };
  return {
    ...server,
    folder,
    ask,
    done,
    async model(more = {}) {
      const { body } = await ask('create_session', { sdk_version: 'test', tags: [] });
      const made = await done('create_model', {
        session_id: body.session_id,
        model_seq_id: 0,
        base_model: freshName(TINY),
        ...more,
      });
      return { session: body.session_id, model: made.model_id };
    },
    stop: () => server.close(),
  };
}

/** A datum of cross-entropy as JSON. */
export const datumJson = (tokens: readonly number[], weights?: readonly number[]) => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens: tokens.slice(0, -1) }] },
  loss_fn_inputs: {
    target_tokens: { data: tokens.slice(1), dtype: 'int64' },
    ...(weights !== undefined && { weights: { data: weights, dtype: 'float32' } }),
  },
});
