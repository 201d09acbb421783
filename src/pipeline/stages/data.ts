import { z } from 'zod';
import { readJsonLines, writeFileAtomic, writeJson } from '../../run/node.ts';
import { type GroundPrompt, SPLITS } from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import type { RunContext } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import type { Source } from '../sources/index.ts';
import { DATA, type Stage } from '../stage.ts';

const leftOut = z.strictObject({ raters: z.number(), judgments: z.number() });
/** What a run takes of its data. */
export const dataSummarySchema = z.strictObject({
  layout: z.string(),
  /** SHA-256 of the data as read; a ground goes by its name. */
  digest: z.string(),
  projectId: z.string(),
  /** Prompts by split. */
  prompts: z.strictObject({ train: z.number(), evaluation: z.number(), deploy: z.number() }),
  /** Texts for a base model. */
  texts: z.number(),
  /** Judgments that were not used; null where none existed before the run. */
  leftOut: z.strictObject({ withdrawn: leftOut, withoutConsent: leftOut, erased: leftOut.exactOptional() }).nullable(),
  /** Rows that hold nothing to be judged, by reason. */
  skipped: z.record(z.string(), z.number()),
});
export type DataSummary = z.infer<typeof dataSummarySchema>;

const promptSchema = z.strictObject({
  id: z.string(),
  text: z.string(),
  split: z.enum(SPLITS),
  strata: z.record(z.string(), z.string()),
  belief: z.enum(['none', 'right', 'wrong']).exactOptional(),
  trigger: z.boolean().exactOptional(),
});

/** What a run would take of a source. */
export function summarizeSource({ data }: Pick<PipelineConfig, 'data'>, source: Source): DataSummary {
  const of = (split: GroundPrompt['split']) => source.prompts.filter((prompt) => prompt.split === split).length;
  return {
    layout: data.layout,
    digest: source.digest,
    projectId: source.projectId,
    prompts: { train: of('train'), evaluation: of('evaluation'), deploy: of('deploy') },
    texts: source.examples.length,
    leftOut: source.judged?.leftOut ?? null,
    skipped: { ...source.judged?.skipped },
  };
}

/** The prompts that a run folder holds, in the order in which the run used them. */
export async function loadPrompts(folder: string): Promise<GroundPrompt[]> {
  const prompts: GroundPrompt[] = [];
  for await (const prompt of readJsonLines(`${folder}/${RUN_FILES.prompts}`, promptSchema)) prompts.push(prompt);
  return prompts;
}

async function run({ config, folder, source }: RunContext): Promise<void> {
  writeJson(`${folder}/${RUN_FILES.data}`, summarizeSource(config, source));
  const rows = source.prompts.map(({ id, text, split, strata, belief, trigger }) => ({
    id,
    text,
    split,
    strata,
    ...(belief !== undefined && { belief }),
    ...(trigger !== undefined && { trigger }),
  }));
  writeFileAtomic(`${folder}/${RUN_FILES.prompts}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Which data these are, and the prompts with their splits. */
export const data: Stage = {
  name: 'data',
  reads: () => [DATA],
  writes: () => [RUN_FILES.data, RUN_FILES.prompts],
  run,
};
