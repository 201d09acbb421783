import { join } from 'node:path';
import type { AnswerChoice } from '../feedback/index.ts';
import { backupStore, type FeedbackStore } from '../store/index.ts';
import { ApiError } from './api.ts';
import type { KnownRoute, ProjectTable, ResponseOf, TableFormat } from './contract/index.ts';
import { exportFile } from './exchange.ts';
import { type MadeFile, makeFile } from './file-answer.ts';
import { PageJson } from './page-json.ts';
import { PAGES, type PageContext, type PageName, type PageQueries } from './project-pages.ts';
import { projectStates } from './project-state.ts';
import { PROJECT_TABLE, writeTable } from './tables.ts';

export type { PreviewRun } from './project-pages.ts';

/** A page as JSON, with the length of the history and the number of items that were read for it. */
export interface Page {
  readonly json: Uint8Array<ArrayBuffer>;
  readonly seq: number;
  readonly items: number;
}

/**
 * Reads whole projects for the pages and files of those who lead them. At a million judgments that takes seconds of
 * computing, so a server has one in a thread of its own.
 */
export interface ProjectReader {
  /** Undefined where there is no such project. */
  page<P extends PageName>(page: P, projectId: string, query: PageQueries[P]): Promise<Page | undefined>;
  /** Writes a table or the whole project to a file, which is the caller's to remove; undefined as above. */
  file(projectId: string, wanted: WantedFile): Promise<MadeFile | undefined>;
  close(): Promise<void>;
}

export type WantedFile =
  | { readonly table: ProjectTable; readonly format: TableFormat; readonly names: boolean }
  | {
      readonly layout: string;
      readonly format?: string | undefined;
      readonly answers?: AnswerChoice | undefined;
      readonly now: string;
    }
  | { readonly backup: true; readonly now: string };

/** A reader that works where it is called. `clock` in milliseconds. */
export function createProjectReader(context: PageContext, clock: () => number): ProjectReader {
  const stateOf = projectStates(context.store, clock);
  const encoder = new TextEncoder();
  return {
    async page(page, projectId, query) {
      const state = await stateOf(projectId);
      if (state === undefined) return undefined;
      const answer = await PAGES[page](state, query, context);
      return { json: encoder.encode(JSON.stringify(answer)), seq: state.seq, items: state.allItems.length };
    },
    async file(projectId, wanted) {
      if ('backup' in wanted) {
        if ((await context.store.getProject(projectId)) === undefined) return undefined;
        return makeFile(async (folder) => {
          const digest = await context.store.digest(projectId);
          const path = join(folder, 'backup.jsonl.gz');
          await backupStore(context.store, path, { createdAt: wanted.now, only: projectId });
          return { path, name: `${projectId}-backup.jsonl.gz`, digest };
        });
      }
      if ('layout' in wanted) {
        if ((await context.store.getProject(projectId)) === undefined) return undefined;
        const { now, ...how } = wanted;
        return makeFile((folder) => exportFile(context.store, projectId, { ...how, folder, now: () => now }));
      }
      const state = await stateOf(projectId);
      if (state === undefined) return undefined;
      const { table: name, format, names } = wanted;
      const table = await PROJECT_TABLE[name](state, { ...context, names });
      return makeFile((folder) => writeTable(folder, `${projectId}-${name}`, { table, format }));
    },
    close: async () => {},
  };
}

/** Up to so many records a page is made anew for whoever asks. */
const SMALL = 20_000;
/** A page of a larger project is made anew once this many times its own cost has passed. */
const REST = 4;
const MOST_BYTES = 64 * 2 ** 20;

interface Kept {
  readonly projectId: string;
  made?: Page | undefined;
  making?: Promise<Page | undefined> | undefined;
  startedAt: number;
  ms: number;
}

/** Pages as a server hands them out. */
export interface ProjectPages {
  /** A page as JSON; `ApiError` where there is no such project. */
  page<P extends PageName>(page: P, projectId: string, query: PageQueries[P]): Promise<PageJson>;
  /** Something beside the history has changed: what was made before does not count. */
  forget(projectId: string): void;
}

/** A page as what it says. */
export function pageOf<K extends KnownRoute>(page: Page | undefined): ResponseOf<K> {
  if (page === undefined) throw new ApiError(404, 'project', 'there is no such project');
  return JSON.parse(new TextDecoder().decode(page.json)) as ResponseOf<K>;
}

/**
 * Shares pages among those who look: of a large project the last one is shown at once while the next one is made, one at a
 * time and not more often than makes sense. What is kept is bounded.
 */
export function sharedPages(
  { reader, store }: { readonly reader: ProjectReader; readonly store: Pick<FeedbackStore, 'progress'> },
  clock: () => number,
): ProjectPages {
  const kept = new Map<string, Kept>();
  const trim = () => {
    let bytes = 0;
    for (const [key, { made, making }] of [...kept].reverse()) {
      bytes += made?.json.byteLength ?? 0;
      if (bytes > MOST_BYTES && making === undefined) kept.delete(key);
    }
  };
  const found = (page: Page | undefined, projectId: string): PageJson => {
    if (page === undefined) throw new ApiError(404, 'project', `there is no project ${projectId}`);
    return new PageJson(page.json);
  };
  return {
    async page(page, projectId, query) {
      const { records, items } = await store.progress(projectId);
      if (records <= SMALL) return found(await reader.page(page, projectId, query), projectId);
      const key = JSON.stringify([page, projectId, query]);
      const entry: Kept = kept.get(key) ?? { projectId, startedAt: Number.NEGATIVE_INFINITY, ms: 0 };
      kept.delete(key);
      kept.set(key, entry);
      const stale = entry.made?.seq !== records || entry.made.items !== items.total + items.archived;
      if (stale && entry.making === undefined && clock() - entry.startedAt >= (1 + REST) * entry.ms) {
        entry.startedAt = clock();
        entry.making = reader
          .page(page, projectId, query)
          .then((made) => {
            entry.made = made;
            entry.ms = clock() - entry.startedAt;
            trim();
            return made;
          })
          .finally(() => {
            entry.making = undefined;
          });
        // Whoever is shown an older page does not wait for this one.
        entry.making.catch(() => {});
      }
      return found(entry.made ?? (await entry.making), projectId);
    },
    forget(projectId) {
      for (const [key, entry] of kept) if (entry.projectId === projectId) kept.delete(key);
    },
  };
}
