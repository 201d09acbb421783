import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import type { EngineKind, OpenEngines, PipelineConfig } from '../pipeline/index.ts';

type EngineConfig = PipelineConfig['engine'];
type Engine = OpenEngines['policy'];

/** The engines of the house: here, and only here, they are chosen. A kind without a row does not compile. */
const ENGINES: {
  readonly [K in EngineKind]: (config: EngineConfig, warn: (line: string) => void) => Engine;
} = {
  embedded: ({ threads, providers, tokensPerPass }, warn) =>
    createEmbeddedEngine({ threads, providers, tokensPerPass, warn }),
};

/** The engine of each role of a run; one that has both is made once. */
export function enginesOf(config: EngineConfig, warn: (line: string) => void): OpenEngines {
  const made = new Map<EngineKind, Engine>();
  const engineOf = (kind: EngineKind): Engine => {
    const engine = made.get(kind) ?? ENGINES[kind](config, warn);
    made.set(kind, engine);
    return engine;
  };
  return {
    policy: engineOf(config.policy),
    reward: engineOf(config.reward),
    async dispose() {
      for (const engine of made.values()) await engine.dispose();
    },
  };
}
