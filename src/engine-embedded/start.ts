import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpec } from '../engine/index.ts';
import { mergeAdapters, specDifferences } from '../model/index.ts';
import { isPretrained, readAdapter, readPretrained, readPretrainedSpec } from '../model/node.ts';
import { DataError, EngineError } from '../run/index.ts';
import { readCheckpoint } from './checkpoint.ts';

/** Weights a model starts from, by name: those of a checkpoint or of a published model, and of a PEFT adapter on top. */

/** A checkpoint's weights. Adapters that the new model lacks are merged, so that it computes the same. */
function fromCheckpoint(folder: string, spec: ModelSpec): Map<string, Float32Array> {
  const read = readCheckpoint(folder, spec);
  if (read.spec.lora === undefined) return read.weights;
  if (spec.lora === undefined) return mergeAdapters(read).weights;
  const differing = specDifferences({ ...read.spec, scalarHead: spec.scalarHead }, spec, { additions: true });
  if (differing.length > 0) {
    throw new EngineError(
      'spec-mismatch',
      `${folder}: the checkpoint has ${differing.join(', ')}; create the model to match`,
    );
  }
  return read.weights;
}

function fromPretrained(folder: string, spec: ModelSpec): Map<string, Float32Array> {
  const differing = specDifferences(readPretrainedSpec(folder, { maxContext: spec.maxContext }), spec, {
    additions: false,
  });
  if (differing.length > 0) {
    throw new EngineError('spec-mismatch', `${folder}: the model has ${differing.join(', ')}; create it to match`);
  }
  return readPretrained(folder, spec);
}

export function startingWeights(
  spec: ModelSpec,
  options: { from?: string; adapter?: string },
): Map<string, Float32Array> {
  const { from, adapter } = options;
  if (from === undefined) return new Map();
  const isCheckpoint = existsSync(join(from, 'state.json'));
  if (!isCheckpoint && !isPretrained(from)) {
    throw new DataError(
      'checkpoint',
      `${from}: expected a checkpoint folder (state.json) or a published model (config.json), got neither; check the path`,
    );
  }
  const weights = isCheckpoint ? fromCheckpoint(from, spec) : fromPretrained(from, spec);
  if (adapter === undefined) return weights;
  if (spec.lora === undefined)
    throw new EngineError('no-lora', `${adapter}: the model has no adapters; create it with lora`);
  return new Map([...weights, ...readAdapter(adapter, spec)]);
}
