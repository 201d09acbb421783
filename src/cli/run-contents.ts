import { realpathSync } from 'node:fs';
import type { z } from 'zod';
import { findingsSchema, ratesSchema } from '../audit/index.ts';
import { disclosureSchema } from '../disclosure/index.ts';
import { RUN_FILES, runJsonSchema } from '../pipeline/index.ts';
import { documentSchema, type ReportDocument, sidesOf } from '../report/index.ts';
import { DataError, GoodhartError } from '../run/index.ts';
import { fileOf, readJsonOf } from '../run/node.ts';

const MIB = 1024 * 1024;
/** The most that is read of each kind of file. */
export const LIMITS = {
  run: MIB,
  findings: 16 * MIB,
  report: 64 * MIB,
  disclosure: 16 * MIB,
  seal: MIB,
  metrics: 256 * MIB,
  archive: 256 * MIB,
};

/** What the files of runs hold, parsed, with faults told by run. `place` gives a run's folder. */
export function runContents(place: (run: string) => string) {
  const json = <T>(run: string, file: string, options: { schema: z.ZodType<T>; limit: number }): T | undefined => {
    const path = fileOf(place(run), file);
    return path === undefined ? undefined : readJsonOf(path, options.schema, options.limit);
  };
  /** A fault in words for whoever reads the page: where in the run, not where on the server. */
  const reasonOf = (run: string, error: unknown): string => {
    if (!(error instanceof GoodhartError) || error.exitCode !== 2) throw error;
    return [place(run), realpathSync(place(run))].reduce(
      (text, root) => text.replaceAll(`${root}/`, ''),
      error.message,
    );
  };
  return {
    writtenOf: (run: string) => json(run, RUN_FILES.run, { schema: runJsonSchema, limit: LIMITS.run }),
    findingsOf: (run: string) =>
      json(run, RUN_FILES.findings, { schema: findingsSchema, limit: LIMITS.findings }) ?? [],
    reportOf: (run: string) =>
      json(run, RUN_FILES.reportDocument, { schema: documentSchema, limit: LIMITS.report }) ?? null,
    ratesOf: (run: string) => json(run, RUN_FILES.rates, { schema: ratesSchema, limit: LIMITS.findings }) ?? {},
    disclosureOf: (run: string) =>
      json(run, RUN_FILES.disclosure, { schema: disclosureSchema, limit: LIMITS.disclosure }),
    reasonOf,
    /** The same read with its fault told by run. */
    reading:
      <A extends readonly unknown[], T>(read: (run: string, ...rest: A) => T | Promise<T>) =>
      async (run: string, ...rest: A): Promise<T> => {
        try {
          return await read(run, ...rest);
        } catch (error) {
          throw new DataError('run', `run ${run}: ${reasonOf(run, error)}`, { cause: error });
        }
      },
  };
}

/** Replies before and after, a row for each optimised policy. */
export const samplesOf = (document: ReportDocument) =>
  sidesOf(document, 'samples').flatMap(({ title, note, sides: [before, ...after] }) =>
    after.map(({ name, text }) => ({
      prompt: title,
      before: before!.text,
      after: text,
      note: after.length === 1 ? note : `${name}; ${note}`,
    })),
  );
