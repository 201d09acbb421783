import { join } from 'node:path';
import { z } from 'zod';
import { RUN_FILES, runJsonSchema } from '../pipeline/index.ts';
import { GoodhartError } from '../run/index.ts';
import { entryAt, pathWithin, readJsonOf } from '../run/node.ts';
import { processSchema } from './process-identity.ts';

/** Where the Studio keeps what it knows of the processes that it started, beside the runs. */
const STATE_FOLDER = '.studio';

const stateSchema = z.strictObject({
  /** Null where it never began, or where the system does not say when it did. */
  process: processSchema.nullable(),
  status: z.enum(['running', 'complete', 'stopped', 'failed']),
  /** Last line of a failed process. */
  error: z.string().nullable(),
});
export type ProcessState = Readonly<z.output<typeof stateSchema>>;

const onProject = z.object({ data: z.object({ layout: z.literal('project'), project: z.string() }) });
const asksPeople = z.object({ feedback: z.object({ people: z.object({ project: z.string() }) }) });
/** The project of the store whose judgments a configuration reads, or in which it asks people; null for none. */
export const projectIn = (config: unknown): string | null =>
  onProject.safeParse(config).data?.data.project ?? asksPeople.safeParse(config).data?.feedback.people.project ?? null;

/** Places of runs below a folder. */
export interface RunPlaces {
  readonly folder: string;
  readonly states: string;
  place(run: string): string;
  /** What was noted of a run's process (`json`), and the configuration that it was started with (`yaml`). */
  statePath(run: string, ending: 'json' | 'yaml'): string;
  /** What was noted, if that is what this version notes; anything else says nothing. */
  stateOf(run: string): ProcessState | undefined;
  /** Whether a run holds a file, which is a file and no link. */
  has(run: string, file: string): boolean;
  /** A run is a plain name in the folder: one that leads elsewhere is not there. */
  isRun(run: string): boolean;
}

/** Also a link is there, whatever it leads to: the run is listed, and says why it is not read. */
const isThere = (path: string) => entryAt(path) !== undefined;

export function runPlaces(folder: string): RunPlaces {
  const states = join(folder, STATE_FOLDER);
  const place = (run: string) => join(folder, run);
  const has = (run: string, file: string) => pathWithin(place(run), file) !== undefined;
  return {
    folder,
    states,
    place,
    has,
    statePath: (run, ending) => join(states, `${run}.${ending}`),
    stateOf(run) {
      const path = pathWithin(states, `${run}.json`);
      try {
        return path === undefined ? undefined : readJsonOf(path, stateSchema, 64 * 1024);
      } catch {
        return undefined;
      }
    },
    isRun: (run) =>
      /^[^./\\\0][^/\\\0]*$/.test(run) &&
      (isThere(join(place(run), RUN_FILES.run)) || pathWithin(states, `${run}.json`) !== undefined),
  };
}

const MOST_BYTES = 1024 * 1024;
/** The project of the store whose judgments a run reads; null for none, and where its files do not say. */
export function projectOfRun({ place, states, isRun }: RunPlaces, run: string): string | null {
  if (!isRun(run)) return null;
  const written = pathWithin(place(run), RUN_FILES.run);
  // One that has just begun has no folder yet, and the configuration that it was started with.
  const started = pathWithin(states, `${run}.yaml`);
  try {
    if (written !== undefined) return projectIn(readJsonOf(written, runJsonSchema, MOST_BYTES).config);
    return started === undefined ? null : projectIn(readJsonOf(started, z.unknown(), MOST_BYTES));
  } catch (error) {
    if (error instanceof GoodhartError && error.exitCode === 2) return null;
    throw error;
  }
}
