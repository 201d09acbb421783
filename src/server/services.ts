import { z } from 'zod';
import type { Project, RaterProfile } from '../feedback/index.ts';
import type { Accounts, FeedbackStore } from '../store/index.ts';
import type { Sealer } from './access/sealing.ts';
import { ApiError } from './api.ts';
import type { Caller } from './caller.ts';
import { projectSettingsSchema } from './contract/projects.ts';

/** What the Studio's handlers work with; handed in, never imported by name. */
export interface Services {
  readonly store: FeedbackStore;
  readonly accounts: Accounts;
  readonly sealer: Sealer;
  readonly now: () => string;
  /** Tells the outside what happened (webhooks); never throws, never waits. */
  readonly notify: (event: StudioEvent) => void;
}

export type StudioEvent =
  | {
      readonly type: 'judgment.created';
      readonly projectId: string;
      readonly data: { readonly id: string; readonly itemId: string; readonly raterId: string };
    }
  | { readonly type: 'item.completed'; readonly projectId: string; readonly data: { readonly itemId: string } }
  | {
      readonly type: 'run.finished';
      readonly projectId: null;
      readonly data: { readonly run: string; readonly status: string };
    };

export type ProjectSettings = z.output<typeof projectSettingsSchema>;

export async function settingsOf(accounts: Accounts, projectId: string): Promise<ProjectSettings> {
  return projectSettingsSchema.parse((await accounts.setting(`project/${projectId}`)) ?? {});
}
export const saveSettings = (accounts: Accounts, projectId: string, settings: ProjectSettings): Promise<void> =>
  accounts.setSetting(`project/${projectId}`, settings);

const pausedSchema = z.array(z.string());
/** Raters of a project whom a lead has paused. */
export async function pausedRaters(accounts: Accounts, projectId: string): Promise<readonly string[]> {
  return pausedSchema.parse((await accounts.setting(`paused/${projectId}`)) ?? []);
}
export const savePausedRaters = (accounts: Accounts, projectId: string, raters: readonly string[]): Promise<void> =>
  accounts.setSetting(`paused/${projectId}`, raters);

export async function projectOr404({ store }: Pick<Services, 'store'>, projectId: string): Promise<Project> {
  const project = await store.getProject(projectId);
  if (project === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
  return project;
}

/** Owners belong to every project, others to those they were put in. */
export async function mayEnter(accounts: Accounts, caller: Caller, projectId: string): Promise<boolean> {
  if (caller.via === 'key') return caller.projectId === null || caller.projectId === projectId;
  if (caller.role === 'owner') return true;
  return caller.id !== null && (await accounts.projectsOf(caller.id)).includes(projectId);
}

/** The caller's profile in a project, made at the first visit. */
export async function ensureRater(
  { store }: Pick<Services, 'store'>,
  projectId: string,
  raterId: string,
): Promise<RaterProfile> {
  const known = await store.getRater(projectId, raterId);
  if (known !== undefined) return known;
  const profile: RaterProfile = { id: raterId, kind: 'human', pool: 'studio' };
  await store.putRaters(projectId, [profile]);
  return profile;
}
