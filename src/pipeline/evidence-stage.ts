import { type Finding, findingsSchema, gatherEvidence, runAudit } from '../audit/index.ts';
import { loadEvidence, writeEvidence } from '../audit/node.ts';
import { allDetectionRates, type DetectionRates } from '../lab/index.ts';
import type { RewardModel } from '../reward/index.ts';
import { readJson, readJsonOf } from '../run/node.ts';
import type { Ground } from '../world/index.ts';
import type { BestOfCurve } from './best-of-stage.ts';
import type { Feedback } from './feedback-stage.ts';
import type { PolicyPath } from './policy-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { runView } from './run-view.ts';

export interface Audit {
  readonly findings: readonly Finding[];
  readonly rates: Readonly<Record<string, DetectionRates>>;
}

/** Gathers every kind of evidence that the run can supply, runs every probe on it, and measures the probes' own rates. */
export async function auditStage(
  context: RunContext,
  inputs: {
    feedback: Feedback;
    reward: RewardModel;
    path: PolicyPath | undefined;
    bestOf: BestOfCurve | undefined;
    world: Ground | undefined;
  },
): Promise<Audit> {
  const { config, progress, folder } = context;
  const { reward, ...rest } = inputs;
  await stage(context, 'audit', [RUN_FILES.findings, RUN_FILES.rates], async () => {
    const score = (prompt: string, replies: readonly string[]) => reward.score(prompt, replies);
    writeEvidence(folder, await gatherEvidence(runView({ ...rest, seed: config.seed, score })));
    // Read back from disk: the findings rest on the very files a verifier will read.
    const { seed, audit } = config;
    writeRunJson(context, RUN_FILES.findings, runAudit(await loadEvidence(folder), { seed, params: audit.params }));
    const rates = audit.rateSeeds === 0 ? {} : await allDetectionRates(audit.rateSeeds, progress);
    writeRunJson(context, RUN_FILES.rates, rates);
  });
  return {
    findings: readJsonOf(pathIn(context, RUN_FILES.findings), findingsSchema),
    rates: readJson(pathIn(context, RUN_FILES.rates)) as Audit['rates'],
  };
}
