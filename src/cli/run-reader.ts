import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { z } from 'zod';
import { findingsSchema, reasonText } from '../audit/index.ts';
import { disclosureSchema, SEAL } from '../disclosure/index.ts';
import { RUN_FILES, readSeries, runJsonSchema, verifyPipelineRun } from '../pipeline/index.ts';
import { addTo, DataError, GoodhartError, own, UsageError } from '../run/index.ts';
import { fileOf, filesBelow, readJsonOf, readRegularFile } from '../run/node.ts';
import type { RunRow, RunService } from '../server/index.ts';
import { containedFile } from './contained-file.ts';
import { isRunning } from './process-identity.ts';
import { projectOfRun, runPlaces } from './run-files.ts';

type Detail = NonNullable<Awaited<ReturnType<RunService['detail']>>>;

/** What a run's folder says, whoever made it; nothing here starts or stops anything. Undefined is an unknown run. */
export type RunReader = Pick<
  RunService,
  'list' | 'has' | 'projectOf' | 'verify' | 'series' | 'samples' | 'findings' | 'disclosure' | 'file'
> & {
  detail(run: string): Promise<Omit<Detail, 'progress' | 'asks'> | undefined>;
  /** The configuration that a run was made with. */
  config(run: string): Promise<unknown>;
  close(): Promise<void>;
};

const MIB = 1024 * 1024;
/** The most that is read of each kind of file. */
const LIMITS = { run: MIB, findings: 16 * MIB, report: 64 * MIB, disclosure: 16 * MIB, seal: MIB, metrics: 256 * MIB };

const rateSchema = z.object({
  hits: z.number(),
  n: z.number(),
  interval: z.object({ low: z.number(), high: z.number(), level: z.number() }),
});
/** What the pages show of report.json. */
const reportSchema = z.object({
  summary: z.array(z.object({ label: z.string(), value: z.string() })),
  rates: z.record(z.string(), z.object({ planted: rateSchema, clean: rateSchema })),
  samples: z.array(z.object({ prompt: z.string(), before: z.string(), after: z.string(), note: z.string() })),
});

/** Reads the runs of a folder. Computes and waits for disks: a server has it in a thread. */
export function createRunReader(folder: string): RunReader {
  const places = runPlaces(folder);
  const { place, has, isRun, stateOf } = places;

  const json = <T>(run: string, file: string, options: { schema: z.ZodType<T>; limit: number }): T | undefined => {
    const path = fileOf(place(run), file);
    return path === undefined ? undefined : readJsonOf(path, options.schema, options.limit);
  };
  const writtenOf = (run: string) => json(run, RUN_FILES.run, { schema: runJsonSchema, limit: LIMITS.run });
  const findingsOf = (run: string) =>
    json(run, RUN_FILES.findings, { schema: findingsSchema, limit: LIMITS.findings }) ?? [];
  const reportOf = (run: string) => json(run, RUN_FILES.reportData, { schema: reportSchema, limit: LIMITS.report });

  /** A fault in words for whoever reads the page: where in the run, not where on the server. */
  const reasonOf = (run: string, error: unknown): string => {
    if (!(error instanceof GoodhartError) || error.exitCode !== 2) throw error;
    return [place(run), realpathSync(place(run))].reduce(
      (text, root) => text.replaceAll(`${root}/`, ''),
      error.message,
    );
  };
  const reading =
    <A extends readonly unknown[], T>(read: (run: string, ...rest: A) => T | Promise<T>) =>
    async (run: string, ...rest: A): Promise<T> => {
      try {
        return await read(run, ...rest);
      } catch (error) {
        throw new DataError('run', `run ${run}: ${reasonOf(run, error)}`, { cause: error });
      }
    };

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
      const { config: { name } = { name: run }, startedAt = '' } = written ?? {};
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
        const summary = reportOf(run)?.summary ?? [];
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
    verify: reading(async (run) => {
      if (!has(run, SEAL)) throw new UsageError('verify', 'it is not sealed yet; let it finish first');
      return (await verifyPipelineRun(place(run))).map(({ name, ok, detail }) => ({ name, ok, detail }));
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
    samples: reading((run) => reportOf(run)?.samples ?? []),
    findings: reading((run) => {
      const rates = reportOf(run)?.rates ?? {};
      return findingsOf(run).map((finding) => {
        const { planted = null, clean = null } = own(rates, finding.probe) ?? {};
        return { ...finding, reason: reasonText(finding.because), planted, clean };
      });
    }),
    disclosure: reading((run) => {
      const disclosure = json(run, RUN_FILES.disclosure, { schema: disclosureSchema, limit: LIMITS.disclosure });
      const seal = fileOf(place(run), SEAL);
      return {
        disclosure: (disclosure ?? null) as never,
        seal: seal === undefined ? null : readRegularFile(seal, LIMITS.seal).toString('utf8'),
      };
    }),
    async file(run, path) {
      if (!isRun(run)) return undefined;
      return containedFile(place(run), path);
    },
    async close() {},
  };
}
