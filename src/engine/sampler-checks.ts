import { EngineError } from '../run/index.ts';
import type { ModelSpec } from './engine.ts';

/** Whether a snapshot may still be used: from the moment it is superseded or disposed it may not. */
export class SnapshotLife {
  readonly #snapshot: string;
  #state: 'live' | 'stale' | 'disposed' = 'live';

  constructor(snapshot: string) {
    this.#snapshot = snapshot;
  }

  /** @throws EngineError where the snapshot is used no more, with why. */
  check(): void {
    if (this.#state === 'live') return;
    const why = this.#state === 'stale' ? 'a newer snapshot of its model was taken' : 'it was disposed';
    throw new EngineError(
      'stale-sampler',
      `sampler ${this.#snapshot}: ${why}; use the newer one, or take it with { retain: true }`,
    );
  }

  /** Ends it; false where it had ended before. */
  end(state: 'stale' | 'disposed'): boolean {
    if (this.#state !== 'live') return false;
    this.#state = state;
    return true;
  }
}

/** Refuses prompts that leave no room for a token of a reply. */
export function requireRoom(prompts: readonly Int32Array[], { maxContext }: Pick<ModelSpec, 'maxContext'>): void {
  const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest < maxContext) return;
  throw new EngineError('context', `sample: a prompt of ${longest} tokens leaves no room in ${maxContext}; shorten it`);
}
