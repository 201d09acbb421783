import { existsSync, readdirSync, statSync } from 'node:fs';
import { SEAL } from '../disclosure/index.ts';
import { addTo } from '../run/index.ts';
import type { RunRow } from '../server/index.ts';
import { isRunning } from './process-identity.ts';
import type { RunDocuments } from './run-documents.ts';
import { projectOfRun, type RunPlaces } from './run-files.ts';

/** Runs as the list shows them. */
export interface RunRows {
  /** Undefined is an unknown run. */
  row(run: string): RunRow | undefined;
  /** Newest first. */
  list(): RunRow[];
}

export function runRows(places: RunPlaces, documents: RunDocuments): RunRows {
  const { folder, place, has, isRun, stateOf } = places;
  const statusOf = (run: string): RunRow['status'] => {
    if (has(run, SEAL)) return 'complete';
    const state = stateOf(run);
    if (state === undefined) return 'unfinished';
    // A process that the machine or a kill ended could not write down how.
    const gone = state.status === 'running' && (state.process === null || !isRunning(state.process));
    return gone ? 'stopped' : state.status;
  };
  const rowOf = (run: string): RunRow | undefined => {
    if (!isRun(run)) return undefined;
    const status = statusOf(run);
    const project = projectOfRun(places, run);
    try {
      const said = documents.written(run);
      const verdicts: Record<string, number> = {};
      for (const { verdict } of documents.findings(run)) addTo(verdicts, verdict);
      const { config: { name } = { name: run }, startedAt = '' } = said ?? {};
      return { id: run, name, project, status, startedAt, verdicts, reason: null };
    } catch (error) {
      // One broken run must not hide the others.
      const reason = documents.reason(run, error);
      const startedAt = statSync(place(run)).mtime.toISOString();
      const shown = status === 'running' ? status : 'unreadable';
      return { id: run, name: run, project, status: shown, startedAt, verdicts: {}, reason };
    }
  };

  return {
    row: rowOf,
    list() {
      const names = new Set(existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []);
      for (const name of existsSync(places.states) ? readdirSync(places.states) : [])
        if (name.endsWith('.json')) names.add(name.slice(0, -'.json'.length));
      return [...names]
        .flatMap((name) => rowOf(name) ?? [])
        .sort((a, b) => (a.startedAt === b.startedAt ? (a.id < b.id ? 1 : -1) : a.startedAt < b.startedAt ? 1 : -1));
    },
  };
}
