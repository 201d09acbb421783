import { existsSync } from 'node:fs';
import { checkVerdicts } from '../audit/index.ts';
import { buildDisclosure, renderReport, sealRun } from '../disclosure/index.ts';
import type { Engine } from '../engine/index.ts';
import { CheckError, canonicalJson, NumericsError, own, type Progress, UsageError } from '../run/index.ts';
import {
  createRunFolder,
  openRecordLog,
  readJson,
  removeLeftovers,
  requireRegularFiles,
  writeFileAtomic,
} from '../run/node.ts';
import { baseStage } from './base-stage.ts';
import { bestOfStage } from './best-of-stage.ts';
import { checkConfig } from './check-config.ts';
import type { PipelineConfig } from './config.ts';
import { disclosurePlaces } from './disclosure-statements.ts';
import { auditStage } from './evidence-stage.ts';
import { exactStage } from './exact-stage.ts';
import { feedbackStage } from './feedback-stage.ts';
import { policyStage } from './policy-stage.ts';
import { type RunResults, reportData, summaryRows } from './report-data.ts';
import { resultsJson } from './results.ts';
import { withoutNaN } from './reward-evaluation.ts';
import { rewardStage } from './reward-stage.ts';
import { pathIn, type RunContext, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { openSource } from './sources.ts';

export interface PipelineOptions {
  readonly config: PipelineConfig;
  /** Run folder. */
  readonly out: string;
  readonly resume: boolean;
  readonly makeEngine: () => Engine;
  readonly progress: Progress;
  /** Lines for the person at the terminal while the run goes on; by default nobody reads them. */
  readonly warn?: (line: string) => void;
  readonly now: () => string;
  /** Folder of reusable results. */
  readonly cache: string;
  /** The command that repeats the run, for the report. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
}

export interface PipelineResult {
  readonly results: RunResults;
  readonly summary: readonly { readonly label: string; readonly value: string }[];
  readonly disclosure: ReturnType<typeof buildDisclosure>;
  /** Digest that pins the whole sealed run; publish it elsewhere. */
  readonly seal: string;
}

/** Dotted key at which two configurations first differ. */
function firstDifference(a: unknown, b: unknown, path = ''): string {
  const [x, y] = [a, b] as Record<string, unknown>[];
  if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return path;
  const key = [...new Set([...Object.keys(x), ...Object.keys(y)])].find(
    (k) => !(Object.hasOwn(x, k) && Object.hasOwn(y, k)) || canonicalJson(x[k]) !== canonicalJson(y[k]),
  );
  return key === undefined ? path : firstDifference(own(x, key), own(y, key), path === '' ? key : `${path}.${key}`);
}

/** Makes the run folder, or takes up the one that is there; what a killed process left half-written goes. */
function prepare({ config, out, resume, now, command, versions }: PipelineOptions): void {
  createRunFolder(out, { resume });
  requireRegularFiles(out);
  const path = `${out}/${RUN_FILES.run}`;
  if (existsSync(path)) {
    const before = readJson(path) as { config: unknown };
    const asked = JSON.parse(JSON.stringify(config)) as unknown;
    if (canonicalJson(before.config) !== canonicalJson(asked)) {
      throw new UsageError(
        'resume',
        `${out}: the run there has another configuration (${firstDifference(before.config, asked)} differs); resume with the same one, or choose another --out`,
      );
    }
    removeLeftovers(out);
  } else writeFileAtomic(path, `${JSON.stringify({ config, versions, command, startedAt: now() }, null, 2)}\n`);
}

/** The same error with what to go back to. */
function withLastCheckpoint(error: NumericsError, { log, folder }: RunContext): NumericsError {
  const checkpoint = log.records.findLast((record) => record.type === 'policy-checkpoint');
  const based = log.records.some((record) => (record.body as { name?: string }).name === 'base');
  const last = (checkpoint?.body as { folder: string } | undefined)?.folder ?? (based ? RUN_FILES.base : undefined);
  const where =
    last === undefined ? 'there is no good checkpoint yet' : `the last good checkpoint is ${folder}/${last}`;
  return new NumericsError(error.tensor, `${error.detail}; ${where}`, error);
}

/**
 * Runs steps 0 to 3, the audit and the disclosure into a run folder and seals it. Finished stages are skipped on resume.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { config, out, progress, now, cache, warn = () => {} } = options;
  checkConfig(config);
  // Read the data before anything is written: a fault in them leaves no folder behind.
  const source = await openSource(config);
  prepare(options);
  const log = openRecordLog(`${out}/${RUN_FILES.records}`, now);
  if (log.records.length === 0) log.append('run-started', { config });
  const engine = options.makeEngine();
  const context: RunContext = { config, folder: out, engine, progress, warn, log, cache, now };
  try {
    const base = config.base === undefined ? undefined : await baseStage(context, source);
    const feedback = await feedbackStage(context, source, base);
    const { model: reward, evaluation } = await rewardStage(context, { feedback, base });
    const withPolicy = config.policy !== undefined && base !== undefined;
    const path = withPolicy ? await policyStage(context, source, { base, reward }) : undefined;
    const bestOf = withPolicy ? await bestOfStage(context, source, { base, reward }) : undefined;
    const exact = withPolicy ? await exactStage(context, source, { base, reward }) : undefined;
    const audit = await auditStage(context, { feedback, reward, path, bestOf, world: source.world });
    await reward.dispose();
    const results: RunResults = { feedback, evaluation, path, bestOf, exact, audit };
    writeRunJson(context, RUN_FILES.results, withoutNaN(resultsJson(results)));
    const disclosure = buildDisclosure({
      run: config.name,
      statements: disclosurePlaces(config),
      declarations: config.declarations,
      findings: audit.findings,
      findingsFile: RUN_FILES.findings,
      read: (file) => (existsSync(pathIn(context, file)) ? readJson(pathIn(context, file)) : undefined),
    });
    writeRunJson(context, RUN_FILES.disclosure, disclosure);
    writeFileAtomic(
      pathIn(context, RUN_FILES.metrics),
      (path?.metrics ?? []).map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
    // The command and versions that began the run, also when another process finishes it.
    const begun = readJson(pathIn(context, RUN_FILES.run)) as Pick<PipelineOptions, 'command' | 'versions'>;
    const { command, versions } = begun;
    const data = withoutNaN(reportData(config, results, { disclosure, command, versions }));
    writeRunJson(context, RUN_FILES.reportData, data);
    writeFileAtomic(pathIn(context, RUN_FILES.report), renderReport(data));
    if (log.records.at(-1)?.type !== 'run-finished') log.append('run-finished', { findings: audit.findings.length });
    const seal = sealRun(out);
    return { results, summary: summaryRows(results), disclosure, seal };
  } catch (error) {
    if (error instanceof NumericsError) throw withLastCheckpoint(error, context);
    throw error;
  } finally {
    log.close();
    await engine.dispose();
  }
}

/** Throws when the findings are not what the configuration asks for. */
export function checkThreshold(config: PipelineConfig, results: RunResults): void {
  const { failOn, require } = config.audit;
  const faults = checkVerdicts(results.audit.findings, { failOn: failOn === 'never' ? undefined : failOn, require });
  if (faults.length > 0) {
    const asked = [`audit.failOn is ${failOn}`, ...(require.length > 0 ? [`audit.require ${require.join(', ')}`] : [])];
    throw new CheckError('audit', `audit: ${faults.join('; ')} (${asked.join(', ')})`);
  }
}
