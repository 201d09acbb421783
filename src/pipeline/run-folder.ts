import { z } from 'zod';
import { readJsonOf } from '../run/node.ts';
import { configSchema } from './config.ts';

/** File names inside a run folder; every writer and reader of a run uses these. */
export const RUN_FILES = {
  run: 'run.json',
  records: 'records.jsonl',
  metrics: 'metrics.jsonl',
  items: 'feedback/items.jsonl',
  judgments: 'feedback/judgments.jsonl',
  raters: 'feedback/raters.jsonl',
  labels: 'feedback/labels.jsonl',
  collected: 'feedback/collected.json',
  feedbackReport: 'feedback/report.json',
  rewardScores: 'reward/scores.json',
  rewardEvaluation: 'reward/evaluation.json',
  rewardModel: 'reward/model',
  policyEvaluation: 'policy/evaluation.json',
  bestOf: 'policy/best-of-n.json',
  exact: 'policy/exact.json',
  base: 'checkpoints/base',
  baseCard: 'checkpoints/base.json',
  data: 'data.json',
  prompts: 'prompts.jsonl',
  policy: 'checkpoints/policy',
  rewardMember: 'checkpoints/reward',
  tokenizer: 'checkpoints/tokenizer.json',
  evidence: 'evidence',
  findings: 'findings.json',
  chains: 'chains.json',
  rates: 'rates.json',
  monitors: 'monitors.json',
  results: 'results.json',
  reportDocument: 'report.json',
  report: 'report.html',
  disclosure: 'disclosure/disclosure.json',
} as const;

/** What run.json says, as far as a reader of runs relies on it. */
export const runJsonSchema = z.looseObject({
  config: z.looseObject({ name: z.string(), seed: z.number() }),
  command: z.string(),
  versions: z.record(z.string(), z.string()),
  startedAt: z.string(),
});

/** What run.json says, with its configuration as this version of the pipeline understands it. */
export const wholeRunJsonSchema = runJsonSchema.extend({ config: configSchema });
export type RunJson = z.infer<typeof wholeRunJsonSchema>;

/** run.json of a run folder. */
export const readRunJson = (folder: string): RunJson => readJsonOf(`${folder}/${RUN_FILES.run}`, wholeRunJsonSchema);
