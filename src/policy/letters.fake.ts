import type { TrainableModel } from '../engine/index.ts';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import type { Codec } from './algorithm.ts';

/** Letters a to f are ids 2 to 7; 0 starts, 1 ends. */
export const LETTERS: Codec = {
  encodePrompt: (prompt) => Int32Array.from([0, ...[...prompt].map((c) => c.charCodeAt(0) - 95)]),
  encodeReply: (reply) => Int32Array.from([...[...reply].map((c) => c.charCodeAt(0) - 95), 1]),
  decodeReply: (tokens) =>
    [...tokens]
      .filter((t) => t > 1)
      .map((t) => String.fromCharCode(t + 95))
      .join(''),
  stop: [1],
};

const sizes = { vocabulary: 8, width: 16, layers: 1, heads: 2, feedForward: 24, maxContext: 12 };

/** The smallest language models that can learn something: they say words of six letters. */
export interface Letters {
  /** See `Capabilities`. */
  readonly samplerKl: number;
  model(seed: number): Promise<TrainableModel>;
  /** One with a scalar head. */
  critic(seed: number): Promise<TrainableModel>;
  dispose(): Promise<void>;
}

export function createLetters(): Letters {
  const engine = createEmbeddedEngine({ threads: 1 });
  return {
    samplerKl: engine.capabilities().samplerKl,
    model: (seed) => engine.createModel({ ...sizes, seed }),
    critic: (seed) => engine.createModel({ ...sizes, seed, scalarHead: true }),
    dispose: () => engine.dispose(),
  };
}
