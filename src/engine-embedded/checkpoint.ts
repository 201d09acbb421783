import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpec } from '../engine/index.ts';
import { type Parameter, parametersOf, specDifferences, trainableParameters } from '../model/index.ts';
import { canonicalJson, DataError, EngineError, NumericsError } from '../run/index.ts';
import { onPath, writeFileAtomic, writeJson } from '../run/node.ts';
import type { ModelState } from './store.ts';

/**
 * A checkpoint is a folder of `state.json` (spec, step, digest) and `state-<digest>.bin` (weights, then first and second moments
 * of what is trained, float32 little-endian in the order of `parametersOf`). The card is written last and names the numbers by
 * their digest: at every instant the folder holds one whole state, the one before or the new one.
 */
const FORMAT = 'goodhart-checkpoint-2';

type Card = Readonly<{ format: string; spec: ModelSpec; step: number; sha256: string }>;

/** Over the card and the numbers: a step that was altered is found as a weight is. */
const digestOf = ({ format, spec, step }: Omit<Card, 'sha256'>, bytes: Uint8Array) =>
  createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify({ format, spec, step }))))
    .update(bytes)
    .digest('hex');
const binaryOf = (digest: string) => `state-${digest.slice(0, 16)}.bin`;

/** A state that is not finite is refused: training that goes on from it would end the same way. */
function requireFinite(state: ModelState): void {
  for (const [kind, group] of [
    ['weights', state.weights],
    ['first moments', state.firstMoments],
    ['second moments', state.secondMoments],
  ] as const) {
    for (const [name, values] of group) {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i]!)) continue;
        const what = `element ${i} of its ${kind} is ${values[i]} and was not saved`;
        throw new NumericsError(name, `${what}; go back to an earlier checkpoint`, { step: state.step });
      }
    }
  }
}

/** Writes a state whole or not at all; what the folder held before is replaced. */
export function writeCheckpoint(folder: string, state: ModelState): void {
  requireFinite(state);
  const arrays = [state.weights, state.firstMoments, state.secondMoments].flatMap((group) => [...group.values()]);
  const bytes = Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
  const head = { format: FORMAT, spec: state.spec, step: state.step };
  const card: Card = { ...head, sha256: digestOf(head, bytes) };
  const binary = binaryOf(card.sha256);
  // A new folder appears whole; in one that is there the card is what changes, in one instant.
  const isNew = !existsSync(folder);
  const place = isNew ? `${folder}.partial-${process.pid}` : folder;
  onPath(folder, () => {
    try {
      mkdirSync(place, { recursive: true });
      writeFileAtomic(join(place, binary), bytes);
      writeJson(join(place, 'state.json'), card);
      if (isNew) renameSync(place, folder);
    } catch (error) {
      if (isNew) rmSync(place, { recursive: true, force: true });
      throw error;
    }
    // What an earlier save, or one that was killed, left behind.
    for (const file of readdirSync(folder)) {
      if (/^state[.-].*(bin|\.partial-\d+)$/.test(file) && file !== binary) rmSync(join(folder, file), { force: true });
    }
  });
}

/**
 * Reads a checkpoint; altered or torn files are refused, and so is another architecture than `expected`. With `additions`
 * the scalar head and the adapters must agree too.
 */
export function readCheckpoint(
  folder: string,
  expected?: ModelSpec,
  options: { additions: boolean } = { additions: false },
): ModelState {
  let card: Card;
  let bytes: Buffer;
  try {
    card = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));
    bytes = readFileSync(join(folder, binaryOf(card.sha256)));
  } catch (cause) {
    const got = (cause as Error).message;
    throw new DataError('checkpoint', `${folder}: expected a whole checkpoint folder, got ${got}`, { cause });
  }
  if (card.format !== FORMAT || digestOf(card, bytes) !== card.sha256) {
    throw new DataError(
      'checkpoint',
      `${folder}: the checkpoint is torn or altered (digest differs); use the one before`,
    );
  }
  const differing = expected === undefined ? [] : specDifferences(card.spec, expected, options);
  if (differing.length > 0) {
    throw new EngineError(
      'spec-mismatch',
      `${folder}: the checkpoint has ${differing.join(', ')}; create the model to match`,
    );
  }
  let offset = 0;
  const take = (parameters: readonly Parameter[]) =>
    new Map(
      parameters.map(({ name, shape }) => {
        const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
        new Uint8Array(values.buffer).set(bytes.subarray(offset, offset + values.byteLength));
        offset += values.byteLength;
        return [name, values];
      }),
    );
  const trained = trainableParameters(card.spec);
  return {
    spec: card.spec,
    weights: take(parametersOf(card.spec)),
    firstMoments: take(trained),
    secondMoments: take(trained),
    step: card.step,
  };
}
