import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import { EVIDENCE_KINDS, type EvidenceKindId, evidenceKind, findingsSchema, type RunView } from '../audit/index.ts';
import { loadEvidence } from '../audit/node.ts';
import { type Check, disclosureSchema, verifyRun } from '../disclosure/index.ts';
import { allDetectionRates } from '../lab/index.ts';
import { type FeedbackReport, feedbackReport } from '../quality/index.ts';
import { canonicalJson, type Progress } from '../run/index.ts';
import { readJson, readJsonLines, readJsonOf, strangersBelow } from '../run/node.ts';
import { mean } from '../stats/index.ts';
import { GROUNDS } from '../world/index.ts';
import type { Audit } from './evidence-stage.ts';
import { type Feedback, loadFeedback } from './feedback-stage.ts';
import { itemLabels } from './labels.ts';
import type { PolicyPath } from './policy-stage.ts';
import { type RunResults, reportData } from './report-data.ts';
import { resultsJson } from './results.ts';
import { loadEvaluation, type RewardScores, rewardEvaluation, withoutNaN } from './reward-evaluation.ts';
import { RUN_FILES, wholeRunJsonSchema } from './run-folder.ts';
import { runView } from './run-view.ts';

/** Compares what stands in a file with what its sources give now. */
function compare(name: string, stored: unknown, again: unknown): Check {
  const ok = canonicalJson(stored) === canonicalJson(JSON.parse(JSON.stringify(again)));
  return { name: `${name} recomputed`, ok, detail: ok ? 'same numbers' : 'other numbers than its sources give' };
}

/** KL, entropy and mean scores of the first and last evaluation follow from the replies that are stored with them. */
function policyChecks(path: PolicyPath): Check[] {
  return (['first', 'last'] as const).map((which) => {
    const { prompts, kl, entropy } = path[which];
    const replies = prompts.flatMap((prompt) => prompt.replies);
    const point = which === 'first' ? path.points[0] : path.points.at(-1);
    const again = {
      kl: mean(replies.map((reply) => reply.logprob - reply.referenceLogprob)),
      entropy: mean(replies.map((reply) => -reply.logprob)),
      proxy: prompts.map((prompt) => mean(prompt.scored.proxy!)),
    };
    const name = `${RUN_FILES.policyEvaluation} ${which}`;
    const stored = { kl, entropy, proxy: prompts.map((prompt) => prompt.scores.proxy!) };
    const pointed = point === undefined ? undefined : { kl: point.kl, entropy: point.entropy, proxy: point.proxy };
    return { ...compare(name, [stored, pointed], [again, again]) };
  });
}

/** Every kind of evidence that needs no model is gathered again: whether it is there at all, and every row of it. */
async function evidenceChecks(folder: string, run: RunView): Promise<Check[]> {
  const kinds = EVIDENCE_KINDS.filter(
    (id: EvidenceKindId) => evidenceKind(id).offline && evidenceKind(id).kept !== true,
  );
  const stored = await loadEvidence(folder, kinds);
  return Promise.all(
    kinds.map(async (id) => {
      const { file, gather } = evidenceKind(id);
      return compare(file, stored[id] ?? null, (await gather(run)) ?? null);
    }),
  );
}

async function recomputed(folder: string): Promise<Check[]> {
  const at = (file: string) => `${folder}/${file}`;
  const optional = <T>(file: string) => (existsSync(at(file)) ? (readJson(at(file)) as T) : undefined);
  const { config, command, versions } = readJsonOf(at(RUN_FILES.run), wholeRunJsonSchema);
  const feedback: Feedback = await loadFeedback(folder);
  const { items, judgments, report } = feedback;
  const evaluation = loadEvaluation(folder);
  const path = optional<PolicyPath>(RUN_FILES.policyEvaluation);
  const lines = async (file: string) => {
    const values: unknown[] = [];
    if (statSync(at(file)).size > 0) for await (const value of readJsonLines(at(file), z.unknown())) values.push(value);
    return values;
  };
  const [labels, metrics] = [await lines(RUN_FILES.labels), await lines(RUN_FILES.metrics)];
  const scores = readJson(at(RUN_FILES.rewardScores)) as RewardScores;
  const again: FeedbackReport = feedbackReport(items, judgments, { seed: config.seed });
  const audit: Audit = {
    findings: readJsonOf(at(RUN_FILES.findings), findingsSchema),
    rates: readJson(at(RUN_FILES.rates)) as Audit['rates'],
  };
  const results: RunResults = {
    feedback,
    evaluation,
    path,
    bestOf: optional(RUN_FILES.bestOf),
    exact: optional(RUN_FILES.exact),
    audit,
  };
  const disclosure = readJsonOf(at(RUN_FILES.disclosure), disclosureSchema);
  const world = config.data.layout === 'harbour' ? GROUNDS.harbour() : undefined;
  return [
    compare(RUN_FILES.feedbackReport, report, again),
    compare(RUN_FILES.labels, labels, itemLabels(items, judgments)),
    compare(RUN_FILES.rewardEvaluation, evaluation, withoutNaN(rewardEvaluation(config, feedback, scores))),
    ...(path === undefined ? [] : policyChecks(path)),
    ...(await evidenceChecks(folder, runView({ seed: config.seed, feedback, path, bestOf: results.bestOf, world }))),
    compare(RUN_FILES.metrics, metrics, path?.metrics ?? []),
    compare(RUN_FILES.results, readJson(at(RUN_FILES.results)), withoutNaN(resultsJson(results))),
    compare(
      RUN_FILES.reportData,
      readJson(at(RUN_FILES.reportData)),
      withoutNaN(reportData(config, results, { disclosure, command, versions })),
    ),
  ];
}

async function ratesChecks(folder: string, progress: Progress): Promise<Check[]> {
  const stored = readJson(`${folder}/${RUN_FILES.rates}`) as Audit['rates'];
  const runs = Object.values(stored)[0]?.planted.n ?? 0;
  return [compare(RUN_FILES.rates, stored, runs === 0 ? {} : await allDetectionRates(runs, progress))];
}

/**
 * Verifies a run of this pipeline offline: everything `verifyRun` checks, and every number that follows from other files of the
 * folder computed again: quality report and labels from judgments, the reward's evaluation from its scores, KL and entropy from
 * replies, evidence, results and report. With `rates`, also the detection experiments, from their seeds. What only the model
 * itself can tell again (log-probabilities, scores, nats per token) is held by its digest.
 */
export async function verifyPipelineRun(folder: string, options: { readonly rates?: Progress } = {}): Promise<Check[]> {
  const checks = await verifyRun(folder);
  if (strangersBelow(folder).length > 0) return checks;
  const attempt = async (name: string, run: () => Promise<Check[]>) => {
    try {
      checks.push(...(await run()));
    } catch (error) {
      checks.push({ name, ok: false, detail: (error as Error).message });
    }
  };
  await attempt('numbers', () => recomputed(folder));
  const { rates } = options;
  if (rates !== undefined) await attempt(RUN_FILES.rates, () => ratesChecks(folder, rates));
  return checks;
}
