import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../run/index.ts';
import { readJsonOf, requireRegularFiles } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import { type PolicySettings, policySchema } from './policy-config.ts';
import { type Place, pathIn } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** What a folder of `goodhart policy train` says of itself. */
export const TRAINING = 'training.json';
export const trainingSchema = z.strictObject({
  /** Name of the run whose base model and reward were used, and the digest of its seal. */
  run: z.string(),
  seal: z.string(),
  policy: policySchema,
  versions: z.record(z.string(), z.string()),
  startedAt: z.string(),
});
export type Training = z.infer<typeof trainingSchema>;

/** A finished run, and the digest of its seal. */
interface Run {
  readonly place: Place;
  readonly seal: string;
}

/** The configuration of a run with another optimisation as its only one. */
export const withSettings = (config: PipelineConfig, settings: PolicySettings): PipelineConfig => ({
  ...config,
  policy: { ...settings, bestOf: [], variants: {} },
});

/** A folder as the place of an optimisation: files lie where those of the run's last round would. */
export const placeIn = ({ place }: Run, folder: string, policy: PipelineConfig['policy']): Place => ({
  ...place,
  folder,
  config: { ...place.config, policy },
});

/**
 * A trained policy beside a run.
 * @throws UsageError where it is none, is not finished, or was trained on another run.
 */
export function trainedPlace(folder: string, run: Run): Place {
  if (!existsSync(`${folder}/${TRAINING}`))
    throw new UsageError('policy', `${folder}: expected a folder of goodhart policy train, got none; train one`);
  requireRegularFiles(folder);
  const { seal, policy, run: name } = readJsonOf(`${folder}/${TRAINING}`, trainingSchema);
  if (seal !== run.seal)
    throw new UsageError(
      'policy',
      `${folder}: expected a policy of run ${run.place.config.name} (seal ${run.seal.slice(0, 8)}), got one of ${name} (seal ${seal.slice(0, 8)}); name the run that it was trained on`,
    );
  const place = placeIn(run, folder, policy);
  if (!existsSync(pathIn(place, RUN_FILES.policyEvaluation)))
    throw new UsageError(
      'policy',
      `${folder}: expected a trained policy, got one without a checkpoint; go on with --resume`,
    );
  return place;
}
