import { type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { LossName, ModelSpec } from '../engine/index.ts';
import {
  decodeOutputs,
  drawOutputs,
  hiddenOutputs,
  logprobOutputs,
  parameterInputs,
  parametersOf,
  prefillOutputs,
  scalarGradientOutputs,
  scalarValueOutputs,
  tokenLossOutputs,
  turnedInputs,
  type Wanted,
} from '../model/index.ts';
import { canonicalJson, own } from '../run/index.ts';
import {
  describeTensor,
  encodeOnnx,
  finiteProbes,
  firstNonFinite,
  isSound,
  type Tensor,
  topologicalOrder,
} from '../tensor/index.ts';
import type { Sessions } from './sessions.ts';
import { plainWeights, type Weighted } from './snapshot.ts';

/** What a graph computes and, after the slash, for which tokens of a pass. */
export type GraphKind =
  | `${`loss:${LossName}` | 'logprobs' | 'scalars' | 'hidden' | 'scalar-gradient'}/${Wanted}`
  | 'prefill'
  | 'decode'
  /** One token per row against a cache, drawn in the graph. */
  | 'draw';

/** A value for a graph input: typed array with its shape. */
export type Feed = readonly [Float32Array | BigInt64Array, readonly number[]];

function outputsOf(spec: ModelSpec, kind: GraphKind, turned: boolean) {
  const parameters = turned ? turnedInputs(spec) : parameterInputs(spec);
  const [name, wanted] = kind.split('/') as [string, Wanted];
  if (name.startsWith('loss:')) return tokenLossOutputs(spec, name.slice(5) as LossName, wanted);
  switch (name) {
    case 'logprobs':
      return logprobOutputs(spec, wanted, parameters);
    case 'scalars':
      return scalarValueOutputs(spec, wanted, parameters);
    case 'hidden':
      return hiddenOutputs(spec, wanted, parameters);
    case 'scalar-gradient':
      return scalarGradientOutputs(spec, wanted);
    case 'prefill':
      return prefillOutputs(spec, parameters);
    case 'draw': {
      const { logits, ...cached } = decodeOutputs(spec, parameters);
      return { ...drawOutputs(logits!), ...cached };
    }
    default:
      return decodeOutputs(spec, parameters);
  }
}

/** Where a graph stopped being finite. */
export interface NonFinite {
  readonly operator: string;
  /** The tensor in words. */
  readonly where: string;
  readonly element: number;
  readonly value: number;
}

/** Sessions by architecture and purpose, built on first use and shared by all models of one shape. */
export class GraphCache {
  readonly #sessions = new Map<string, Promise<InferenceSession>>();
  readonly #made: Sessions;

  constructor(made: Sessions) {
    this.#made = made;
  }

  #session({ spec, turned = false }: Weighted, kind: GraphKind): Promise<InferenceSession> {
    const { seed: _, ...architecture } = spec;
    const key = `${kind} ${turned} ${canonicalJson(architecture)}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = this.#made.create(encodeOnnx(outputsOf(spec, kind, turned)), {
        // Shapes change from call to call, so a plan for one shape does not carry over.
        enableMemPattern: false,
      });
      this.#sessions.set(key, session);
    }
    return session;
  }

  /** Runs a graph on weights and feeds; every output as float32, by name. */
  async run(
    state: Weighted,
    kind: GraphKind,
    feeds: Readonly<Record<string, Feed>>,
  ): Promise<Record<string, Float32Array>> {
    return runSession(await this.#session(state, kind), state, feeds);
  }

  /**
   * The first tensor that is not finite on the way to an output, found by running the graph again with a probe on every
   * tensor. Undefined where that run is finite (another order of summation).
   */
  async findNonFinite(
    state: Weighted,
    kind: GraphKind,
    feeds: Readonly<Record<string, Feed>>,
  ): Promise<NonFinite | undefined> {
    const { spec } = state;
    const plain = { spec, weights: plainWeights(state) };
    const run = async (outputs: Readonly<Record<string, Tensor>>) => {
      // As written: a fused operator would hide where in it the number arose.
      const session = await this.#made.create(encodeOnnx(outputs), { graphOptimizationLevel: 'disabled' });
      try {
        return await runSession(session, plain, feeds);
      } finally {
        await session.release();
      }
    };
    const outputs: Record<string, Tensor> = outputsOf(spec, kind, false);
    const probes = finiteProbes(Object.values(outputs));
    const values = await run(probes.outputs);
    const bad = new Set([...probes.probed].flatMap(([name, tensor]) => (own(values, name)![0] === 0 ? [] : [tensor])));
    const { overflow, ...others } = outputs;
    const finite = (t: Tensor) => !bad.has(t);
    // Of what bounds the network only its norms count: the rest may overflow where the network does not.
    const norms = topologicalOrder([overflow!]).filter(({ op }) => op === 'rmsInverse');
    const network = Object.values(others);
    const seen = [...norms, ...network].map((output) => firstNonFinite(output, finite)).find((t) => t !== undefined);
    // Where no output shows it: the first in the order in which they are computed.
    const tensor = seen ?? topologicalOrder(network).find((t) => !finite(t));
    if (tensor === undefined) return undefined;
    const { found } = await run({ found: tensor });
    const element = found!.findIndex((v) => !isSound(tensor, v));
    return { operator: tensor.op, where: describeTensor(tensor), element, value: found![element]! };
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }
}

/** Runs a session on weights and feeds; every output as float32, by name. */
async function runSession(
  session: InferenceSession,
  { spec, weights, turned = false }: Weighted,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Record<string, Float32Array>> {
  const shapes = new Map(
    parametersOf(spec).map(({ name, role, shape }) => [
      name,
      turned && role === 'matrix' ? [...shape].reverse() : shape,
    ]),
  );
  const fed = session.inputNames.map((name) => {
    const feed = own(feeds, name) ?? ([weights.get(name)!, shapes.get(name)!] as const);
    const [data, shape] = feed;
    const tensor =
      data instanceof Float32Array
        ? new OrtTensor('float32', data, [...shape])
        : new OrtTensor('int64', data, [...shape]);
    return [name, tensor] as const;
  });
  const got = await session.run(Object.fromEntries(fed));
  return Object.fromEntries(session.outputNames.map((name) => [name, own(got, name)!.data as Float32Array]));
}
