import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { createTinkerEngine } from '../engine-tinker/index.ts';
import {
  ENGINE_ROLES,
  type EngineFound,
  type EngineKind,
  type OpenEngines,
  type PipelineConfig,
} from '../pipeline/index.ts';
import { UsageError } from '../run/index.ts';
import { keyFor } from './own-server.ts';

type EngineConfig = PipelineConfig['engine'];
type Found = Omit<EngineFound, 'roles'>;
/** An engine; one that is elsewhere says what it was found to do. */
type Engine = OpenEngines['policy'] & { found?(): Found | undefined };

/** The engines of the house: here, and only here, they are chosen. A kind without a row does not compile. */
const ENGINES: {
  readonly [K in EngineKind]: (config: EngineConfig, warn: (line: string) => void) => Engine;
} = {
  embedded: ({ threads, providers, tokensPerPass }, warn) =>
    createEmbeddedEngine({ threads, providers, tokensPerPass, warn }),
  tinker: ({ tinker }) => {
    if (tinker === undefined) throw new UsageError('config', 'engine.tinker: expected the url of a server');
    const { url, model, budget } = tinker;
    const engine = createTinkerEngine({ url, key: keyFor(url), baseModel: model, budgetTokens: budget });
    return {
      ...engine,
      found() {
        const found = engine.found();
        if (found === undefined) return undefined;
        const { url: server, baseModel, findings, spent } = found;
        return { engine: 'tinker', server, model: baseModel, findings: [...findings], spent: { ...spent } };
      },
    };
  },
};

/** The engine of each role of a run; one that has both is made once. */
export function enginesOf(config: EngineConfig, warn: (line: string) => void): OpenEngines {
  const kinds = new Set(ENGINE_ROLES.map((role) => config[role]));
  const made = new Map([...kinds].map((kind) => [kind, ENGINES[kind](config, warn)]));
  return {
    policy: made.get(config.policy)!,
    reward: made.get(config.reward)!,
    found: () =>
      [...made].flatMap(([kind, engine]) => {
        const found = engine.found?.();
        return found === undefined ? [] : [{ roles: ENGINE_ROLES.filter((role) => config[role] === kind), ...found }];
      }),
    async dispose() {
      for (const engine of made.values()) await engine.dispose();
    },
  };
}
