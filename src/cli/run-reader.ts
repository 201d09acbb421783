import { existsSync, statSync } from 'node:fs';
import { reasonText } from '../audit/index.ts';
import { disclosureSchema, SEAL } from '../disclosure/index.ts';
import { RUN_FILES, readSeries, verifyPipelineRun } from '../pipeline/index.ts';
import { DataError, own, UsageError } from '../run/index.ts';
import { fileOf, filesBelow, readRegularFile } from '../run/node.ts';
import type { RunService } from '../server/index.ts';
import { containedFile } from './contained-file.ts';
import { LIMITS, runDocuments } from './run-documents.ts';
import { projectOfRun, runPlaces } from './run-files.ts';
import { runRows } from './run-rows.ts';

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

/** Reads the runs of a folder. Computes and waits for disks: a server has it in a thread. */
export function createRunReader(folder: string): RunReader {
  const places = runPlaces(folder);
  const { place, has, isRun, stateOf } = places;
  const documents = runDocuments(places);
  const rows = runRows(places, documents);

  const reading =
    <A extends readonly unknown[], T>(read: (run: string, ...rest: A) => T | Promise<T>) =>
    async (run: string, ...rest: A): Promise<T> => {
      try {
        return await read(run, ...rest);
      } catch (error) {
        throw new DataError('run', `run ${run}: ${documents.reason(run, error)}`, { cause: error });
      }
    };

  return {
    list: async () => rows.list(),
    has: async (run) => isRun(run),
    projectOf: async (run) => projectOfRun(places, run),
    async detail(run) {
      const row = rows.row(run);
      if (row === undefined) return undefined;
      const rest = { run: row, error: stateOf(run)?.error ?? null };
      const files = existsSync(place(run)) ? filesBelow(place(run)) : [];
      const repeat = `goodhart run ${places.statePath(run, 'yaml')}`;
      const unknown = { ...rest, config: null, command: repeat, versions: {}, summary: [], files };
      if (row.reason !== null) return unknown;
      try {
        const written = documents.written(run);
        const summary = documents.report(run)?.summary ?? [];
        if (written === undefined) return { ...unknown, summary };
        const { config, command, versions } = written;
        return { ...rest, config: config as Detail['config'], command, versions, summary, files };
      } catch (error) {
        return { ...unknown, run: { ...row, reason: documents.reason(run, error) } };
      }
    },
    config: reading((run) => {
      const written = documents.written(run);
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
    samples: reading((run) => documents.report(run)?.samples ?? []),
    findings: reading((run) => {
      const rates = documents.report(run)?.rates ?? {};
      return documents.findings(run).map((finding) => {
        const { planted = null, clean = null, lookAlike = null } = own(rates, finding.probe) ?? {};
        return { ...finding, reason: reasonText(finding.because), planted, clean, lookAlike };
      });
    }),
    disclosure: reading((run) => {
      const disclosure = documents.json(run, RUN_FILES.disclosure, {
        schema: disclosureSchema,
        limit: LIMITS.disclosure,
      });
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
