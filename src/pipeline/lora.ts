import type { ModelSpec } from '../engine/index.ts';
import { resolveTargets } from '../model/index.ts';
import type { PipelineConfig } from './config.ts';

/** A model's description with the adapters a configuration asks for; `key` names the place in the configuration in errors. */
export function withLora(spec: ModelSpec, lora: NonNullable<PipelineConfig['policy']>['lora'], key: string): ModelSpec {
  if (lora === undefined) return spec;
  const { rank, alpha, targets } = lora;
  return {
    ...spec,
    lora: { rank, alpha, ...(targets !== undefined && { targets: resolveTargets(targets, spec, `${key}.targets`) }) },
  };
}
