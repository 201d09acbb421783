import { type Datum, LOSS_NAMES, type LoraSpec, type LossName } from '../engine/index.ts';
import { EngineError } from '../run/index.ts';
import { type Measured, PROBE_DATA } from './conformance.ts';
import type { Meter } from './meter.ts';
import { type Wire, wireConfig, wireDatum } from './passes.ts';
import { openBaseSampler, PROTOCOL_ALPHA, RemoteModel } from './remote.ts';
import { RemoteError } from './remote-error.ts';
import { RemoteSampler } from './sampler.ts';
import type { Session } from './session.ts';

/** Asks a server, with a few dozen tokens and learning rate 0, what it does. */

export interface ProbeMeans {
  readonly session: Session;
  readonly meter: Meter;
  readonly baseModel: string;
  readonly newModelNumber: () => number;
  readonly newSamplerNumber: () => number;
  /** Ids of the model: the probe's data are kept below. */
  readonly vocabulary: number;
}

const PROBE_LORA: LoraSpec = { rank: 4, alpha: PROTOCOL_ALPHA };
const PROBE_SEED = 7;

const within = (vocabulary: number): Datum[] =>
  PROBE_DATA.map(({ tokens, targets }) => ({
    tokens: tokens.map((id) => id % vocabulary),
    targets: targets.map((id) => id % vocabulary),
  }));

/** The first way of sending passes that a server takes. */
async function wireOf(
  tried: (wire: Wire) => Promise<RemoteModel>,
  data: readonly Datum[],
): Promise<[Wire, RemoteModel]> {
  const first = await tried('protobuf');
  try {
    await passOf(first, data, 'cross_entropy', 1);
    await first.step({ learningRate: 0 });
    return ['protobuf', first];
  } catch (error) {
    // Whatever the reason, a server that takes neither says it again.
    if (!(error instanceof EngineError) || error.retryable) throw error;
  }
  await first.unload();
  return ['json', await tried('json')];
}

function passOf(model: RemoteModel, data: readonly Datum[], loss: LossName, weight: number | ((at: number) => number)) {
  const filled = data.map((datum) => {
    const row = Float32Array.from(datum.tokens, (_, t) => (typeof weight === 'number' ? weight : weight(t)));
    return { ...datum, weights: row, logprobs: new Float32Array(row.length).fill(-3), advantages: row };
  });
  const wire = filled.map((datum) => wireDatum(datum, loss));
  return model.pass({ data: wire, loss, config: wireConfig(loss, {}), forwardOnly: false });
}

async function normsOf(model: RemoteModel, data: readonly Datum[]): Promise<Measured['norms']> {
  const norm = async (...passes: (() => Promise<unknown>)[]) => {
    for (const pass of passes) await pass();
    return model.step({ learningRate: 0 });
  };
  const weighted =
    (weight: Parameters<typeof passOf>[3], batch = data) =>
    () =>
      passOf(model, batch, 'cross_entropy', weight);
  return {
    one: await norm(weighted(1)),
    two: await norm(weighted(2)),
    minus: await norm(weighted(-1)),
    doubled: await norm(weighted(1, [...data, ...data])),
    twice: await norm(weighted(1), weighted(1)),
    mixed: await norm(weighted((t) => (t % 2 === 0 ? 1 : -1))),
  };
}

async function lossesOf(model: RemoteModel, data: readonly Datum[]): Promise<LossName[]> {
  const taken: LossName[] = [];
  for (const loss of LOSS_NAMES) {
    try {
      await passOf(model, data, loss, 1);
      taken.push(loss);
    } catch (error) {
      if (!(error instanceof EngineError) || error.retryable) throw error;
    }
    await model.step({ learningRate: 0 });
  }
  return taken;
}

/** What sampling does, with a base model's weights against its trainer's: at B = 0 adapters change nothing. */
async function samplingOf(sampler: RemoteSampler, model: RemoteModel, data: readonly Datum[], url: string) {
  const whole = data.map(({ tokens, targets }) => Int32Array.from([...tokens, targets.at(-1)!]));
  const answers = await Promise.all(
    whole.map((sequence) => sampler.raw(sequence, { n: 1, maxTokens: 1, seed: 1, promptLogprobs: true })),
  );
  const offset = answers[0]!.promptLogprobs!.length - whole[0]!.length + 1;
  if (offset !== 0 && offset !== 1)
    throw new RemoteError(
      'remote',
      `${url}: ${answers[0]!.promptLogprobs!.length} log-probabilities of a prompt of ${whole[0]!.length} tokens`,
    );
  const trained = await passOf(model, data, 'cross_entropy', 0);
  const gaps = answers.flatMap(({ promptLogprobs }, i) =>
    [...trained[i]!].map((lp, t) => lp - promptLogprobs![t + offset]!),
  );
  const prompt = whole[0]!.slice(0, 3);
  const draw = () => sampler.raw(prompt, { n: 8, maxTokens: 1, seed: 3, params: { temperature: 0.25, stop: [] } });
  const [cold, again] = [await draw(), await draw()];
  const first = new Map(cold.sequences.map(({ tokens, logprobs }) => [tokens[0]!, logprobs?.[0] ?? Number.NaN]));
  const scored = await sampler.logprobs([...first.keys()].map((id) => Int32Array.from([...prompt, id])));
  const differences = [...first.values()].map((lp, i) => Math.abs(lp - scored[i]!.at(-1)!));
  const ids = ({ sequences }: typeof cold) => sequences.map(({ tokens }) => tokens[0]).join();
  return {
    promptLogprobsOffset: offset,
    samplerKl: gaps.reduce((sum, gap) => sum + gap ** 2 / 2, 0) / gaps.length,
    temperedGap: Math.max(...differences),
    seeds: ids(cold) === ids(again),
  };
}

export async function measure(means: ProbeMeans): Promise<Measured> {
  const { session, meter, baseModel, newModelNumber, newSamplerNumber, vocabulary } = means;
  const data = within(vocabulary);
  // Passes, their tokens, and a margin for the two ways of sending them.
  meter.take('trained', 16 * data.reduce((sum, { tokens }) => sum + tokens.length, 0));
  const tried = (wire: Wire) =>
    RemoteModel.make(session, newModelNumber(), { baseModel, lora: PROBE_LORA, seed: PROBE_SEED }, wire);
  const [wire, model] = await wireOf(tried, data);
  try {
    const norms = await normsOf(model, data);
    const losses = await lossesOf(model, data);
    const id = await openBaseSampler(session, newSamplerNumber(), baseModel);
    const sampler = new RemoteSampler(session, id, { meter, tempered: false });
    return { wire, norms, losses, ...(await samplingOf(sampler, model, data, session.transport.url)) };
  } finally {
    await model.unload();
  }
}
