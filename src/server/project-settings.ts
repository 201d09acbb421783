import { z } from 'zod';
import type { Accounts } from '../store/index.ts';
import { projectSettingsSchema } from './contract/projects.ts';

/** What a lead sets beside the project itself: pay, breaks, who is paused. Kept with the accounts. */
export type ProjectSettings = z.output<typeof projectSettingsSchema>;

export async function settingsOf(accounts: Accounts, projectId: string): Promise<ProjectSettings> {
  return projectSettingsSchema.parse((await accounts.setting(`project/${projectId}`)) ?? {});
}
export const saveSettings = (accounts: Accounts, projectId: string, settings: ProjectSettings): Promise<void> =>
  accounts.setSetting(`project/${projectId}`, settings);

/** Which of some projects are put away. */
export async function archivedProjects(
  accounts: Pick<Accounts, 'settings'>,
  projectIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const kept = await accounts.settings(projectIds.map((id) => `project/${id}`));
  return new Set(projectIds.filter((id) => projectSettingsSchema.parse(kept.get(`project/${id}`) ?? {}).archived));
}

const pausedSchema = z.array(z.string());
/** Raters of a project whom a lead has paused. */
export async function pausedRaters(accounts: Accounts, projectId: string): Promise<readonly string[]> {
  return pausedSchema.parse((await accounts.setting(`paused/${projectId}`)) ?? []);
}
export const savePausedRaters = (accounts: Accounts, projectId: string, raters: readonly string[]): Promise<void> =>
  accounts.setSetting(`paused/${projectId}`, raters);

/** Whether a rater is not to be asked: the project rests, or a lead has paused them. */
export async function isPaused(accounts: Accounts, projectId: string, raterId: string): Promise<boolean> {
  const [project, raters] = [`project/${projectId}`, `paused/${projectId}`];
  const kept = await accounts.settings([project, raters]);
  const settings = projectSettingsSchema.parse(kept.get(project) ?? {});
  return settings.paused || settings.archived || pausedSchema.parse(kept.get(raters) ?? []).includes(raterId);
}
