import { z } from 'zod';
import { ANSWER_CHOICES } from '../../feedback/index.ts';
import { readJsonOf, writeFileAtomic, writeJson } from '../../run/node.ts';
import { type GroundPrompt, SPLITS } from '../../world/index.ts';
import { concernsSchema } from '../concerns.ts';
import type { PipelineConfig } from '../config.ts';
import { readRows } from '../feedback-records.ts';
import { NOT_COLLECTED } from '../people.ts';
import type { RunContext } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { sourceOfRun } from '../source-of-run.ts';
import type { Source } from '../sources/index.ts';
import { DATA, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';

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
  /** What people complained of, where judgments existed before the run. */
  concerns: z.union([concernsSchema, z.literal(NOT_COLLECTED)]).exactOptional(),
  /** Rows that hold nothing to be judged, by reason. */
  skipped: z.record(z.string(), z.number()),
  /** Which answers were used, and votes that decisions or joint answers stand for; nothing where every vote is an answer. */
  answers: z.strictObject({ choice: z.enum(ANSWER_CHOICES), left: z.record(z.string(), z.number()) }).exactOptional(),
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
    ...(source.judged !== undefined && { concerns: source.judged.concerns ?? NOT_COLLECTED }),
    skipped: { ...source.judged?.skipped },
    ...(source.judged?.answers !== undefined && { answers: source.judged.answers }),
  };
}

/** The prompts that a run folder holds, in the order in which the run used them. */
export const loadPrompts = (folder: string): Promise<GroundPrompt[]> =>
  readRows<GroundPrompt>(`${folder}/${RUN_FILES.prompts}`, promptSchema);

const rowsOf = ({ prompts }: Pick<Source, 'prompts'>) =>
  prompts.map(({ id, text, split, strata, belief, trigger }) => ({
    id,
    text,
    split,
    strata,
    ...(belief !== undefined && { belief }),
    ...(trigger !== undefined && { trigger }),
  }));

async function run({ config, folder, source }: RunContext): Promise<void> {
  writeJson(`${folder}/${RUN_FILES.data}`, summarizeSource(config, source));
  const rows = rowsOf(source);
  writeFileAtomic(`${folder}/${RUN_FILES.prompts}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Of judged data, which they were and what was left out of them stands as the run saw it: what was left out is not here. */
async function recompute(place: VerifiedPlace): Promise<Recomputed[]> {
  const { folder, config } = place;
  const source = await sourceOfRun(place);
  const stored = readJsonOf(`${folder}/${RUN_FILES.data}`, dataSummarySchema);
  const { digest, projectId, leftOut, concerns, skipped, answers } = stored;
  const { concerns: _, ...summary } = summarizeSource(config, source);
  const seen =
    source.judged === undefined
      ? {}
      : {
          digest,
          projectId,
          leftOut: leftOut ?? summary.leftOut,
          ...(concerns && { concerns }),
          skipped,
          ...(answers && { answers }),
        };
  return [
    { file: RUN_FILES.data, again: { ...summary, ...seen } },
    { file: RUN_FILES.prompts, again: rowsOf(source) },
  ];
}

/** Which data these are, and the prompts with their splits. */
export const data: Stage = {
  name: 'data',
  reads: () => [DATA],
  writes: () => [RUN_FILES.data, RUN_FILES.prompts],
  run,
  recompute,
};
