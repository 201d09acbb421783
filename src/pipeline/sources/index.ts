import { GROUNDS, type Ground } from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import { groundSource } from './ground.ts';
import { importSource } from './import.ts';
import { projectSource } from './project.ts';
import type { Source, SourceAccess } from './source.ts';

export { usableFeedback } from './consent.ts';
export { judgedSource } from './judged.ts';
export { projectAsSource } from './project.ts';
export * from './source.ts';
export { foldOf, type Holdout, promptKey, splitPrompts, stratumOf, stratumValues, withSplit } from './split.ts';

/** The proving ground of a configuration, where it has one. */
export const groundOf = ({ data }: Pick<PipelineConfig, 'data'>): Ground | undefined =>
  data.layout === 'ground' ? GROUNDS[data.ground]() : undefined;

type Data = PipelineConfig['data'];
export type DataLayout = Data['layout'];

/** Where the data of a run may come from: a source each, by the layout that the configuration names. */
export const SOURCES: {
  readonly [L in DataLayout]: (
    config: PipelineConfig,
    data: Extract<Data, { layout: L }>,
    access: SourceAccess,
  ) => Promise<Source>;
} = { ground: groundSource, project: projectSource, import: importSource };

/** Opens the data that a configuration names, whole, before anything of the run is written. */
export function openSource(config: PipelineConfig, access: SourceAccess): Promise<Source> {
  const open = SOURCES[config.data.layout] as (c: PipelineConfig, d: Data, a: SourceAccess) => Promise<Source>;
  return open(config, config.data, access);
}
