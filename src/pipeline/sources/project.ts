import { readProject } from '../../exchange/node.ts';
import type { PipelineConfig } from '../config.ts';
import { judgedSource } from './judged.ts';
import type { Source, SourceAccess } from './source.ts';

/** A project of the Studio, from its store or as a saved folder. Its items keep the ids of their project. */
export async function projectSource(
  config: PipelineConfig,
  data: Extract<PipelineConfig['data'], { layout: 'project' }>,
  { openProject }: SourceAccess,
): Promise<Source> {
  const { seed } = config;
  const opened = data.folder === undefined ? await openProject(data.project!) : await readProject(data.folder);
  const where = data.folder ?? `project ${data.project}`;
  const projectId = opened.project?.id ?? opened.items[0]?.projectId ?? config.name;
  return judgedSource(opened, { projectId, seed, holdout: data.holdout, where });
}
