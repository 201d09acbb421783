import { realpathSync } from 'node:fs';
import { z } from 'zod';
import { type Finding, findingsSchema } from '../audit/index.ts';
import { RUN_FILES, runJsonSchema } from '../pipeline/index.ts';
import { GoodhartError } from '../run/index.ts';
import { fileOf, readJsonOf } from '../run/node.ts';
import type { RunPlaces } from './run-files.ts';

const MIB = 1024 * 1024;
/** The most that is read of each kind of file. */
export const LIMITS = {
  run: MIB,
  findings: 16 * MIB,
  report: 64 * MIB,
  disclosure: 16 * MIB,
  seal: MIB,
  metrics: 256 * MIB,
};

const rateSchema = z.object({
  hits: z.number(),
  n: z.number(),
  interval: z.object({ low: z.number(), high: z.number(), level: z.number() }),
});
/** What the pages show of report.json. */
const reportSchema = z.object({
  summary: z.array(z.object({ label: z.string(), value: z.string() })),
  rates: z.record(z.string(), z.object({ planted: rateSchema, clean: rateSchema, lookAlike: rateSchema.optional() })),
  samples: z.array(z.object({ prompt: z.string(), before: z.string(), after: z.string(), note: z.string() })),
});

/** What the files of a run say, whoever wrote them: each parsed, and read up to a size. */
export interface RunDocuments {
  json<T>(run: string, file: string, options: { readonly schema: z.ZodType<T>; readonly limit: number }): T | undefined;
  /** run.json, once the run has begun to write. */
  written(run: string): z.output<typeof runJsonSchema> | undefined;
  findings(run: string): readonly Finding[];
  report(run: string): z.output<typeof reportSchema> | undefined;
  /** A fault in words for whoever reads the page: where in the run, not where on the server. */
  reason(run: string, error: unknown): string;
}

export function runDocuments({ place }: Pick<RunPlaces, 'place'>): RunDocuments {
  const json: RunDocuments['json'] = (run, file, { schema, limit }) => {
    const path = fileOf(place(run), file);
    return path === undefined ? undefined : readJsonOf(path, schema, limit);
  };
  return {
    json,
    written: (run) => json(run, RUN_FILES.run, { schema: runJsonSchema, limit: LIMITS.run }),
    findings: (run) => json(run, RUN_FILES.findings, { schema: findingsSchema, limit: LIMITS.findings }) ?? [],
    report: (run) => json(run, RUN_FILES.reportData, { schema: reportSchema, limit: LIMITS.report }),
    reason(run, error) {
      if (!(error instanceof GoodhartError) || error.exitCode !== 2) throw error;
      return [place(run), realpathSync(place(run))].reduce(
        (text, root) => text.replaceAll(`${root}/`, ''),
        error.message,
      );
    },
  };
}
