import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { findingsSchema } from '../audit/index.ts';
import { type ReportData, reasonText, SEAL } from '../disclosure/index.ts';
import { configSchema, RUN_FILES, readSeries, runJsonSchema, verifyPipelineRun } from '../pipeline/index.ts';
import { DataError, parseConfig, UsageError } from '../run/index.ts';
import { filesBelow, onPath, readJson, readJsonOf, writeFileAtomic, writeJson } from '../run/node.ts';
import type { RunRow, RunService, StudioEvent } from '../server/index.ts';
import { childEnvironment } from './child-environment.ts';
import { containedFile } from './contained-file.ts';
import { packageRoot } from './environment.ts';

/** Where the Studio keeps what it knows of the processes that it started, beside the runs. */
const STATE_FOLDER = '.studio';

/** Unix niceness of a run's process: it takes what judging (0) and reports (10) leave. Windows has steps of its own near it. */
const TRAINING_PRIORITY = 19;

const stateSchema = z.object({
  pid: z.number(),
  status: z.enum(['running', 'complete', 'stopped', 'failed']),
  /** Last line of a failed process. */
  error: z.string().nullable(),
});
type ProcessState = z.output<typeof stateSchema>;
const progressSchema = z.object({
  type: z.literal('progress'),
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
});
type Progress = Omit<z.output<typeof progressSchema>, 'type'>;

/** Whether a process of this machine is alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const onProject = z.object({ data: z.object({ layout: z.literal('project'), project: z.string() }) });
/** The project whose judgments a configuration reads. */
const projectIn = (config: unknown): string | null => onProject.safeParse(config).data?.data.project ?? null;

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
  readonly notify: (event: StudioEvent) => void;
  /** The command that runs a pipeline. */
  readonly command?: readonly string[];
}): RunService {
  const { folder, notify } = options;
  const command = options.command ?? [process.execPath, join(packageRoot, 'bin/goodhart.js')];
  const children = new Map<string, { child: ChildProcess; progress: Progress | null; stopping: boolean }>();
  const place = (run: string) => join(folder, run);
  const statePath = (run: string, ending: 'json' | 'yaml') => join(folder, STATE_FOLDER, `${run}.${ending}`);
  const has = (run: string, file: string) => existsSync(join(place(run), file));
  const readRun = (run: string, file: string) => readJson(join(place(run), file));

  const stateOf = (run: string): ProcessState | undefined => {
    const path = statePath(run, 'json');
    return existsSync(path) ? stateSchema.parse(readJson(path)) : undefined;
  };
  const statusOf = (run: string): RunRow['status'] => {
    if (has(run, SEAL)) return 'complete';
    const state = stateOf(run);
    if (state === undefined) return 'unfinished';
    // A process that the machine or a kill ended could not write down how.
    return state.status === 'running' && !isAlive(state.pid) ? 'stopped' : state.status;
  };

  /** A run is a plain name in the folder: one that leads elsewhere is not there. */
  const isRun = (run: string): boolean =>
    /^[^./\\][^/\\]*$/.test(run) && (has(run, RUN_FILES.run) || existsSync(statePath(run, 'json')));
  const rowOf = (run: string): RunRow | undefined => {
    if (!isRun(run)) return undefined;
    if (!has(run, RUN_FILES.run)) {
      return { id: run, name: run, status: statusOf(run), startedAt: '', verdicts: {} };
    }
    const verdicts: Record<string, number> = {};
    try {
      const { config, startedAt } = readJsonOf(join(place(run), RUN_FILES.run), runJsonSchema);
      if (has(run, RUN_FILES.findings)) {
        for (const { verdict } of readJsonOf(join(place(run), RUN_FILES.findings), findingsSchema))
          verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      }
      return { id: run, name: config.name, status: statusOf(run), startedAt, verdicts };
    } catch (error) {
      // One broken run must not hide the others.
      if (!(error instanceof DataError)) throw error;
      const startedAt = statSync(join(place(run), RUN_FILES.run)).mtime.toISOString();
      return { id: run, name: run, status: 'failed', startedAt, verdicts: {} };
    }
  };
  const list = async (): Promise<RunRow[]> => {
    const names = new Set(existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []);
    const states = join(folder, STATE_FOLDER);
    for (const name of existsSync(states) ? readdirSync(states) : [])
      if (name.endsWith('.json')) names.add(name.slice(0, -'.json'.length));
    return [...names]
      .flatMap((name) => rowOf(name) ?? [])
      .sort((a, b) => (a.startedAt === b.startedAt ? (a.id < b.id ? 1 : -1) : a.startedAt < b.startedAt ? 1 : -1));
  };

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
    const note = (state: Omit<ProcessState, 'pid'>) =>
      writeJson(statePath(run, 'json'), { pid: child.pid ?? 0, ...state });
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

  const reportOf = (run: string): ReportData | undefined =>
    has(run, RUN_FILES.reportData) ? (readRun(run, RUN_FILES.reportData) as ReportData) : undefined;

  return {
    list,
    has: async (run) => isRun(run),
    async detail(run) {
      const row = rowOf(run);
      if (row === undefined) return undefined;
      const written = has(run, RUN_FILES.run)
        ? (readRun(run, RUN_FILES.run) as { config: unknown; command: string; versions: Record<string, string> })
        : undefined;
      return {
        run: row,
        config: (written?.config ?? null) as never,
        command: written?.command ?? `goodhart run ${statePath(run, 'yaml')}`,
        versions: written?.versions ?? {},
        progress: children.get(run)?.progress ?? null,
        error: stateOf(run)?.error ?? null,
        summary: [...(reportOf(run)?.summary ?? [])],
        files: existsSync(place(run)) ? filesBelow(place(run)) : [],
      };
    },
    async recipes() {
      const parent = join(packageRoot, 'recipes');
      return readdirSync(parent)
        .filter((name) => existsSync(join(parent, name, 'run.yaml')))
        .map((id) => ({ id, yaml: readFileSync(join(parent, id, 'run.yaml'), 'utf8') }));
    },
    async projectOf(run) {
      const path = has(run, RUN_FILES.run) ? join(place(run), RUN_FILES.run) : statePath(run, 'yaml');
      if (!isRun(run) || !existsSync(path)) return null;
      try {
        const read = readJson(path);
        return projectIn(has(run, RUN_FILES.run) ? (read as { config?: unknown } | null)?.config : read);
      } catch (error) {
        if (error instanceof DataError) return null;
        throw error;
      }
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
      const taken = new Set((await list()).map(({ id }) => id));
      let n = 1;
      while (taken.has(`${base}-${n}`)) n += 1;
      const run = `${base}-${n}`;
      onPath(folder, () => mkdirSync(join(folder, STATE_FOLDER), { recursive: true }));
      // The resolved configuration: overrides and defaults are in it, so the file alone repeats the run.
      writeFileAtomic(statePath(run, 'yaml'), `${JSON.stringify(config, null, 2)}\n`);
      launch(run, []);
      return run;
    },
    async stop(run) {
      const entry = children.get(run);
      const state = stateOf(run);
      if (entry === undefined) {
        // Started by a server that is gone: its process still answers to its number.
        if (state?.status !== 'running' || !isAlive(state.pid)) return false;
        process.kill(state.pid, 'SIGINT');
        writeJson(statePath(run, 'json'), { ...state, status: 'stopped' });
        return true;
      }
      entry.stopping = true;
      entry.child.kill('SIGINT');
      return true;
    },
    async resume(run) {
      const status = statusOf(run);
      if (status === 'complete' || status === 'running')
        throw new UsageError('run', `run ${run} is ${status}; only a stopped or failed run can go on`);
      if (!existsSync(statePath(run, 'yaml'))) {
        const { config } = readRun(run, RUN_FILES.run) as { config: unknown };
        onPath(folder, () => mkdirSync(join(folder, STATE_FOLDER), { recursive: true }));
        writeFileAtomic(statePath(run, 'yaml'), `${JSON.stringify(config, null, 2)}\n`);
      }
      launch(run, has(run, RUN_FILES.run) ? ['--resume'] : []);
    },
    async verify(run) {
      if (!has(run, SEAL)) throw new UsageError('verify', `run ${run} is not sealed yet; let it finish first`);
      return (await verifyPipelineRun(place(run))).map(({ name, ok, detail }) => ({ name, ok, detail }));
    },
    async series(run) {
      const series = await readSeries(join(place(run), RUN_FILES.metrics));
      return Object.fromEntries([...series].map(([stage, curves]) => [stage, Object.fromEntries(curves)]));
    },
    async samples(run) {
      return (reportOf(run)?.samples ?? []).map(({ prompt, before, after, note }) => ({ prompt, before, after, note }));
    },
    async findings(run) {
      if (!has(run, RUN_FILES.findings)) return [];
      const rates = reportOf(run)?.rates ?? {};
      return readJsonOf(join(place(run), RUN_FILES.findings), findingsSchema).map((finding) => ({
        ...finding,
        reason: reasonText(finding.because),
        planted: (rates[finding.probe]?.planted ?? null) as never,
        clean: (rates[finding.probe]?.clean ?? null) as never,
      }));
    },
    async disclosure(run) {
      const disclosure = has(run, RUN_FILES.disclosure) ? readRun(run, RUN_FILES.disclosure) : null;
      const sealed = has(run, SEAL) ? readFileSync(join(place(run), SEAL), 'utf8') : null;
      return { disclosure: disclosure as never, seal: sealed };
    },
    async file(run, path) {
      if (!isRun(run)) return undefined;
      return containedFile(place(run), path);
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
    },
  };
}
