import { z } from 'zod';
import { DataError } from '../run/index.ts';
import { readJsonOf } from '../run/node.ts';
import { configSchema, type PipelineConfig } from './config.ts';

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
  rates: 'rates.json',
  results: 'results.json',
  reportData: 'report.json',
  report: 'report.html',
  disclosure: 'disclosure/disclosure.json',
} as const;

/** What run.json says of a run of this version. */
export interface RunJson {
  readonly config: PipelineConfig;
  readonly command: string;
  /** Of the process that began it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly startedAt: string;
}

/** What run.json says, as far as a reader of runs relies on it. */
export const runJsonSchema = z.looseObject({
  config: z.looseObject({ name: z.string(), seed: z.number() }),
  command: z.string(),
  versions: z.record(z.string(), z.string()),
  startedAt: z.string(),
});

/** run.json of a run folder, with its configuration checked. */
export function readRunJson(folder: string): RunJson {
  const path = `${folder}/${RUN_FILES.run}`;
  const { config, command, versions, startedAt } = readJsonOf(path, runJsonSchema);
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return { config: parsed.data, command, versions, startedAt };
  const [issue] = parsed.error.issues;
  throw new DataError(
    'config',
    `${path}: config.${issue!.path.map(String).join('.')}: ${issue!.message}; the run is of another version`,
  );
}
