import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModelSpec } from '../engine/index.ts';
import { parameterShapes } from '../model/index.ts';
import { DataError, EngineError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { freshState, type ModelState } from './store.ts';

/**
 * A checkpoint is a folder of `state.json` (spec, step, digest) and `state.bin` (weights, first and second moments,
 * float32 little-endian in the order of `parameterShapes`). It is written beside its name and moved there whole.
 */
const FORMAT = 'goodhart-checkpoint-1';

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function writeCheckpoint(folder: string, state: ModelState): void {
  const arrays = [state.weights, state.firstMoments, state.secondMoments].flatMap((group) =>
    [...parameterShapes(state.spec).keys()].map((name) => group.get(name)!),
  );
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

const SHAPE_KEYS = ['vocabulary', 'width', 'layers', 'heads', 'feedForward', 'maxContext'] as const;

/** Reads a checkpoint; altered or torn files are refused, and so is another architecture than `expected`. */
export function readCheckpoint(folder: string, expected?: ModelSpec): ModelState {
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
  const differing = SHAPE_KEYS.filter((key) => expected !== undefined && expected[key] !== card.spec[key]);
  if (differing.length > 0) {
    const pairs = differing.map((key) => `${key} ${card.spec[key]} instead of ${expected?.[key]}`);
    throw new EngineError(
      'spec-mismatch',
      `${folder}: the checkpoint has ${pairs.join(', ')}; create the model to match`,
    );
  }
  const state = freshState(card.spec);
  let offset = 0;
  for (const group of [state.weights, state.firstMoments, state.secondMoments]) {
    for (const values of group.values()) {
      new Uint8Array(values.buffer).set(bytes.subarray(offset, offset + values.byteLength));
      offset += values.byteLength;
    }
  }
  state.step = card.step;
  return state;
}
