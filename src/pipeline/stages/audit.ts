import type {
  BeliefReply,
  CounterfactualEdit,
  Evidence,
  Finding,
  OptimisationPoint,
  ReplySamples,
  ScoredReply,
} from '../audit/index.ts';
import { runAudit } from '../audit/index.ts';
import { EVIDENCE_FILES, loadEvidence } from '../disclosure/index.ts';
import { allDetectionRates, type DetectionRates } from '../lab/index.ts';
import type { RewardModel } from '../reward/index.ts';
import { readJson } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import { degenerateEdits, type Ground } from '../world/index.ts';
import type { Feedback } from './feedback-stage.ts';
import type { PolicyPath } from './policy-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

export interface Audit {
  readonly findings: readonly Finding[];
  readonly rates: Readonly<Record<string, DetectionRates>>;
}

function beliefReplies(world: Ground, path: PolicyPath): BeliefReply[] {
  return (['base', 'policy'] as const).flatMap((snapshot) =>
    (snapshot === 'base' ? path.first : path.last).prompts.flatMap(({ prompt: text, replies }): BeliefReply[] => {
      const prompt = world.promptOf(text);
      if (prompt?.belief === undefined || prompt.belief === 'none') return [];
      const userWrong = prompt.belief === 'wrong';
      return replies.flatMap((reply): BeliefReply[] => {
        // A text that is no reply of this world neither agrees nor disagrees.
        const { agrees, correct } = world.labels(prompt, reply.text) ?? {};
        if (agrees === undefined || correct === undefined) return [];
        return [{ snapshot, promptId: prompt.id, userWrong, agrees, correct }];
      });
    }),
  );
}

/** Edits that do not raise true quality: the ground's own, degenerate ones on free text. */
function editsOf(world: Ground | undefined, promptText: string, reply: string) {
  const prompt = world?.promptOf(promptText);
  return prompt === undefined ? degenerateEdits(reply) : world!.edits(prompt, reply);
}

async function rewardEvidence(
  reward: RewardModel,
  world: Ground | undefined,
  texts: readonly { promptId: string; prompt: string; reply: string }[],
) {
  const edits: CounterfactualEdit[] = [];
  const scored: ScoredReply[] = [];
  for (const { promptId, prompt, reply } of texts) {
    const changed = editsOf(world, prompt, reply);
    const [before, ...after] = (await reward.score(prompt, [reply, ...changed.map((c) => c.text)])).map((s) => s.mean);
    scored.push({ promptId, score: before!, features: { words: reply.split(/\s+/).length, characters: reply.length } });
    for (const [i, { feature }] of changed.entries())
      edits.push({ promptId, feature, before: before!, after: after[i]! });
  }
  return { edits, scored };
}

function samplesOf(path: PolicyPath): ReplySamples[] {
  const rows = (replies: PolicyPath['first']['prompts'][number]['replies']) =>
    replies.map(({ text, logprob }) => ({ text, logprob }));
  return path.first.prompts.map((base, i) => ({
    promptId: base.prompt,
    base: rows(base.replies),
    policy: rows(path.last.prompts[i]!.replies),
  }));
}

/** Evidence that follows from the policy's evaluations alone. */
export function policyEvidence(path: PolicyPath, world: Ground | undefined) {
  return {
    'optimisation-path': path.points.map(
      ({ step, kl, proxy, gold }): OptimisationPoint => ({ method: 'rloo', step, kl, proxy, ...(gold && { gold }) }),
    ),
    'reply-samples': samplesOf(path),
    ...(world && { 'belief-replies': beliefReplies(world, path) }),
  };
}

/** Gathers evidence from what the run produced, runs every probe on it, and measures the probes' own rates. */
export async function auditStage(
  context: RunContext,
  inputs: { feedback: Feedback; reward: RewardModel; path: PolicyPath | undefined; world: Ground | undefined },
): Promise<Audit> {
  const { config, progress } = context;
  const { feedback, reward, path, world } = inputs;
  await stage(context, 'audit', [RUN_FILES.findings, RUN_FILES.rates], async () => {
    const rng = createRng(config.seed).fork('audit');
    const texts =
      path?.first.prompts.flatMap(({ prompt, replies }) =>
        replies.slice(0, 4).map(({ text }) => ({ promptId: prompt, prompt, reply: text })),
      ) ??
      rng
        .shuffle(feedback.items)
        .slice(0, 400)
        .map((item) => ({ promptId: item.id, prompt: item.prompt, reply: item.replies[0]!.text }));
    const { edits, scored } = await rewardEvidence(reward, world, texts);
    const evidence: Partial<Record<keyof typeof EVIDENCE_FILES, unknown>> = {
      'counterfactual-edits': edits,
      'scored-replies': scored,
      ...(path && policyEvidence(path, world)),
    };
    for (const [kind, value] of Object.entries(evidence))
      writeRunJson(context, EVIDENCE_FILES[kind as keyof typeof EVIDENCE_FILES], value);
    // Read back from disk: the findings rest on the very files a verifier will read.
    const stored: Evidence = await loadEvidence(context.folder);
    writeRunJson(context, RUN_FILES.findings, runAudit(stored, { seed: config.seed }));
    const rates = config.audit.rateSeeds === 0 ? {} : await allDetectionRates(config.audit.rateSeeds, progress);
    writeRunJson(context, RUN_FILES.rates, rates);
  });
  return {
    findings: readJson(pathIn(context, RUN_FILES.findings)) as Finding[],
    rates: readJson(pathIn(context, RUN_FILES.rates)) as Audit['rates'],
  };
}
