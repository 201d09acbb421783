import type { Project } from '../feedback/index.ts';
import type { Accounts, FeedbackStore, RaterView } from '../store/index.ts';
import type { Send } from './access/outgoing.ts';
import type { Sealer } from './access/sealing.ts';
import { ApiError } from './api.ts';
import type { Caller } from './caller.ts';
import type { Importer } from './imports.ts';
import type { ProjectReader } from './project-reader.ts';

/** What the Studio's handlers work with; handed in, never imported by name. */
export interface Services {
  readonly store: FeedbackStore;
  readonly accounts: Accounts;
  /** Reads whole projects, in a thread of its own where there may be large ones. */
  readonly reader: ProjectReader;
  /** Adds files to projects, each in a process of its own where they may be a stranger's. */
  readonly importer: Importer;
  readonly sealer: Sealer;
  /** Sends what a form asks for to an address that somebody named. */
  readonly send: Send;
  readonly now: () => string;
  /** Tells the outside what happened (webhooks); never throws, never waits. */
  readonly notify: (event: StudioEvent) => void;
}

export type StudioEvent =
  | {
      readonly type: 'judgment.created';
      readonly projectId: string;
      readonly data: {
        /** Of the submission; `records` names what it added to the history. */
        readonly id: string;
        readonly itemId: string;
        readonly raterId: string;
        readonly records: readonly string[];
      };
    }
  | { readonly type: 'item.completed'; readonly projectId: string; readonly data: { readonly itemId: string } }
  | {
      readonly type: 'run.finished';
      readonly projectId: null;
      readonly data: { readonly run: string; readonly status: string };
    };

export async function projectOr404({ store }: Pick<Services, 'store'>, projectId: string): Promise<Project> {
  const project = await store.getProject(projectId);
  if (project === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
  return project;
}

/** Owners belong to every project, others to those they were put in. */
export function mayEnter(caller: Caller, projectId: string): boolean {
  if (caller.via === 'key') return caller.projectId === null || caller.projectId === projectId;
  return caller.role === 'owner' || caller.projects.includes(projectId);
}

/** A project as someone meets it who belongs to it. */
export type Membership = Required<RaterView> & { [K in 'profile' | 'standing']: NonNullable<RaterView[K]> };

/** The project as the caller meets it; their profile is made at the first visit. */
export async function enterProject(
  { store }: Pick<Services, 'store'>,
  projectId: string,
  raterId: string,
): Promise<Membership> {
  const view = await store.raterView(projectId, raterId);
  if (view === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
  const { profile, standing } = view;
  if (profile !== undefined && standing !== undefined) return { ...view, profile, standing };
  await store.putRaters(projectId, [{ id: raterId, kind: 'human', pool: 'studio' }]);
  return enterProject({ store }, projectId, raterId);
}
