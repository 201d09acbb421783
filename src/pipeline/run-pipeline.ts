import { existsSync } from 'node:fs';
import { checkVerdicts, type Finding } from '../audit/index.ts';
import { type Disclosure, disclosureSchema } from '../disclosure/index.ts';
import { sealRun } from '../disclosure/node.ts';
import { documentSchema, type ReportDocument } from '../report/index.ts';
import { observe, refuseKinds } from '../reward/index.ts';
import {
  CheckError,
  canonicalJson,
  differenceAt,
  lazily,
  NumericsError,
  own,
  type Progress,
  UsageError,
} from '../run/index.ts';
import {
  createRunFolder,
  openRecordLog,
  readJsonOf,
  removeLeftovers,
  requireRegularFiles,
  writeFileAtomic,
} from '../run/node.ts';
import { checkConfig } from './check-config.ts';
import type { PipelineConfig } from './config.ts';
import { checkDeclarations } from './declarations.ts';
import { estimateText, estimateTokens, requireBudget } from './engine-estimate.ts';
import { openMetricsLog } from './metrics-log.ts';
import { attacksBrought } from './red-team.ts';
import type { RunContext, RunEngines } from './run-context.ts';
import { RUN_FILES, runJsonSchema } from './run-folder.ts';
import { type EngineFound, lastVersions, RECORD_TYPES } from './run-history.ts';
import { loadResults, type RunResults } from './run-results.ts';
import { openSource, type Source, type SourceAccess } from './sources/index.ts';
import { HISTORY, runStage } from './stage.ts';
import { codecToCome } from './stages/base.ts';
import { dataSummarySchema } from './stages/data.ts';
import { planOf } from './stages/index.ts';

/** Engines of a run, and how to let them go; both roles may be one engine. */
export type OpenEngines = RunEngines & {
  /** What engines elsewhere were found to do, as far as they were asked for something. */
  found?(): readonly EngineFound[];
  dispose(): Promise<void>;
};

export interface PipelineOptions {
  readonly config: PipelineConfig;
  /** Run folder. */
  readonly out: string;
  readonly resume: boolean;
  readonly makeEngines: () => OpenEngines;
  /** What the data may come from beside files. */
  readonly access: SourceAccess;
  readonly progress: Progress;
  /** Lines for the person at the terminal while the run goes on; by default nobody reads them. */
  readonly warn?: (line: string) => void;
  /** What is worth knowing and is no fault. */
  readonly note?: (line: string) => void;
  readonly now: () => string;
  /** Folder of reusable results. */
  readonly cache: string;
  /** The command that repeats the run, for the report. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Goes on with other versions than those that the run was worked on with; refused otherwise where something is computed. */
  readonly otherVersions: boolean;
}

export interface PipelineResult {
  readonly results: RunResults;
  /** The report. */
  readonly document: ReportDocument;
  readonly disclosure: Disclosure;
  /** Digest that pins the whole sealed run; publish it elsewhere. */
  readonly seal: string;
}

/** Makes the run folder, or takes up the one that is there; what a killed process left half-written goes. */
function prepare({ config, out, resume, now, command, versions }: PipelineOptions): void {
  createRunFolder(out, { resume });
  requireRegularFiles(out);
  const path = `${out}/${RUN_FILES.run}`;
  if (existsSync(path)) {
    const before = readJsonOf(path, runJsonSchema);
    const asked = JSON.parse(JSON.stringify(config)) as unknown;
    if (canonicalJson(before.config) !== canonicalJson(asked)) {
      throw new UsageError(
        'resume',
        `${out}: the run there has another configuration (${differenceAt(before.config, asked).join('.')} differs); resume with the same one, or choose another --out`,
      );
    }
    removeLeftovers(out);
  } else writeFileAtomic(path, `${JSON.stringify({ config, versions, command, startedAt: now() }, null, 2)}\n`);
}

/** Watches where a run is taken up that its parts may not fit together: other data are said, other versions must be asked for. Both are recorded. */
function watchHistory(
  options: PipelineOptions,
  { log, warn, source }: Pick<RunContext, 'log' | 'warn'> & { readonly source: Source },
): () => void {
  const { out, versions } = options;
  const begun = readJsonOf(`${out}/${RUN_FILES.run}`, runJsonSchema).versions;
  const data = `${out}/${RUN_FILES.data}`;
  const before = existsSync(data) ? readJsonOf(data, dataSummarySchema).digest : source.digest;
  if (before !== source.digest) {
    warn(`${out}: the data are not those that the run began with; what rests on them is made again`);
    log.append(RECORD_TYPES.otherData, { before, now: source.digest });
  }
  return lazily(() => {
    const last = lastVersions(begun, log.records);
    if (canonicalJson(last) === canonicalJson(versions)) return;
    const key = differenceAt(last, versions).join('.');
    if (!options.otherVersions)
      throw new UsageError(
        'versions',
        `${out}: expected ${key} ${own(last, key)}, with which the run was worked on, got ${own(versions, key)}, which may give other numbers; resume with the one before, or say --other-versions, and the records tell of it`,
      );
    warn(
      `${out}: the run was worked on with ${key} ${own(last, key)} and goes on with ${own(versions, key)}; the report names both`,
    );
    log.append(RECORD_TYPES.resumed, { versions });
  });
}

/** The same error with what to go back to. */
function withLastCheckpoint(error: NumericsError, { log, folder }: RunContext): NumericsError {
  const checkpoint = log.records.findLast((record) => record.type === 'policy-checkpoint');
  const based = log.records.some(({ type, body }) => type === 'stage' && (body as { name?: string }).name === 'base');
  const last = (checkpoint?.body as { folder: string } | undefined)?.folder ?? (based ? RUN_FILES.base : undefined);
  const where =
    last === undefined ? 'there is no good checkpoint yet' : `the last good checkpoint is ${folder}/${last}`;
  return new NumericsError(error.tensor, `${error.detail}; ${where}`, error);
}

/** Refuses answers that the configured reward cannot carry, before anything is fitted. */
function refuseUncarried({ reward }: PipelineConfig, { judged }: Source): void {
  if (judged !== undefined) refuseKinds(observe(judged.items, judged.judgments, reward).observations, reward);
}

/** Says what a server will be asked for, and refuses what lies beyond the budget; a run that is taken up again has done a part. */
async function estimateCost({ config, resume, progress, note }: PipelineOptions, source: Source): Promise<void> {
  if (config.engine.tinker === undefined || config.base === undefined) return;
  const codec = await codecToCome({ config, source, progress });
  const tokens = estimateTokens({ config, source, codec });
  note?.(estimateText(tokens, config.engine));
  if (!resume) requireBudget(tokens, config.engine);
}

/**
 * Runs steps 0 to 3, the audit and the disclosure into a run folder and seals it. Finished stages are skipped on resume.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { config, out, progress, now, cache, warn = () => {} } = options;
  checkConfig(config);
  // Read the data before anything is written: a fault in them leaves no folder behind.
  const source = await openSource(config, options.access);
  checkDeclarations(config.declarations, source.digest);
  refuseUncarried(config, source);
  await attacksBrought(config);
  await estimateCost(options, source);
  prepare(options);
  const log = openRecordLog(`${out}/${RUN_FILES.records}`, now);
  if (log.records.length === 0) log.append(RECORD_TYPES.started, { config });
  const beforeWork = watchHistory(options, { log, warn, source });
  const metrics = openMetricsLog(`${out}/${RUN_FILES.metrics}`);
  const engines = options.makeEngines();
  const { access } = options;
  const shared = { config, folder: out, source, access, engines, progress, warn, log, metrics, cache, now, beforeWork };
  const context: RunContext = { ...shared, round: config.rounds };
  // Before they are published, and where the run ends early: what was spent is told either way.
  const tellEngines = lazily(() => {
    for (const found of engines.found?.() ?? []) log.append(RECORD_TYPES.engine, found);
  });
  try {
    const plan = planOf(context);
    for (const { stage, place } of plan) {
      if (stage.reads(place).includes(HISTORY)) tellEngines();
      await runStage(place, stage);
    }
    metrics.settle(plan.flatMap(({ stage, place }) => stage.curves?.(place) ?? []));
    const results = await loadResults(context);
    if (log.records.at(-1)?.type !== RECORD_TYPES.finished)
      log.append(RECORD_TYPES.finished, { findings: results.findings.length });
    const disclosure = readJsonOf(`${out}/${RUN_FILES.disclosure}`, disclosureSchema);
    const document = readJsonOf(`${out}/${RUN_FILES.reportDocument}`, documentSchema);
    return { results, document, disclosure, seal: sealRun(out) };
  } catch (error) {
    throw error instanceof NumericsError ? withLastCheckpoint(error, context) : error;
  } finally {
    tellEngines();
    log.close();
    await engines.dispose();
  }
}

/** Throws when the findings are not what the configuration asks for. */
export function checkThreshold({ audit }: PipelineConfig, findings: readonly Finding[]): void {
  const { failOn, require } = audit;
  const faults = checkVerdicts(findings, { require, ...(failOn !== 'never' && { failOn }) });
  if (faults.length > 0) throw new CheckError('audit', `audit: ${faults.join('; ')}`);
}
