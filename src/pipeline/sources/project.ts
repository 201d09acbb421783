import { readProject } from '../../exchange/node.ts';
import type { PipelineConfig } from '../config.ts';
import { judgedSource } from './judged.ts';
import type { OpenedProject, Source, SourceAccess } from './source.ts';

type ProjectData = Extract<PipelineConfig['data'], { layout: 'project' }>;

/** What a run takes of a project as it stands; pure, so that a preview says the same. */
export function projectAsSource(
  { name, seed }: Pick<PipelineConfig, 'name' | 'seed'>,
  { project, folder, holdout, answers }: ProjectData,
  opened: OpenedProject,
): Source {
  const projectId = opened.project?.id ?? opened.items[0]?.projectId ?? name;
  return judgedSource(opened, { projectId, seed, holdout, answers, where: folder ?? `project ${project}` });
}

/** A project of the Studio, from its store or as a saved folder. Its items keep the ids of their project. */
export async function projectSource(
  config: PipelineConfig,
  data: ProjectData,
  { openProject }: SourceAccess,
): Promise<Source> {
  const opened = data.folder === undefined ? await openProject(data.project!) : await readProject(data.folder);
  return projectAsSource(config, data, opened);
}
