import { existsSync, statSync } from 'node:fs';
import { JUDGMENT_FILES, loadEvidence } from '../disclosure/index.ts';
import { type Item, type Judgment, type RaterProfile, raterProfileSchema } from '../feedback/index.ts';
import { type FeedbackReport, feedbackReport } from '../quality/index.ts';
import { readJson, readJsonLines, writeFileAtomic } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import { comparisonItems, raterPool, type SimulatedRaterKind } from '../world/index.ts';
import type { Base } from './base-stage.ts';
import type { PipelineConfig } from './config.ts';
import { itemLabels } from './labels.ts';
import { askPairs, candidatePairs } from './query-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources/index.ts';

export interface Feedback {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly report: FeedbackReport;
  /** Group by rater id, for raters who have one; undefined where nothing about the raters was recorded. */
  readonly groups: ReadonlyMap<string, string> | undefined;
}

/** What raters said of themselves by which the evaluation is divided. */
const groupAttribute = ({ data }: PipelineConfig): string => (data.layout === 'ground' ? 'group' : data.groups);

/** Simulated feedback carries a clock that counts judgments, so that the same seed gives the same bytes. */
const simulatedClock = () => {
  let second = 0;
  return () => new Date(Date.UTC(2026, 0, 1) + 1000 * second++).toISOString();
};

async function simulate(
  context: RunContext,
  source: Source,
  base: Base,
): Promise<{ items: Item[]; judgments: Judgment[]; raters: RaterProfile[] }> {
  const { config, engine, progress } = context;
  const feedback = config.feedback!;
  const world = source.ground!;
  const model = await engine.createModel(base.spec, { from: base.folder });
  const sampler = await model.sampler();
  const rng = createRng(config.seed).fork('feedback');
  // A poisoner acts on a phrase: without prompts that hold it, nothing would be planted.
  const marked = (feedback.raters.poisoner ?? 0) > 0 ? world.prompts('train', { trigger: true }) : [];
  const prompts = [...source.ground!.prompts('train'), ...rng.fork('trigger').shuffle(marked).slice(0, 12)];
  const items = await comparisonItems({
    ground: world,
    prompts,
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
  const profiles = raters.map(
    ({ id, kind, group }): RaterProfile => ({ id, kind, ...(group !== undefined && { demographics: { group } }) }),
  );
  const panel = { raters, rng, now: simulatedClock() };
  return { ...(await askPairs(items, { ...config, feedback }, panel)), raters: profiles };
}

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** What a run folder holds about its feedback. */
export async function loadFeedback(folder: string): Promise<Feedback> {
  const { judgments } = await loadEvidence(folder);
  const path = `${folder}/${RUN_FILES.raters}`;
  const { config } = readJson(`${folder}/${RUN_FILES.run}`) as { config: PipelineConfig };
  const attribute = groupAttribute(config);
  const groups = new Map<string, string>();
  if (existsSync(path) && statSync(path).size > 0) {
    for await (const { id, demographics } of readJsonLines(path, raterProfileSchema)) {
      const group = new Map(Object.entries(demographics ?? {})).get(attribute);
      if (group !== undefined) groups.set(id, group);
    }
  }
  const report = readJson(`${folder}/${RUN_FILES.feedbackReport}`) as FeedbackReport;
  return { ...judgments!, report, groups: groups.size > 0 ? groups : undefined };
}

/** Step 1: judgments, imported or simulated, written down whole, with their labels and quality report. */
export async function feedbackStage(context: RunContext, source: Source, base: Base | undefined): Promise<Feedback> {
  const { items: itemsFile, judgments: judgmentsFile } = JUDGMENT_FILES;
  const files = [itemsFile, judgmentsFile, RUN_FILES.raters, RUN_FILES.labels, RUN_FILES.feedbackReport];
  await stage(context, 'feedback', files, async () => {
    const simulated = source.judged === undefined ? await simulate(context, source, base!) : undefined;
    const { items, judgments, raters } = source.judged ?? simulated!;
    const total = judgments.length;
    context.progress({ stage: 'quality', done: 0, total, unit: 'judgments' });
    writeFileAtomic(pathIn(context, itemsFile), jsonl(items));
    writeFileAtomic(pathIn(context, judgmentsFile), jsonl(judgments));
    writeFileAtomic(pathIn(context, RUN_FILES.raters), jsonl(raters));
    writeFileAtomic(pathIn(context, RUN_FILES.labels), jsonl(itemLabels(items, judgments)));
    writeRunJson(context, RUN_FILES.feedbackReport, feedbackReport(items, judgments, { seed: context.config.seed }));
    context.progress({ stage: 'quality', done: total, total, unit: 'judgments' });
  });
  return loadFeedback(context.folder);
}
