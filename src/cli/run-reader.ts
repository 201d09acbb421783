import { existsSync, readdirSync, statSync } from 'node:fs';
import { reasonText } from '../audit/index.ts';
import { SEAL, thirdPartySections } from '../disclosure/index.ts';
import { RUN_FILES, readSeries } from '../pipeline/index.ts';
import { factsOf } from '../report/index.ts';
import { addTo, DataError, own, UsageError } from '../run/index.ts';
import { diskFolder, entryAt, fileOf, filesBelow } from '../run/node.ts';
import type { RunRow, RunService } from '../server/index.ts';
import { containedFile } from './contained-file.ts';
import { isRunning } from './process-identity.ts';
import { LIMITS, runContents, samplesOf } from './run-contents.ts';
import { disclosureReads } from './run-disclosure.ts';
import { projectOfRun, runPlaces } from './run-files.ts';

type Detail = NonNullable<Awaited<ReturnType<RunService['detail']>>>;

/** What a run's folder says, whoever made it; nothing here starts or stops anything. Undefined is an unknown run. */
export type RunReader = Pick<
  RunService,
  | 'list'
  | 'has'
  | 'projectOf'
  | 'verify'
  | 'series'
  | 'report'
  | 'samples'
  | 'findings'
  | 'disclosure'
  | 'changes'
  | 'archive'
  | 'file'
> & {
  detail(run: string): Promise<Omit<Detail, 'progress' | 'asks'> | undefined>;
  /** The configuration that a run was made with. */
  config(run: string): Promise<unknown>;
  close(): Promise<void>;
};

/** Reads the runs of a folder. Computes and waits for disks: a server has it in a thread. */
export function createRunReader(folder: string): RunReader {
  const places = runPlaces(folder);
  const { place, has, isRun, stateOf } = places;

  const contents = runContents(place);
  const { writtenOf, findingsOf, reportOf, ratesOf, reasonOf, reading } = contents;

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
      const written = writtenOf(run);
      const verdicts: Record<string, number> = {};
      for (const { verdict } of findingsOf(run)) addTo(verdicts, verdict);
      // One that has not written anything yet began when its process was noted.
      const noted = () => entryAt(places.statePath(run, 'json'))?.mtime.toISOString() ?? '';
      const { config: { name } = { name: run }, startedAt = noted() } = written ?? {};
      return { id: run, name, project, status, startedAt, verdicts, reason: null };
    } catch (error) {
      // One broken run must not hide the others.
      const reason = reasonOf(run, error);
      const startedAt = statSync(place(run)).mtime.toISOString();
      const shown = status === 'running' ? status : 'unreadable';
      return { id: run, name: run, project, status: shown, startedAt, verdicts: {}, reason };
    }
  };

  return {
    async list() {
      const names = new Set(existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []);
      for (const name of existsSync(places.states) ? readdirSync(places.states) : [])
        if (name.endsWith('.json')) names.add(name.slice(0, -'.json'.length));
      return [...names]
        .flatMap((name) => rowOf(name) ?? [])
        .sort((a, b) => (a.startedAt === b.startedAt ? (a.id < b.id ? 1 : -1) : a.startedAt < b.startedAt ? 1 : -1));
    },
    has: async (run) => isRun(run),
    projectOf: async (run) => projectOfRun(places, run),
    async detail(run) {
      const row = rowOf(run);
      if (row === undefined) return undefined;
      const rest = { run: row, error: stateOf(run)?.error ?? null };
      const files = existsSync(place(run)) ? filesBelow(place(run)) : [];
      const repeat = `goodhart run ${places.statePath(run, 'yaml')}`;
      const unknown = { ...rest, config: null, command: repeat, versions: {}, summary: [], files };
      if (row.reason !== null) return unknown;
      try {
        const written = writtenOf(run);
        const report = reportOf(run);
        const summary = report === null ? [] : factsOf(report, 'summary');
        if (written === undefined) return { ...unknown, summary };
        const { config, command, versions } = written;
        return { ...rest, config: config as Detail['config'], command, versions, summary, files };
      } catch (error) {
        return { ...unknown, run: { ...row, reason: reasonOf(run, error) } };
      }
    },
    config: reading((run) => {
      const written = writtenOf(run);
      if (written === undefined) throw new UsageError('run', `${RUN_FILES.run} is not there; start the run anew`);
      return written.config;
    }),
    series: reading(async (run) => {
      const path = fileOf(place(run), RUN_FILES.metrics);
      if (path === undefined) return {};
      const { size } = statSync(path);
      if (size > LIMITS.metrics)
        throw new DataError('size', `${path}: expected at most ${LIMITS.metrics} bytes, got ${size}`);
      const series = await readSeries(path);
      return Object.fromEntries([...series].map(([stage, curves]) => [stage, Object.fromEntries(curves)]));
    }),
    report: reading((run) => {
      const report = reportOf(run);
      // What others signed since stands behind what was sealed, and says so.
      return report && { ...report, sections: [...report.sections, ...thirdPartySections(diskFolder(place(run)))] };
    }),
    samples: reading((run) => {
      const report = reportOf(run);
      return report === null ? [] : samplesOf(report);
    }),
    findings: reading((run) => {
      const rates = ratesOf(run);
      return findingsOf(run).map((finding) => {
        const { planted = null, clean = null, lookAlike = null } = own(rates, finding.probe) ?? {};
        return { ...finding, reason: reasonText(finding.because), planted, clean, lookAlike };
      });
    }),
    ...disclosureReads(places, contents),
    async file(run, path) {
      if (!isRun(run)) return undefined;
      const file = await containedFile(place(run), path);
      // A page may load its scripts from this Studio: nothing that a run holds is one.
      return file?.type.startsWith('text/javascript') ? { ...file, type: 'text/plain; charset=utf-8' } : file;
    },
    async close() {},
  };
}
