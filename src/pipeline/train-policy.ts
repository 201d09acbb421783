import { existsSync } from 'node:fs';
import { canonicalJson, differenceAt, type Progress, UsageError } from '../run/index.ts';
import {
  createRunFolder,
  openRecordLog,
  readJsonOf,
  removeLeftovers,
  requireRegularFiles,
  writeJson,
} from '../run/node.ts';
import { finishedRun } from './asked-policy.ts';
import { checkConfig } from './check-config.ts';
import { type MetricsLog, openMetricsLog } from './metrics-log.ts';
import { changedSettings } from './policy-config.ts';
import type { RunEngines } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { sourceAgain } from './source-of-run.ts';
import { nameInRound } from './stage.ts';
import { loadPath, MAIN, optimise, type PolicyPath, policyStageName } from './stages/policy.ts';
import { placeIn, TRAINING, type Training, trainingSchema, withSettings } from './trained-place.ts';

/** A step as it was logged; a figure that was not finite is null. */
export interface TrainedStep {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Logged before the training was taken up. */
  readonly before: boolean;
}

export interface TrainPolicyOptions {
  /** New folder for the policy, or with `resume` one that was begun. */
  readonly out: string;
  readonly resume: boolean;
  /** Changes to the settings of the run's main optimisation, as `policy.steps=40`. */
  readonly set: readonly string[];
  readonly engines: RunEngines;
  readonly progress: Progress;
  readonly warn: (line: string) => void;
  readonly now: () => string;
  readonly versions: Readonly<Record<string, string>>;
  /** Receives every step in order, those before a kill first. */
  readonly onStep: (step: TrainedStep) => void;
}

/** Settings of a training, before anything is written. @throws UsageError where the run or a change does not allow one. */
function planned(folder: string, set: readonly string[]) {
  const run = finishedRun(folder);
  const config = withSettings(run.place.config, changedSettings(run.place.config.policy, set));
  checkConfig(config);
  return { run, policy: config.policy! };
}

/** Says what is trained, or compares with what was begun. */
function begin(path: string, training: Training): void {
  if (!existsSync(path)) {
    writeJson(path, training);
    return;
  }
  const { startedAt: _, ...before } = readJsonOf(path, trainingSchema);
  const { startedAt: __, ...now } = training;
  const asked = JSON.parse(JSON.stringify(now)) as typeof now;
  if (canonicalJson(before) === canonicalJson(asked)) return;
  const key = differenceAt(before, asked).join('.');
  throw new UsageError(
    'resume',
    `${path}: the training there has another ${key}; go on with the same one, or choose another --out`,
  );
}

/**
 * Trains a policy anew on a finished run: from its base model, against its reward, on its training prompts and judged pairs, under
 * other settings. The run is only read. With no changes the same policy comes of it, bit for bit, as in a run of one round.
 */
export async function trainPolicy(folder: string, options: TrainPolicyOptions): Promise<PolicyPath> {
  const { out, resume, set, engines, progress, warn, now, versions, onStep } = options;
  const { run, policy } = planned(folder, set);
  createRunFolder(out, { resume }, TRAINING);
  requireRegularFiles(out);
  removeLeftovers(out);
  const { place, seal } = run;
  begin(`${out}/${TRAINING}`, { run: place.config.name, seal, policy, versions: { ...versions }, startedAt: now() });
  const own = placeIn(run, out, policy);
  const log = openRecordLog(`${out}/${RUN_FILES.records}`, now);
  const written = openMetricsLog(`${out}/${RUN_FILES.metrics}`);
  const stage = nameInRound(own, policyStageName(MAIN));
  let told = false;
  const metrics: MetricsLog = {
    ...written,
    append(name, step, figures) {
      // Only now is it known from which step the training goes on.
      if (!told) for (const row of written.rowsOf(stage)) if (row.step < step) onStep({ ...row, before: true });
      told = true;
      written.append(name, step, figures);
      onStep({ step, metrics: figures, before: false });
    },
  };
  try {
    const source = await sourceAgain(place);
    await optimise({ ...own, source, engines, progress, warn, log, metrics }, MAIN, place);
    if (!told) for (const row of written.rowsOf(stage)) onStep({ ...row, before: true });
    return loadPath(own, MAIN);
  } finally {
    log.close();
  }
}
