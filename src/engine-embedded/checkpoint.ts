import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpec } from '../engine/index.ts';
import { parameterShapes } from '../model/index.ts';
import { canonicalJson, DataError, EngineError, NumericsError } from '../run/index.ts';
import { onPath, writeFileAtomic, writeJson } from '../run/node.ts';
import { freshState, type ModelState } from './store.ts';

/**
 * A checkpoint is a folder of `state.json` (spec, step, digest) and `state-<digest>.bin` (weights, first and second moments,
 * float32 little-endian in the order of `parameterShapes`). The card is written last and names the numbers by their digest:
 * at every instant the folder holds one whole state, the one before or the new one.
 */
const FORMAT = 'goodhart-checkpoint-2';

type Card = Readonly<{ format: string; spec: ModelSpec; step: number; sha256: string }>;

/** Over the card and the numbers: a step that was altered is found as a weight is. */
const digestOf = ({ format, spec, step }: Omit<Card, 'sha256'>, bytes: Uint8Array) =>
  createHash('sha256').update(canonicalJson({ format, spec, step })).update(bytes).digest('hex');
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
  const arrays = [state.weights, state.firstMoments, state.secondMoments].flatMap((group) =>
    [...parameterShapes(state.spec).keys()].map((name) => group.get(name)!),
  );
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

const SHAPE_KEYS = ['vocabulary', 'width', 'layers', 'heads', 'feedForward', 'maxContext'] as const;

/** Reads a checkpoint; altered or torn files are refused, and so is another architecture than `expected`. */
export function readCheckpoint(folder: string, expected?: ModelSpec): ModelState {
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
