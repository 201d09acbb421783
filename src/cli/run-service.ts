import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SEAL } from '../disclosure/index.ts';
import { AS_WRITTEN, configSchema, type PipelineConfig, RUN_FILES } from '../pipeline/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic, writeJson } from '../run/node.ts';
import type { RunRow, RunService, StudioEvent } from '../server/index.ts';
import { packageRoot } from './environment.ts';
import { isOwnServer } from './own-server.ts';
import { interrupt, processOf } from './process-identity.ts';
import { createAsks } from './run-asks.ts';
import { type ProcessState, projectIn, projectOfRun, runPlaces } from './run-files.ts';
import { type Ending, gone, type WatchedProcess, watchProcess } from './run-process.ts';
import type { RunReader } from './run-reader.ts';
import { projectConfig, recipes } from './run-recipes.ts';

/** Refuses what of a configuration leads to a place of this machine, or within its network: others fill in the form. */
function refusePlaces({ data, base, engine }: PipelineConfig): void {
  const fail = (key: string, got: string, want: string) => {
    throw new UsageError(
      'place',
      `${key} ${got}: this Studio takes no places of its own machine or network from a form; ${want}, or start the run in a terminal`,
    );
  };
  if (data.layout === 'import') fail('data.path', data.path, 'add the file to a project');
  if (data.layout === 'project' && data.folder !== undefined) fail('data.folder', data.folder, 'name a project');
  if (base?.from !== undefined && (!/^[\w.-]+\/[\w.-]+(@[\w.-]+)?$/.test(base.from) || existsSync(base.from)))
    fail('base.from', base.from, 'name a published model');
  if (engine.tinker !== undefined && !isOwnServer(engine.tinker.url))
    fail('engine.tinker.url', engine.tinker.url, 'start the Studio with TINKER_BASE_URL');
}

/** Runs of a folder, one of which a terminal may follow too. */
export interface FollowedRuns extends RunService {
  /** Begins a run by a command that writes it, or goes on with one; `ended` resolves when its process has. */
  follow(
    run: string,
    wanted:
      | { readonly config: PipelineConfig; readonly command: readonly string[] }
      | { /** Flags beside. */ readonly resume: readonly string[] },
    heard?: Pick<Heard, 'onProgress' | 'onResult'>,
  ): Promise<{ readonly ended: Promise<Ending>; stop(): void }>;
}
type Heard = Parameters<typeof watchProcess>[1];

/** Runs of a folder. Each runs in a process of its own, so that the server stays responsive and may be restarted. */
export function createRunService(options: {
  readonly folder: string;
  /** Reads what runs wrote; closed with the service. */
  readonly reader: RunReader;
  readonly notify: (event: StudioEvent) => void;
  /** Where the projects are that runs may be on: file or URL. */
  readonly store: string;
  /** Others reach the Studio: configurations must not name places of this machine. */
  readonly fenced?: boolean;
  /** The command that runs a pipeline. */
  readonly command?: readonly string[];
}): FollowedRuns {
  const { reader, notify } = options;
  const command = options.command ?? [process.execPath, join(packageRoot, 'bin/goodhart.js')];
  const children = new Map<string, WatchedProcess>();
  const places = runPlaces(options.folder);
  const { states, place, statePath, stateOf, has } = places;
  const asks = createAsks({ command, place });

  const launch = (
    run: string,
    args: readonly string[],
    { onEnd: heardOfEnd, ...heard }: Partial<Heard> = {},
  ): WatchedProcess => {
    const watched = watchProcess([...command, ...args, '--out', place(run), '--json'], {
      ...heard,
      onEnd({ code, last }) {
        children.delete(run);
        const ended = (status: ProcessState['status'], error: string | null) => {
          note({ status, error });
          notify({ type: 'run.finished', projectId: null, data: { run, status } });
        };
        if (watched.stopping()) ended('stopped', null);
        // Exit code 1 is a check of the run's own that said no: the run itself is whole.
        else if (code === 0 || (code === 1 && has(run, SEAL))) ended('complete', null);
        else ended('failed', last === '' ? `the process ended with code ${code}` : last);
        heardOfEnd?.({ code, last });
      },
    });
    const { pid } = watched.child;
    const identity = pid === undefined ? null : (processOf(pid) ?? null);
    const note = (state: Omit<ProcessState, 'process'>) =>
      writeJson(statePath(run, 'json'), { process: identity, ...state } satisfies ProcessState);
    children.set(run, watched);
    note({ status: 'running', error: null });
    return watched;
  };
  /** The configuration that a run is started with, as it is resolved: overrides and defaults are in it, so it alone repeats the run. */
  const keep = (run: string, config: unknown) => {
    onPath(states, () => mkdirSync(states, { recursive: true }));
    writeFileAtomic(statePath(run, 'yaml'), `${JSON.stringify(config, null, 2)}\n`);
  };
  /** One that was ended before it wrote anything begins. */
  const resumed = (run: string) => (has(run, RUN_FILES.run) ? ['--resume'] : []);
  const keepWritten = async (run: string) => {
    if (existsSync(statePath(run, 'yaml'))) return;
    const config = await reader.config(run);
    // It was started elsewhere, by whoever made the folder.
    if (options.fenced === true) refusePlaces(parseConfig(configSchema, JSON.stringify(config), { source: run }));
    keep(run, config);
  };
  const launchKept = (run: string, project: string | null, extra: readonly string[]) =>
    launch(run, ['run', statePath(run, 'yaml'), ...extra], {
      store: project === null ? undefined : options.store,
    });

  /** A process of ours runs until its end was noted, which is a moment after it. */
  const now = (row: RunRow): RunRow =>
    children.has(row.id) && row.status !== 'complete' ? { ...row, status: 'running' } : row;
  const { detail: _, config: __, close: ___, ...read } = reader;
  return {
    ...read,
    list: async () => (await reader.list()).map(now),
    async detail(run) {
      const detail = await reader.detail(run);
      const progress = children.get(run)?.progress() ?? null;
      return detail && { ...detail, run: now(detail.run), progress, asks: asks.of(run) };
    },
    recipes: async () => recipes(),
    async start(wanted, { mayRead }) {
      const config =
        'yaml' in wanted
          ? parseConfig(configSchema, wanted.yaml, { source: 'configuration', set: wanted.set, asWritten: AS_WRITTEN })
          : projectConfig(wanted.project, wanted);
      const project = projectIn(config);
      if (project !== null && !mayRead(project))
        throw new UsageError('project', `data.project ${project}: there is no such project that you belong to`);
      if (options.fenced === true) refusePlaces(config);
      const base =
        config.name
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, '-')
          .replaceAll(/^-|-$/g, '') || 'run';
      const taken = new Set((await reader.list()).map(({ id }) => id));
      let n = 1;
      // Another request may have begun one while the list was made.
      while (taken.has(`${base}-${n}`) || existsSync(statePath(`${base}-${n}`, 'json'))) n += 1;
      const run = `${base}-${n}`;
      keep(run, config);
      launchKept(run, project, []);
      return run;
    },
    async follow(run, wanted, heard = {}) {
      if ('config' in wanted) keep(run, wanted.config);
      else await keepWritten(run);
      const args =
        'config' in wanted ? wanted.command : ['run', statePath(run, 'yaml'), ...resumed(run), ...wanted.resume];
      let stop = () => {};
      const ended = new Promise<Ending>((resolve) => {
        const watched = launch(run, args, { ...heard, onEnd: resolve });
        stop = () => watched.stop();
      });
      return { ended, stop };
    },
    async stop(run) {
      const entry = children.get(run);
      if (entry === undefined) {
        // Started by a server that is gone: its process still runs, or it is a stranger that has its number now.
        const state = stateOf(run);
        if (state?.status !== 'running' || state.process === null || !interrupt(state.process)) return false;
        writeJson(statePath(run, 'json'), { ...state, status: 'stopped' } satisfies ProcessState);
        return true;
      }
      entry.stop();
      return true;
    },
    async resume(run) {
      const status = (await this.detail(run))?.run.status;
      if (status === undefined || status === 'complete' || status === 'running')
        throw new UsageError('run', `run ${run} is ${status ?? 'not there'}; only a stopped or failed run can go on`);
      await keepWritten(run);
      // Another request may have begun it meanwhile.
      if (children.has(run)) throw new UsageError('run', `run ${run} is running; wait for its end`);
      launchKept(run, projectOfRun(places, run), resumed(run));
    },
    async remove(run) {
      if ((await this.detail(run))?.run.status === 'running')
        throw new UsageError('run', `run ${run} is running; stop it first`);
      // The note goes first: a folder that is half gone is still listed, and can be deleted again.
      for (const ending of ['json', 'yaml'] as const) rmSync(statePath(run, ending), { force: true });
      onPath(place(run), () => rmSync(place(run), { recursive: true, force: true }));
    },
    async ask(run, wanted, add) {
      if (!has(run, SEAL)) throw new UsageError('run', `run ${run} is not sealed yet; let it finish first`);
      return asks.start(run, wanted, add);
    },
    async close() {
      for (const watched of children.values()) watched.stop();
      await Promise.all([...children.values()].map(gone));
      await asks.close();
      await reader.close();
    },
  };
}
