import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { SEAL } from '../disclosure/index.ts';
import { configSchema, RUN_FILES } from '../pipeline/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic, writeJson } from '../run/node.ts';
import type { RunRow, RunService, StudioEvent } from '../server/index.ts';
import { childEnvironment } from './child-environment.ts';
import { packageRoot } from './environment.ts';
import { interrupt, processOf } from './process-identity.ts';
import { type ProcessState, projectIn, runPlaces } from './run-files.ts';
import type { RunReader } from './run-reader.ts';

/** Unix niceness of a run's process: it takes what judging (0) and reports (10) leave. Windows has steps of its own near it. */
const TRAINING_PRIORITY = 19;

const progressSchema = z.object({
  type: z.literal('progress'),
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
});
type Progress = Omit<z.output<typeof progressSchema>, 'type'>;

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};

/** Runs of a folder. Each runs in a process of its own, so that the server stays responsive and may be restarted. */
export function createRunService(options: {
  readonly folder: string;
  /** Reads what runs wrote; closed with the service. */
  readonly reader: RunReader;
  readonly notify: (event: StudioEvent) => void;
  /** The command that runs a pipeline. */
  readonly command?: readonly string[];
}): RunService {
  const { reader, notify } = options;
  const command = options.command ?? [process.execPath, join(packageRoot, 'bin/goodhart.js')];
  const children = new Map<string, { child: ChildProcess; progress: Progress | null; stopping: boolean }>();
  const { states, place, statePath, stateOf, has } = runPlaces(options.folder);

  const launch = (run: string, extra: readonly string[]) => {
    const [program, ...before] = command as [string, ...string[]];
    const args = [...before, 'run', statePath(run, 'yaml'), '--out', place(run), '--json', ...extra];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: process.cwd(),
      env: childEnvironment(),
      shell: false,
    });
    // Judging comes before training where both want the same core; threads of the run take this over.
    if (child.pid !== undefined) setPriority(child.pid, TRAINING_PRIORITY);
    const entry = { child, progress: null as Progress | null, stopping: false };
    children.set(run, entry);
    const identity = child.pid === undefined ? null : (processOf(child.pid) ?? null);
    const note = (state: Omit<ProcessState, 'process'>) =>
      writeJson(statePath(run, 'json'), { process: identity, ...state } satisfies ProcessState);
    note({ status: 'running', error: null });
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const parsed = progressSchema.safeParse(jsonOf(line));
      if (!parsed.success) return;
      const { type: _, ...progress } = parsed.data;
      entry.progress = progress;
    });
    let last = '';
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (line.trim() !== '') last = line;
    });
    const ended = (status: ProcessState['status'], error: string | null) => {
      if (!children.delete(run)) return;
      note({ status, error });
      notify({ type: 'run.finished', projectId: null, data: { run, status } });
    };
    child.on('error', (error) => ended('failed', error.message));
    child.on('close', (code) => {
      if (entry.stopping) ended('stopped', null);
      // Exit code 1 is a check of the run's own that said no: the run itself is whole.
      else if (code === 0 || (code === 1 && has(run, SEAL))) ended('complete', null);
      else ended('failed', last === '' ? `the process ended with code ${code}` : last);
    });
  };

  /** A process of ours runs until its end was noted, which is a moment after it. */
  const now = (row: RunRow): RunRow =>
    children.has(row.id) && row.status !== 'complete' ? { ...row, status: 'running' } : row;
  const { has: isThere, projectOf, verify, series, samples, findings, disclosure, file } = reader;
  return {
    list: async () => (await reader.list()).map(now),
    projectOf,
    has: isThere,
    verify,
    series,
    samples,
    findings,
    disclosure,
    file,
    async detail(run) {
      const detail = await reader.detail(run);
      return detail && { ...detail, run: now(detail.run), progress: children.get(run)?.progress ?? null };
    },
    async recipes() {
      const parent = join(packageRoot, 'recipes');
      return readdirSync(parent)
        .filter((name) => existsSync(join(parent, name, 'run.yaml')))
        .map((id) => ({ id, yaml: readFileSync(join(parent, id, 'run.yaml'), 'utf8') }));
    },
    async start(yaml, set, { mayRead }) {
      const config = parseConfig(configSchema, yaml, { source: 'configuration', set });
      const project = projectIn(config);
      if (project !== null && !mayRead(project))
        throw new UsageError('project', `data.project ${project}: there is no such project that you belong to`);
      const base =
        config.name
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, '-')
          .replaceAll(/^-|-$/g, '') || 'run';
      const taken = new Set((await reader.list()).map(({ id }) => id));
      let n = 1;
      while (taken.has(`${base}-${n}`)) n += 1;
      const run = `${base}-${n}`;
      onPath(states, () => mkdirSync(states, { recursive: true }));
      // The resolved configuration: overrides and defaults are in it, so the file alone repeats the run.
      writeFileAtomic(statePath(run, 'yaml'), `${JSON.stringify(config, null, 2)}\n`);
      launch(run, []);
      return run;
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
      entry.stopping = true;
      entry.child.kill('SIGINT');
      return true;
    },
    async resume(run) {
      const status = (await this.detail(run))?.run.status;
      if (status === undefined || status === 'complete' || status === 'running')
        throw new UsageError('run', `run ${run} is ${status ?? 'not there'}; only a stopped or failed run can go on`);
      if (!existsSync(statePath(run, 'yaml'))) {
        const config = await reader.config(run);
        onPath(states, () => mkdirSync(states, { recursive: true }));
        writeFileAtomic(statePath(run, 'yaml'), `${JSON.stringify(config, null, 2)}\n`);
      }
      // Another request may have begun it meanwhile.
      if (children.has(run)) throw new UsageError('run', `run ${run} is running; wait for its end`);
      launch(run, has(run, RUN_FILES.run) ? ['--resume'] : []);
    },
    async close() {
      for (const entry of children.values()) {
        entry.stopping = true;
        entry.child.kill('SIGINT');
      }
      await Promise.all(
        [...children.values()].map(
          ({ child }) => new Promise((done) => (child.exitCode === null ? child.once('close', done) : done(undefined))),
        ),
      );
      await reader.close();
    },
  };
}
