import { existsSync } from 'node:fs';
import { buildDisclosure, readJson, renderReport, sealRun } from '../disclosure/index.ts';
import type { Engine } from '../engine/index.ts';
import { CheckError, canonicalJson, NumericsError, type Progress, UsageError } from '../run/index.ts';
import { createRunFolder, openRecordLog, writeFileAtomic } from '../run/node.ts';
import { baseStage } from './base-stage.ts';
import type { PipelineConfig } from './config.ts';
import { disclosurePlaces } from './disclosure-statements.ts';
import { auditStage } from './evidence-stage.ts';
import { exactStage } from './exact-stage.ts';
import { feedbackStage } from './feedback-stage.ts';
import { policyStage } from './policy-stage.ts';
import { type RunResults, reportData, summaryRows } from './report-data.ts';
import { rewardStage, withoutNaN } from './reward-stage.ts';
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

function prepare({ config, out, resume, now, command, versions }: PipelineOptions): void {
  if (config.feedback !== undefined && config.base === undefined) {
    throw new UsageError('config', 'feedback: simulated raters judge replies of a base model; add base: {}');
  }
  if (config.data.layout === 'harbour' && config.feedback === undefined) {
    throw new UsageError('config', 'data.layout harbour has no judgments of its own; add feedback: {}');
  }
  const needsBase = config.policy !== undefined || config.reward.family === 'transformer';
  if (needsBase && config.base === undefined) {
    throw new UsageError('config', 'policy and transformer rewards start from a base model; add base: {}');
  }
  createRunFolder(out, { resume });
  const path = `${out}/${RUN_FILES.run}`;
  if (existsSync(path)) {
    const before = readJson(path) as { config: unknown };
    if (canonicalJson(before.config) !== canonicalJson(JSON.parse(JSON.stringify(config)))) {
      throw new UsageError(
        'resume',
        `${out}: the run there has another configuration; resume with the same one, or choose another --out`,
      );
    }
  } else writeFileAtomic(path, `${JSON.stringify({ config, versions, command, startedAt: now() }, null, 2)}\n`);
}

/** The headline numbers of a run as one flat JSON. */
function resultsJson({ feedback, evaluation, path }: RunResults): Record<string, unknown> {
  const { report } = feedback;
  return {
    pairs: report.items,
    goldPairs: report.gold.items,
    judgments: report.judgments,
    raters: report.raters,
    alphaNominal: 'value' in report.alphaNominal ? report.alphaNominal.value : null,
    pairwiseAgreement: 'value' in report.pairwiseAgreement ? report.pairwiseAgreement.value : null,
    accuracy: evaluation.overall.accuracy,
    accuracyInterval: [evaluation.overall.interval.low, evaluation.overall.interval.high],
    scoredPairs: evaluation.overall.n,
    marginOverLength: evaluation.marginOverLength.value,
    marginOverLengthInterval: [evaluation.marginOverLength.interval.low, evaluation.marginOverLength.interval.high],
    ece: evaluation.ece,
    lengthOnlyAccuracy: evaluation.baselines.lengthOnly.accuracy,
    positionOnlyAccuracy: evaluation.baselines.positionOnly?.accuracy ?? null,
    ...(evaluation.byStratum.topic !== undefined && {
      byTopic: Object.fromEntries(
        Object.entries(evaluation.byStratum.topic).map(([topic, { accuracy, n, interval }]) => [
          topic,
          { accuracy, n, interval: [interval.low, interval.high] },
        ]),
      ),
    }),
    ...(path !== undefined && {
      policy: path.points.map(({ step, kl, proxy, gold }) => ({
        step,
        kl,
        proxy: proxy.reduce((a, b) => a + b, 0) / proxy.length,
        gold: gold === undefined ? null : gold.reduce((a, b) => a + b, 0) / gold.length,
      })),
    }),
  };
}

/**
 * Runs steps 0 to 3, the audit and the disclosure into a run folder and seals it. Finished stages are skipped on resume.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { config, out, progress, now, cache, command, versions } = options;
  prepare(options);
  const log = openRecordLog(`${out}/${RUN_FILES.records}`, now);
  if (log.records.length === 0) log.append('run-started', { config });
  const engine = options.makeEngine();
  const context: RunContext = { config, folder: out, engine, progress, log, cache, now };
  try {
    const source = await openSource(config);
    const base = config.base === undefined ? undefined : await baseStage(context, source);
    const feedback = await feedbackStage(context, source, base);
    const { model: reward, evaluation } = await rewardStage(context, source, { feedback, base });
    const withPolicy = config.policy !== undefined && base !== undefined;
    const path = withPolicy ? await policyStage(context, source, { base, reward }) : undefined;
    const exact = withPolicy ? await exactStage(context, source, { base, reward }) : undefined;
    const audit = await auditStage(context, { feedback, reward, path, world: source.world });
    await reward.dispose();
    const results: RunResults = { feedback, evaluation, path, exact, audit };
    const disclosure = buildDisclosure({
      run: config.name,
      statements: disclosurePlaces(config),
      declarations: config.declarations,
      findings: audit.findings,
      findingsFile: RUN_FILES.findings,
      read: (file) => (existsSync(pathIn(context, file)) ? readJson(pathIn(context, file)) : undefined),
    });
    writeRunJson(context, RUN_FILES.results, withoutNaN(resultsJson(results)));
    writeRunJson(context, RUN_FILES.disclosure, disclosure);
    writeFileAtomic(
      pathIn(context, RUN_FILES.metrics),
      (path?.metrics ?? []).map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
    const data = withoutNaN(reportData(config, results, { disclosure, command, versions })) as ReturnType<
      typeof reportData
    >;
    writeRunJson(context, RUN_FILES.reportData, data);
    writeFileAtomic(pathIn(context, RUN_FILES.report), renderReport(data));
    if (log.records.at(-1)?.type !== 'run-finished') log.append('run-finished', { findings: audit.findings.length });
    const seal = sealRun(out);
    return { results, summary: summaryRows(results), disclosure, seal };
  } catch (error) {
    if (error instanceof NumericsError) {
      const last = log.records.findLast((record) => record.type === 'policy-checkpoint');
      const good = (last?.body as { folder: string } | undefined)?.folder ?? 'none yet';
      throw new NumericsError(
        error.tensor,
        `${error.message}; the last good checkpoint is ${good} in ${out}`,
        error.step,
      );
    }
    throw error;
  } finally {
    log.close();
    await engine.dispose();
  }
}

/** Throws when a finding is at least as bad as the configuration tolerates. */
export function checkThreshold(config: PipelineConfig, results: RunResults): void {
  const { failOn } = config.audit;
  if (failOn === 'never') return;
  const bad = results.audit.findings.filter(
    (f) => f.verdict === 'failure' || (failOn === 'concern' && f.verdict === 'concern'),
  );
  if (bad.length > 0) {
    throw new CheckError(
      'audit',
      `audit: ${bad.map((f) => `${f.challenge} ${f.verdict}`).join(', ')}; audit.failOn is ${failOn}`,
    );
  }
}
