import { mkdirSync } from 'node:fs';
import { JUDGMENT_FILES, loadEvidence, readJson } from '../disclosure/index.ts';
import { type FeedbackReport, feedbackReport, type Item, type Judgment } from '../feedback/index.ts';
import { suggest, UsageError } from '../run/index.ts';
import { writeFileAtomic } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import { comparisonItems, raterPool, SIMULATED_RATERS, type SimulatedRaterKind } from '../world/index.ts';
import type { Base } from './base-stage.ts';
import { askPairs, candidatePairs } from './query-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources.ts';

export interface Feedback {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly report: FeedbackReport;
}

/** Simulated feedback carries a clock that counts judgments, so that the same seed gives the same bytes. */
const simulatedClock = () => {
  let second = 0;
  return () => new Date(Date.UTC(2026, 0, 1) + 1000 * second++).toISOString();
};

async function simulate(
  context: RunContext,
  source: Source,
  base: Base,
): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const { config, engine, progress } = context;
  const feedback = config.feedback!;
  const unknown = Object.keys(feedback.raters).find((kind) => !(kind in SIMULATED_RATERS));
  if (unknown !== undefined) {
    const known = Object.keys(SIMULATED_RATERS);
    const near = suggest(unknown, known);
    throw new UsageError(
      'config',
      `feedback.raters: unknown kind ${unknown}; ${near === undefined ? `choose among ${known.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  const world = source.world!;
  const model = await engine.createModel(base.spec, { from: base.folder });
  const sampler = await model.sampler();
  const rng = createRng(config.seed).fork('feedback');
  const items = await comparisonItems({
    world,
    prompts: world.prompts('train'),
    count: candidatePairs(feedback),
    rng,
    projectId: source.projectId,
    origin: 'base model, step 0',
    replies: async (prompts) => {
      const texts: string[][] = [];
      for (let at = 0; at < prompts.length; at += 64) {
        const encoded = prompts.slice(at, at + 64).map((p) => base.codec.encodePrompt(p.text));
        const groups = await sampler.sample(encoded, {
          n: 2,
          maxTokens: base.limits.maxReply,
          stop: base.codec.stop,
          seed: config.seed + at,
        });
        texts.push(...groups.map((group) => group.map((s) => base.codec.decodeReply(s.tokens))));
        progress({ stage: 'feedback', done: texts.length, total: prompts.length, unit: 'pairs' });
      }
      return texts;
    },
  });
  await sampler.dispose();
  await model.dispose();
  const { raters } = raterPool(world, feedback.raters as Partial<Record<SimulatedRaterKind, number>>);
  const panel = { raters, rng, now: simulatedClock() };
  const { items: split, judgments } = await askPairs(items, { ...config, feedback }, panel);
  return { items: split, judgments };
}

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Step 1: judgments, imported or simulated, written down whole, with their quality report. */
export async function feedbackStage(context: RunContext, source: Source, base: Base | undefined): Promise<Feedback> {
  const { items: itemsFile, judgments: judgmentsFile } = JUDGMENT_FILES;
  await stage(context, 'feedback', [itemsFile, judgmentsFile, RUN_FILES.feedbackReport], async () => {
    const { items, judgments } = source.imported ?? (await simulate(context, source, base!));
    mkdirSync(pathIn(context, 'feedback'), { recursive: true });
    writeFileAtomic(pathIn(context, itemsFile), jsonl(items));
    writeFileAtomic(pathIn(context, judgmentsFile), jsonl(judgments));
    writeRunJson(context, RUN_FILES.feedbackReport, feedbackReport(items, judgments, { seed: context.config.seed }));
    context.progress({ stage: 'feedback', done: judgments.length, total: judgments.length, unit: 'judgments' });
  });
  const { judgments } = await loadEvidence(context.folder);
  return { ...judgments!, report: readJson(pathIn(context, RUN_FILES.feedbackReport)) as FeedbackReport };
}
