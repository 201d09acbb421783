import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Datum, Engine } from '../engine/index.ts';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { createTinkerEngine, type ProbeReport } from '../engine-tinker/index.ts';
import { EngineError } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { type Fault, faultPlan, faultyWay } from './faults.fake.ts';
import { type ServedEngine, serveEngine } from './index.ts';
import { TINY } from './served.fake.ts';

/** A training through a server with faults on the way ends with the weights of one without, or stops with one line. */

const DATA: readonly Datum[] = [
  [1, 2, 3, 4, 5],
  [6, 7, 8],
  [9, 10, 1, 3],
].map((ids) => ({ tokens: Int32Array.from(ids.slice(0, -1)), targets: Int32Array.from(ids.slice(1)) }));
const ADAM = { learningRate: 1e-2, gradClipNorm: 1 };
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

/** What a training came to. */
interface Trained {
  /** Losses, norms and log-probabilities of training: the same to the bit. */
  readonly training: readonly number[];
  /** Tokens of samples, the same; log-probabilities of them as equal as those of calls that are joined otherwise. */
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
}

const same = (got: Trained, want: Trained): boolean =>
  JSON.stringify([got.training, got.tokens]) === JSON.stringify([want.training, want.tokens]) &&
  got.logprobs.every((lp, i) => Math.abs(lp - want.logprobs[i]!) <= 1e-5);

/** A short training with everything in it, as numbers. */
async function training(engine: Engine, folder: string): Promise<Trained> {
  const model = await engine.createModel({ ...TINY, lora: { rank: 2, alpha: 32 } });
  const numbers: number[] = [];
  for (let step = 0; step < 2; step++) {
    const [{ loss }, { gradNorm }] = await Promise.all([
      model.forwardBackward(DATA, 'cross_entropy'),
      model.optimStep(ADAM),
    ]);
    numbers.push(loss, gradNorm);
  }
  await model.saveState(join(folder, 'mid'));
  const custom = await model.forwardBackwardCustom(DATA, (logprobs) => ({
    loss: flat(logprobs).reduce((a, b) => a + b * b, 0),
    gradients: logprobs.map((row) => row.map((lp) => 2 * lp)),
  }));
  numbers.push(custom.loss, (await model.optimStep(ADAM)).gradNorm);
  const sampler = await model.sampler();
  const samples = await sampler.sample([Int32Array.of(1), Int32Array.of(2, 3)], {
    n: 2,
    maxTokens: 4,
    stop: [0],
    seed: 3,
  });
  await model.loadState(join(folder, 'mid'));
  await model.forwardBackward(DATA, 'cross_entropy');
  await model.optimStep(ADAM);
  numbers.push(...flat((await model.forward(DATA, 'cross_entropy')).logprobs));
  return {
    training: numbers,
    tokens: samples.flat().flatMap(({ tokens }) => [...tokens]),
    logprobs: flat(samples.flat().map(({ logprobs }) => logprobs)),
  };
}

export interface FaultReport {
  readonly plans: number;
  /** Trainings that came to their end, with the numbers of one without faults. */
  readonly same: number;
  /** Trainings that stopped with one line, by what it says. */
  readonly stopped: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<Fault | 'killed', number>;
  /** What must be empty. */
  readonly wrong: readonly string[];
}

/** Words of an error without addresses and ids, to count alike ones together. */
const kindOf = (message: string) =>
  message
    .replace(/^https?:\/\/[\d.:]+: /, '')
    .replaceAll(/\d+ times/g, 'n times')
    .replace(/\(last: .*?\);/, '(…);')
    .slice(0, 90);

export async function faultTrial(options: {
  readonly plans: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}): Promise<FaultReport> {
  const embedded = createEmbeddedEngine({ threads: 1 });
  const place = mkdtempSync(join(tmpdir(), 'goodhart-faults-'));
  const serve = (folder: string) =>
    serveEngine({
      engine: embedded,
      bases: [],
      folder,
      port: 0,
      pollMs: 200,
      report: (_, error) => wrong.push(`a defect of the server: ${String(error)}`),
    });
  const wrong: string[] = [];
  const stopped = new Map<string, number>();
  const faults = new Map<Fault | 'killed', number>();
  const add = <K>(counts: Map<K, number>, key: K, by = 1) => counts.set(key, (counts.get(key) ?? 0) + by);
  let alike = 0;
  let measured: ProbeReport['measured'] | undefined;
  const run = async (url: string, folder: string) => {
    const engine = createTinkerEngine({ url, measured, backoffMs: 1, attempts: 30, timeoutMs: 20_000 });
    try {
      const numbers = await training(engine, folder);
      measured = engine.found()?.measured;
      return numbers;
    } finally {
      await engine.dispose();
    }
  };
  try {
    const quiet = await serve(join(place, 'quiet'));
    const expected = await run(quiet.url, join(place, 'quiet-states'));
    await quiet.close();
    for (let i = 0; i < options.plans; i++) {
      const rng = createRng(`faults/${options.seed}/${i}`);
      const plan = faultPlan(rng);
      const folder = join(place, `plan-${i}`);
      let server: ServedEngine = await serve(folder);
      const kill = async () => {
        add(faults, 'killed');
        await server.close();
        server = await serve(folder);
      };
      const way = await faultyWay(() => server.url, { plan, rng, kill });
      try {
        if (same(await run(way.url, join(place, `states-${i}`)), expected)) alike += 1;
        else wrong.push(`plan ${i}: other numbers than without faults`);
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof EngineError) || message.includes('\n')) wrong.push(`plan ${i}: ${message}`);
        else if (plan.killAfter === undefined) wrong.push(`plan ${i} stopped though nothing was killed: ${message}`);
        else add(stopped, kindOf(message));
      }
      for (const [fault, count] of way.counts) add(faults, fault, count);
      await way.close();
      await server.close();
      options.progress?.(i + 1);
    }
  } finally {
    await embedded.dispose();
    rmSync(place, { recursive: true, force: true });
  }
  return { plans: options.plans, same: alike, stopped, faults, wrong };
}
