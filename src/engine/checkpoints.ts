import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { DataError } from '../run/index.ts';
import { onPath, readJsonOf, writeJson } from '../run/node.ts';
import type { TrainableModel } from './engine.ts';

/** The largest state of a loop that is read. */
const STATE_BYTES = 64 * 1024 * 1024;

export interface Resumed<State> {
  /** Step of the checkpoint that was loaded; 0 where there was none, and the model is as it was. */
  readonly step: number;
  /** What `save` was given beside the weights. */
  readonly state: State | undefined;
}

/** Checkpoints of one training, by step. `State` is what the loop needs beside weights and optimiser (as JSON). */
export interface Checkpoints<State> {
  /** Loads the newest whole checkpoint, of step `upTo` or before. Torn and altered ones are passed over, each with a line. */
  resume(model: TrainableModel, options?: { readonly upTo?: number }): Promise<Resumed<State>>;
  /** Saves the state after `step`, whole or not at all, and removes all but the newest. */
  save(model: TrainableModel, step: number, state?: State): Promise<void>;
  /** Removes all of them: the training is over and its result is kept elsewhere. */
  clear(): void;
}

export interface CheckpointsOptions<State> {
  /** Form of what `save` is given beside the weights; none where a loop has nothing of its own. */
  readonly state?: z.ZodType<State>;
  /** How many to keep: 2 by default, so that there is one to fall back to. */
  readonly keep?: number;
  /** Models that are trained beside, by name: saved and loaded with it, at `<prefix><step>.<name>`. */
  readonly beside?: Readonly<Record<string, Pick<TrainableModel, 'saveState' | 'loadState'>>>;
  /** Receives a line for every checkpoint that cannot be used. */
  readonly warn: (line: string) => void;
}

/**
 * Rolling checkpoints at `<prefix><step>`: folders that the engine writes, and `<prefix><step>.json` with the loop's own state.
 * A process may be killed at any instant: what `resume` finds is a whole checkpoint or the one before.
 */
export function rollingCheckpoints<State>(prefix: string, options: CheckpointsOptions<State>): Checkpoints<State> {
  const { keep = 2, beside = {}, warn, state: schema } = options;
  const companions = Object.entries(beside);
  const [folder, start] = prefix.endsWith('/') ? [prefix, ''] : [dirname(prefix), basename(prefix)];
  const pathOf = (step: number) => join(folder, `${start}${step}`);
  const steps = () =>
    onPath(folder, () => (existsSync(folder) ? readdirSync(folder) : []))
      .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
      .map((name) => Number(name.slice(start.length)))
      .sort((a, b) => b - a);
  /** What a kill in the middle of a save leaves: half-written neighbours, and the state of a loop without its weights. */
  const removeLeftovers = () =>
    onPath(folder, () => {
      const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(start)) : [];
      for (const name of names) {
        const [, step, rest] = /^(\d+)(\.[a-z]+|(?:\.[a-z]+)?\.partial-\d+)$/.exec(name.slice(start.length)) ?? [];
        if (step === undefined || (!rest!.includes('partial') && existsSync(pathOf(Number(step))))) continue;
        rmSync(join(folder, name), { recursive: true, force: true });
      }
    });
  const remove = (step: number) =>
    onPath(pathOf(step), () => {
      rmSync(pathOf(step), { recursive: true, force: true });
      // The loop's state, and what was trained beside.
      for (const name of readdirSync(folder))
        if (name.startsWith(`${start}${step}.`)) rmSync(join(folder, name), { recursive: true, force: true });
    });
  const readState = (step: number): State | undefined => {
    const path = `${pathOf(step)}.json`;
    if (schema === undefined || !existsSync(path)) return undefined;
    try {
      return readJsonOf(path, schema, STATE_BYTES);
    } catch (cause) {
      throw new DataError('checkpoint', `${path}: expected the state of a training, got a torn or altered file`, {
        cause,
      });
    }
  };
  return {
    async resume(model, { upTo = Number.POSITIVE_INFINITY } = {}) {
      removeLeftovers();
      const candidates = steps().filter((step) => step <= upTo);
      let altered: string | undefined;
      for (const [i, step] of candidates.entries()) {
        try {
          const state = readState(step);
          await model.loadState(pathOf(step));
          altered = companions.length === 0 ? undefined : pathOf(step);
          for (const [name, other] of companions) await other.loadState(`${pathOf(step)}.${name}`);
          return { step, state };
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          const before = candidates[i + 1];
          warn(`${error.message}; going on from ${before === undefined ? 'the start' : pathOf(before)}`);
          remove(step);
        }
      }
      // The model is not as it was any more: only a new start has it.
      if (altered !== undefined)
        throw new DataError(
          'checkpoint',
          `${altered}: what was trained beside it cannot be read, and no checkpoint before is whole; it is removed, so resume once more to begin anew`,
        );
      return { step: 0, state: undefined };
    },
    async save(model, step, state) {
      onPath(folder, () => mkdirSync(folder, { recursive: true }));
      // The loop's state first: weights are what makes a checkpoint exist.
      if (state !== undefined) writeJson(`${pathOf(step)}.json`, state);
      for (const [name, other] of companions) await other.saveState(`${pathOf(step)}.${name}`);
      await model.saveState(pathOf(step));
      for (const old of steps().slice(keep)) remove(old);
    },
    clear() {
      for (const step of steps()) remove(step);
    },
  };
}
