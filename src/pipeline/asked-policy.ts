import { existsSync } from 'node:fs';
import { SEAL } from '../disclosure/index.ts';
import { UsageError } from '../run/index.ts';
import { requireRegularFiles } from '../run/node.ts';
import { digestOf } from './digests.ts';
import { withLora } from './lora.ts';
import { policySettings } from './policy-config.ts';
import { type Place, pathIn } from './run-context.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import type { Weights } from './snapshot.ts';
import { loadBase } from './stages/base.ts';
import { loadPath, MAIN, type PolicyPath, type Variant } from './stages/policy.ts';
import { trainedPlace } from './trained-place.ts';

/** Which policy of a finished run is meant: its main one, another of its optimisations, or one that was trained on it later. */
export interface WhichPolicy {
  readonly variant?: Variant;
  /** Folder of `goodhart policy train`. */
  readonly policy?: string;
}

/** A policy of a finished run as it can be asked. */
export interface AskedPolicy {
  /** The run, at its last round, with the settings of this policy. */
  readonly place: Place;
  readonly path: PolicyPath;
  readonly weights: Weights;
  /** As in `item.source`. */
  readonly origin: string;
  /** What tells it from other policies of the run; undefined for the main one. */
  readonly name: string | undefined;
  /** Digest of the seal that pins the run. */
  readonly seal: string;
}

/** A finished run that has a base model, at its last round, with the digest of its seal. */
export function finishedRun(folder: string): { readonly place: Place; readonly seal: string } {
  requireRegularFiles(folder);
  const { config } = readRunJson(folder);
  if (!existsSync(`${folder}/${SEAL}`))
    throw new UsageError('run', `${folder}: expected a finished run, got one without a seal; finish it with --resume`);
  if (config.base === undefined)
    throw new UsageError(
      'run',
      `${folder}: expected a run with a base model, got one without; add base: {} and policy: {}, and run again`,
    );
  return { place: { config, folder, round: config.rounds }, seal: digestOf(`${folder}/${SEAL}`) };
}

/** Where the files of the policy that is meant lie, and which of the optimisations there it is. */
function placeOf(run: ReturnType<typeof finishedRun>, { variant, policy }: WhichPolicy) {
  const { folder, config } = run.place;
  if (policy !== undefined) {
    if (variant != null)
      throw new UsageError('variant', `--variant ${variant}: expected a variant or a trained --policy, got both`);
    const place = trainedPlace(policy, run);
    const trained = `trained-${digestOf(pathIn(place, RUN_FILES.policyEvaluation)).slice(0, 8)}`;
    return { place, variant: MAIN, name: trained, called: 'policy trained later' };
  }
  if (config.policy === undefined)
    throw new UsageError(
      'run',
      `${folder}: expected a run with a policy, got one without; add policy: {} and run again`,
    );
  if (variant == null) return { place: run.place, variant: MAIN, name: undefined, called: 'policy' };
  if (!Object.hasOwn(config.policy.variants, variant)) {
    const known = Object.keys(config.policy.variants).join(', ') || 'none';
    throw new UsageError('variant', `${folder}: no variant ${variant} of the policy; the run has ${known}`);
  }
  return { place: run.place, variant, name: variant, called: `policy ${variant}` };
}

/** @throws UsageError where the run is not finished, or has no such policy. */
export function askedPolicy(folder: string, which: WhichPolicy): AskedPolicy {
  const run = finishedRun(folder);
  const { place, variant, name, called } = placeOf(run, which);
  const path = loadPath(place, variant);
  const { lora } = policySettings(place.config.policy!, variant);
  const spec = withLora(loadBase(run.place).spec, lora, 'policy.lora');
  return {
    place: { ...run.place, config: place.config },
    seal: run.seal,
    path,
    weights: { spec, folder: pathIn(place, path.checkpoint) },
    origin: `${called} of run ${run.place.config.name}, step ${path.finalStep}`,
    name,
  };
}
