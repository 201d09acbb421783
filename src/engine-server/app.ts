import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { decodePassRequest, type PassRequest, passEnvelope } from '../engine-tinker/index.ts';
import { DataError, EngineError, JSON_BOUNDS, overBounds } from '../run/index.ts';
import type { Asked } from './futures.ts';
import { ProtocolError } from './protocol-error.ts';
import { checkpointRecord, modelInfo, runRecords, weightsInfo } from './records.ts';
import * as requests from './requests.ts';
import type { EngineService } from './service.ts';
import type { StateKind } from './states.ts';
import type { Training } from './training.ts';
import type { Turn } from './turns.ts';

export interface AppOptions {
  readonly service: EngineService;
  /** The key that clients send as `X-API-Key`; any where there is none. */
  readonly key: string | undefined;
  /** Names besides those of the loopback interface that requests may be addressed to. */
  readonly hosts: readonly string[];
  readonly now: () => number;
  /** How long a question for a result waits for it. */
  readonly pollMs?: number;
  /** Most bytes of one request; 64 MiB by default. */
  readonly mostBytes?: number;
  readonly defect: (error: unknown) => string;
}

const PROTOBUF = 'application/x-protobuf';
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const sha256 = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash;
};

/** Who may ask: programs with the key that address this server by its name. Pages of browsers never. */
function guard({ key, hosts }: AppOptions): MiddlewareHandler {
  const known = new Set([...LOOPBACK, ...hosts.map((host) => host.toLowerCase())]);
  const wanted = key === undefined ? undefined : sha256(key).digest();
  return async (context, next) => {
    const host = (context.req.header('host') ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
    if (!known.has(host)) throw new ProtocolError(421, 'this server does not answer to that name; add it with --host');
    if (context.req.header('origin') !== undefined)
      throw new ProtocolError(403, 'this server answers programs, no pages of a browser');
    const given = context.req.header('x-api-key') ?? '';
    if (wanted !== undefined && !timingSafeEqual(sha256(given).digest(), wanted))
      throw new ProtocolError(401, 'X-API-Key: expected the key of this server');
    await next();
  };
}

function isProtobuf(context: Context): boolean {
  const type = (context.req.header('content-type') ?? '').split(';')[0]!.trim();
  if (type !== PROTOBUF && type !== 'application/json')
    throw new ProtocolError(415, `content-type: expected application/json or ${PROTOBUF}`);
  const encoding = context.req.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new ProtocolError(415, `content-encoding ${encoding.slice(0, 20)}: send the body as it is`);
  return type === PROTOBUF;
}

/** A JSON text of a schema, or one line of what is wrong with it. */
function parse<T>(text: string, schema: z.ZodType<T>): T {
  let raw: unknown;
  try {
    if (overBounds(text, { ...JSON_BOUNDS, levels: 32 }) !== undefined) throw new SyntaxError();
    raw = JSON.parse(text);
  } catch {
    throw new ProtocolError(400, 'expected a JSON body');
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ProtocolError(400, `${issue!.path.join('.').slice(0, 120) || 'body'}: ${issue!.message}`);
}

const askedBy = (context: Context, body: string | Uint8Array): Asked => ({
  digest: sha256(context.req.path, body).digest('base64url'),
  bytes: body.length,
});

async function bodyOf<T>(context: Context, schema: z.ZodType<T>): Promise<{ given: T; asked: Asked }> {
  if (isProtobuf(context)) throw new ProtocolError(415, 'content-type: expected application/json');
  const text = await context.req.text();
  return { given: parse(text, schema), asked: askedBy(context, text) };
}

const future = (id: string, more: object = {}) => ({ request_id: id, ...more });

type Submit<T> = (training: Training, turn: Turn, given: () => T) => string;

/** Training: each request is one of a model, done in the order of their numbers. */
function addTraining(app: Hono, { service }: AppOptions): void {
  const { trainings } = service;
  const inTurn =
    <T>(schema: z.ZodType<T>, submit: Submit<T>) =>
    async (context: Context) => {
      if (isProtobuf(context)) throw new ProtocolError(415, 'content-type: expected application/json');
      const text = await context.req.text();
      const { model_id, seq_id } = parse(text, requests.turnSchema);
      const turn = { seq: seq_id ?? undefined, ...askedBy(context, text) };
      const training = trainings.get(model_id);
      service.requireSession(training.session);
      return context.json(
        future(
          submit(training, turn, () => parse(text, schema)),
          { model_id },
        ),
      );
    };
  const pass: Submit<PassRequest> = (...given) => trainings.pass(...given);
  const jsonPass = inTurn(requests.forwardBackwardSchema, pass);
  app.post('/api/v1/forward_backward', async (context) => {
    if (!isProtobuf(context)) return jsonPass(context);
    const body = new Uint8Array(await context.req.arrayBuffer());
    const { modelId, seqId } = passEnvelope(body);
    const turn = { seq: seqId, ...askedBy(context, body) };
    const training = trainings.get(modelId);
    service.requireSession(training.session);
    return context.json(
      future(
        pass(training, turn, () => decodePassRequest(body)),
        { model_id: modelId },
      ),
    );
  });
  app.post('/api/v1/forward', inTurn(requests.forwardSchema, pass));
  app.post(
    '/api/v1/optim_step',
    inTurn(requests.optimStepSchema, (...given) => trainings.step(...given)),
  );
  app.post(
    '/api/v1/save_weights',
    inTurn(requests.saveWeightsSchema, (...given) => trainings.save(...given)),
  );
  app.post(
    '/api/v1/save_weights_for_sampler',
    inTurn(requests.saveForSamplerSchema, (...given) => trainings.saveForSampler(...given)),
  );
  const load = inTurn(requests.loadWeightsSchema, (...given) => trainings.load(...given));
  app.post('/api/v1/load_weights', async (context) => {
    const text = await context.req.raw.clone().text();
    if (parse(text, requests.loadKindSchema).session_id == null) return load(context);
    const { given, asked } = await bodyOf(context, requests.loadWeightsSchema);
    service.requireSession(given.session_id!);
    return context.json(future(trainings.createFrom(given, asked.digest)));
  });
  app.post('/api/v1/create_model', async (context) => {
    const { given, asked } = await bodyOf(context, requests.createModelSchema);
    service.requireSession(given.session_id);
    return context.json(future(trainings.create(given, asked.digest)));
  });
  app.post('/api/v1/get_info', async (context) => {
    const training = trainings.get((await bodyOf(context, requests.modelSchema)).given.model_id);
    return context.json(modelInfo(training, service.bases.get(training.baseModel).tokenizerId));
  });
  app.post('/api/v1/unload_model', async (context) => {
    const { given } = await bodyOf(context, requests.modelSchema);
    return context.json(future(trainings.unload(trainings.get(given.model_id)), { model_id: given.model_id }));
  });
}

function addSampling(app: Hono, { service }: AppOptions): void {
  app.post('/api/v1/create_sampling_session', async (context) => {
    const { given } = await bodyOf(context, requests.createSamplingSessionSchema);
    service.requireSession(given.session_id);
    const id = service.openSampler(given.session_id, given);
    return context.json({ type: 'create_sampling_session', sampling_session_id: id });
  });
  app.get('/api/v1/samplers/:id', (context) => {
    const id = context.req.param('id');
    const { baseModel, modelPath } = service.samplers.facts(id);
    return context.json({ sampler_id: id, base_model: baseModel, ...(modelPath && { model_path: modelPath }) });
  });
  app.post('/api/v1/asample', async (context) => {
    const { given, asked } = await bodyOf(context, requests.sampleSchema);
    const id = service.sample(given, asked);
    const sequences = Array.from({ length: given.num_samples }, (_, i) => `${id}-${i}`);
    return context.json(future(id, { sample_sequence_ids: sequences }));
  });
}

function addFutures(app: Hono, { service, pollMs = 25_000 }: AppOptions): void {
  app.post('/api/v1/retrieve_future', async (context) => {
    const { given } = await bodyOf(context, requests.retrieveSchema);
    const settled = await service.futures.retrieve(given.request_id, pollMs);
    if (settled === undefined)
      return context.json({ type: 'try_again', request_id: given.request_id, queue_state: 'active' });
    if ('failure' in settled) return context.json(settled.failure);
    const { json, protobuf } = settled.result;
    if (protobuf === undefined || !(context.req.header('accept') ?? '').includes(PROTOBUF)) return context.json(json());
    return context.body(Uint8Array.from(protobuf()).buffer, 200, { 'content-type': PROTOBUF });
  });
}

/** What a client learns of the server and reports to it. */
function addSessions(app: Hono, { service }: AppOptions): void {
  // Requests are put in order here, so that none need wait for another to have arrived; bodies come uncompressed.
  app.post('/api/v1/client/config', (context) =>
    context.json({ pjwt_auth_enabled: false, parallel_fwdbwd_chunks: true }),
  );
  app.post('/api/v1/client/dynamic_config', (context) => context.json({ refresh_interval_sec: 300 }));
  app.get('/api/v1/healthz', (context) => context.json({ status: 'ok' }));
  app.post('/api/v1/telemetry', (context) => context.json({ status: 'accepted' }));
  app.get('/api/v1/get_server_capabilities', (context) =>
    context.json({
      supported_models: service.bases.all.map(({ name, spec }) => ({
        model_name: name,
        max_context_length: spec.maxContext,
        trainable: true,
        sampleable: true,
      })),
    }),
  );
  app.post('/api/v1/create_session', async (context) => {
    await bodyOf(context, requests.createSessionSchema);
    return context.json({
      type: 'create_session',
      session_id: service.openSession(),
      info_message: 'adapters train attention and feed-forward layers; train_unembed is answered with false',
    });
  });
  app.post('/api/v1/session_heartbeat', async (context) => {
    const { given } = await bodyOf(context, requests.sessionSchema);
    service.requireSession(given.session_id);
    return context.json({ type: 'session_heartbeat' });
  });
  app.post('/api/v1/sessions/:id/finish', async (context) => {
    await service.endSession(context.req.param('id'));
    return context.body(null, 204);
  });
}

/** Saved states and the runs that they are of. */
function addRecords(app: Hono, { service, now }: AppOptions): void {
  const page = <T>(context: Context, all: readonly T[]) => {
    const parsed = requests.pageSchema.safeParse(context.req.query());
    if (!parsed.success) throw new ProtocolError(400, 'limit, offset: expected whole numbers');
    const { limit, offset } = parsed.data;
    return { part: all.slice(offset, offset + limit), cursor: { limit, offset, total_count: all.length } };
  };
  const runs = () => runRecords(service, new Date(now()).toISOString());
  app.post('/api/v1/weights_info', async (context) => {
    const { given } = await bodyOf(context, requests.weightsInfoSchema);
    return context.json(weightsInfo(service.states.find(given.tinker_path).card));
  });
  app.get('/api/v1/training_runs', (context) => {
    const { part, cursor } = page(context, runs());
    return context.json({ training_runs: part, cursor });
  });
  app.get('/api/v1/training_runs/:run', (context) => {
    const run = runs().find(({ training_run_id }) => training_run_id === context.req.param('run'));
    if (run === undefined) throw new ProtocolError(404, 'there is no such run');
    return context.json(run);
  });
  app.get('/api/v1/training_runs/:run/checkpoints', (context) =>
    context.json({ checkpoints: service.states.list(context.req.param('run')).map(checkpointRecord) }),
  );
  app.get('/api/v1/checkpoints', (context) => {
    const { part, cursor } = page(context, service.states.list());
    return context.json({ checkpoints: part.map(checkpointRecord), cursor });
  });
  app.delete('/api/v1/training_runs/:run/checkpoints/:kind/:name', (context) => {
    const { run, kind, name } = context.req.param() as { run: string; kind: StateKind; name: string };
    service.states.remove(`tinker://${run}/${kind}/${name}`);
    return context.body(null, 204);
  });
}

/** The protocol over an engine. Every refusal is one line as `detail`. */
export function createEngineApp(options: AppOptions): Hono {
  const app = new Hono();
  app.use(guard(options));
  const maxSize = options.mostBytes ?? 64 * 2 ** 20;
  app.use(
    bodyLimit({
      maxSize,
      onError: () => {
        throw new ProtocolError(413, `the request is larger than ${maxSize} bytes; send fewer data at a time`);
      },
    }),
  );
  addSessions(app, options);
  addTraining(app, options);
  addSampling(app, options);
  addFutures(app, options);
  addRecords(app, options);
  app.notFound((context) => context.json({ detail: 'this server has no such endpoint' }, 404));
  app.onError((error, context) => {
    if (error instanceof ProtocolError) {
      if (error.status === 429) context.header('retry-after', '1');
      return context.json({ detail: error.message }, error.status);
    }
    if (error instanceof DataError || error instanceof EngineError) return context.json({ detail: error.message }, 400);
    return context.json({ detail: options.defect(error) }, 500);
  });
  return app;
}
