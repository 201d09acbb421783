import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModelSpec } from '../engine/index.ts';
import { type Parameter, parametersOf, specDifferences, trainableParameters } from '../model/index.ts';
import { DataError, EngineError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import type { ModelState } from './store.ts';

/**
 * A checkpoint is a folder of `state.json` (spec, step, digest) and `state.bin` (weights, then first and second moments of
 * what is trained, float32 little-endian in the order of `parametersOf`). It is written beside its name and moved there whole.
 */
const FORMAT = 'goodhart-checkpoint-1';

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function writeCheckpoint(folder: string, state: ModelState): void {
  const arrays = [state.weights, state.firstMoments, state.secondMoments].flatMap((group) => [...group.values()]);
  const bytes = Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
  const card = { format: FORMAT, spec: state.spec, step: state.step, sha256: digestOf(bytes) };
  const partial = `${folder}.partial-${process.pid}`;
  const old = `${folder}.old-${process.pid}`;
  onPath(folder, () => {
    try {
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial, { recursive: true });
      writeFileSync(join(partial, 'state.bin'), bytes, { flush: true });
      writeFileSync(join(partial, 'state.json'), `${JSON.stringify(card, null, 2)}\n`, { flush: true });
      mkdirSync(dirname(folder), { recursive: true });
      if (existsSync(folder)) renameSync(folder, old);
      renameSync(partial, folder);
      rmSync(old, { recursive: true, force: true });
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      throw error;
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
  let card: { format: string; spec: ModelSpec; step: number; sha256: string };
  let bytes: Buffer;
  try {
    card = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));
    bytes = readFileSync(join(folder, 'state.bin'));
  } catch (cause) {
    throw new DataError('checkpoint', `${folder}: expected a checkpoint folder, got ${(cause as Error).message}`, {
      cause,
    });
  }
  if (card.format !== FORMAT || digestOf(bytes) !== card.sha256) {
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
