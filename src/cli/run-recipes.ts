import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AS_WRITTEN, configSchema, type PipelineConfig, previewRun } from '../pipeline/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import type { PreviewRun } from '../server/index.ts';
import { packageRoot } from './environment.ts';

const FOLDER = join(packageRoot, 'recipes');

/** Recipes that a run can start from. */
export const recipes = (): { id: string; yaml: string }[] =>
  readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, 'run.yaml')))
    .map((id) => ({ id, yaml: readFileSync(join(FOLDER, id, 'run.yaml'), 'utf8') }));

/** Runs are named after their project, as far as a name of a run may hold its id. */
const nameOf = (project: string): string => project.replaceAll(/[^\w .-]+/g, '-').replace(/^[^\w]+/, '') || 'project';

/** The configuration of a run on a project of the store. `set` may change anything of the recipe but whose data these are. */
export function projectConfig(
  project: string,
  { recipe, set = [] }: { readonly recipe: string; readonly set?: readonly string[] },
): PipelineConfig {
  const known = recipes();
  const yaml = known.find(({ id }) => id === recipe)?.yaml;
  if (yaml === undefined)
    throw new UsageError('recipe', `there is no recipe ${recipe}; there are ${known.map(({ id }) => id).join(', ')}`);
  const own = [
    `name=${JSON.stringify(nameOf(project))}`,
    `data=${JSON.stringify({ layout: 'project', project })}`,
    ...set,
  ];
  const config = parseConfig(configSchema, yaml, { source: `recipe ${recipe}`, set: own, asWritten: AS_WRITTEN });
  if (config.data.layout !== 'project' || config.data.project !== project)
    throw new UsageError(
      'set',
      `expected a run on project ${project}, got overrides that take other data; leave data out`,
    );
  return config;
}

/** What a run by a recipe would use of a project. */
export const previewProject: PreviewRun = (opened, recipe) =>
  previewRun(projectConfig(opened.project.id, { recipe }), opened);
