import type { Sample, SampleParams } from '../engine/index.ts';
import { Channel } from './channel.ts';
import type { Share } from './sampling.ts';
import type { EngineSettings } from './sessions.ts';
import type { Snapshot } from './snapshot.ts';

/** What a worker needs to know of a call to sample its share. */
export interface SampleWork {
  readonly prompts: readonly Int32Array[];
  readonly params: SampleParams;
  readonly share: Share;
}

/** Further workers of one thread each, started when first needed, that sample beside the one that owns the models. */
export class Helpers {
  readonly #channels: Channel[] = [];
  /** Snapshots that each helper holds. */
  readonly #held: Set<string>[] = [];
  readonly #settings: EngineSettings;
  readonly #stateOf: (snapshot: string) => Snapshot;

  constructor(settings: EngineSettings, stateOf: (snapshot: string) => Snapshot) {
    this.#settings = { ...settings, threads: 1 };
    this.#stateOf = stateOf;
  }

  async sample(helper: number, snapshot: string, work: SampleWork): Promise<Sample[]> {
    while (this.#channels.length <= helper) {
      this.#channels.push(new Channel(this.#settings));
      this.#held.push(new Set());
    }
    const channel = this.#channels[helper]!;
    if (!this.#held[helper]!.has(snapshot)) {
      this.#held[helper]!.add(snapshot);
      const state = this.#stateOf(snapshot);
      const weights = new Map([...state.weights].map(([name, values]) => [name, values.slice()]));
      const buffers = [...weights.values()].map((values) => values.buffer as ArrayBuffer);
      // Not awaited: calls are answered in order, and a failure shows in the next one too.
      void channel.callWith(buffers, 'adopt', snapshot, { ...state, weights }).catch(() => {});
    }
    return channel.call('sampleShare', snapshot, work);
  }

  async drop(snapshot: string): Promise<void> {
    for (const [i, held] of this.#held.entries()) {
      if (held.delete(snapshot)) await this.#channels[i]!.call('dropSnapshot', snapshot);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.close()));
  }
}
