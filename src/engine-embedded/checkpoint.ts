import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ModelSpec, modelSpecSchema } from '../engine/index.ts';
import { type Parameter, parametersOf, specDifferences, trainableParameters } from '../model/index.ts';
import { canonicalJson, DataError, EngineError, NumericsError } from '../run/index.ts';
import {
  digestFile,
  hashBytes,
  onPath,
  readInto,
  readJsonOf,
  withRegularFile,
  writeFileAtomic,
  writeJson,
} from '../run/node.ts';
import type { ModelState } from './store.ts';

/**
 * A checkpoint is a folder of `state.json` (spec, step, digest) and `state-<digest>.bin` (weights, then first and second moments
 * of what is trained, float32 little-endian in the order of `parametersOf`). The card is written last and names the numbers by
 * their digest: at every instant the folder holds one whole state, the one before or the new one.
 */
const FORMAT = 'goodhart-checkpoint-2';

const cardSchema = z.object({
  format: z.literal(FORMAT),
  spec: modelSpecSchema,
  step: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
type Card = Readonly<z.infer<typeof cardSchema>>;

/** A digest that has taken in the card, and is to take in the numbers: a step that was altered is found as a weight is. */
const digestAfter = ({ format, spec, step }: Omit<Card, 'sha256'>) =>
  createHash('sha256').update(canonicalJson(JSON.parse(JSON.stringify({ format, spec, step }))));
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

const elementsOf = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);
const bytesOf = (parameters: readonly Parameter[]) =>
  parameters.reduce((sum, { shape }) => sum + elementsOf(shape) * Float32Array.BYTES_PER_ELEMENT, 0);

/** Writes a state whole or not at all; what the folder held before is replaced. */
export function writeCheckpoint(folder: string, state: ModelState): void {
  requireFinite(state);
  const arrays = [state.weights, state.firstMoments, state.secondMoments].flatMap((group) => [...group.values()]);
  const parts = arrays.map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
  const head = { format: FORMAT, spec: state.spec, step: state.step } as const;
  const hash = digestAfter(head);
  for (const part of parts) hashBytes(hash, part);
  const card: Card = { ...head, sha256: hash.digest('hex') };
  const binary = binaryOf(card.sha256);
  // A new folder appears whole; in one that is there the card is what changes, in one instant.
  const isNew = !existsSync(folder);
  const place = isNew ? `${folder}.partial-${process.pid}` : folder;
  onPath(folder, () => {
    try {
      mkdirSync(place, { recursive: true });
      writeFileAtomic(join(place, binary), parts);
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
  const altered = (what: string) =>
    new DataError('checkpoint', `${folder}: the checkpoint is torn or altered (${what}); use the one before`);
  let card: Card;
  let found: ReturnType<typeof digestFile>;
  try {
    card = readJsonOf(join(folder, 'state.json'), cardSchema);
    found = digestFile(join(folder, binaryOf(card.sha256)), digestAfter(card));
  } catch (cause) {
    const got = (cause as Error).message;
    throw new DataError('checkpoint', `${folder}: expected a whole checkpoint folder, got ${got}`, { cause });
  }
  if (found.sha256 !== card.sha256) throw altered('digest differs');
  const differing = expected === undefined ? [] : specDifferences(card.spec, expected, options);
  if (differing.length > 0) {
    throw new EngineError(
      'spec-mismatch',
      `${folder}: the checkpoint has ${differing.join(', ')}; create the model to match`,
    );
  }
  const [all, trained] = [parametersOf(card.spec), trainableParameters(card.spec)];
  const needed = bytesOf(all) + 2 * bytesOf(trained);
  if (found.bytes !== needed) throw altered(`its numbers take ${found.bytes} bytes, its sizes ${needed}`);
  return withRegularFile(join(folder, binaryOf(card.sha256)), (file) => {
    let offset = 0;
    const take = (parameters: readonly Parameter[]) =>
      new Map(
        parameters.map(({ name, shape }) => {
          const values = new Float32Array(elementsOf(shape));
          offset += readInto(file, new Uint8Array(values.buffer), offset);
          return [name, values];
        }),
      );
    return {
      spec: card.spec,
      weights: take(all),
      firstMoments: take(trained),
      secondMoments: take(trained),
      step: card.step,
    };
  });
}
