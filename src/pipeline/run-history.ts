import { z } from 'zod';
import type { Declaration } from '../disclosure/index.ts';
import { digestValue, type RunRecord } from '../run/index.ts';
import { declarationsSchema } from './config.ts';

/** What the records of a run say about its history beside its stages. */
export const RECORD_TYPES = {
  started: 'run-started',
  /** Taken up by a process with other versions. */
  resumed: 'run-resumed',
  /** Data that a run was resumed on are not those it began with. */
  otherData: 'other-data',
  /** What an engine elsewhere was found to do, and what it was asked for. */
  engine: 'engine-found',
  finished: 'run-finished',
  /** Declarations that were added to a finished run. */
  disclosed: 'disclosed',
} as const;

const count = z.int().nonnegative();
/** An engine of a run that is not of this machine: what it honours of what training needs, and tokens that it worked on. */
export const engineFoundSchema = z.strictObject({
  role: z.literal('policy'),
  engine: z.string(),
  server: z.string(),
  model: z.string(),
  findings: z.array(z.strictObject({ name: z.string(), verdict: z.string(), found: z.string(), remedy: z.string() })),
  spent: z.strictObject({ trained: count, read: count, sampled: count }),
});
export type EngineFound = z.infer<typeof engineFoundSchema>;

/** Whether records of a type say what a publication tells of the run's history. */
export const isHistory = (type: string): boolean => type === RECORD_TYPES.resumed || type === RECORD_TYPES.disclosed;

/** A record, as far as its history is read. */
export type HistoryRecord = Pick<RunRecord, 'type' | 'body'>;

const versionsSchema = z.record(z.string(), z.string());
const resumedSchema = z.object({ versions: versionsSchema });
const disclosedSchema = z.object({ declarations: declarationsSchema });

/** Versions of every process that worked on a run, in order. */
function everyVersions(
  begun: Readonly<Record<string, string>>,
  records: readonly HistoryRecord[],
): Readonly<Record<string, string>>[] {
  const later = records
    .filter(({ type }) => type === RECORD_TYPES.resumed)
    .flatMap(({ body }) => {
      const resumed = resumedSchema.safeParse(body);
      return resumed.success ? [resumed.data.versions] : [];
    });
  return [begun, ...later];
}

/** The versions that a run was worked on with: one where it did not change, else each in turn. */
export function versionsOf(
  begun: Readonly<Record<string, string>>,
  records: readonly HistoryRecord[],
): Record<string, string> {
  const every = everyVersions(begun, records);
  const names = [...new Set(every.flatMap((versions) => Object.keys(versions)))];
  return Object.fromEntries(
    names.map((name) => {
      const values = every.map((versions) => (Object.hasOwn(versions, name) ? versions[name]! : 'unknown'));
      return [name, values.filter((value, i) => value !== values[i - 1]).join(', then ')];
    }),
  );
}

/** The versions of the process that worked on a run last. */
export const lastVersions = (
  begun: Readonly<Record<string, string>>,
  records: readonly HistoryRecord[],
): Readonly<Record<string, string>> => everyVersions(begun, records).at(-1)!;

/** Declarations that were added after the run was finished; later ones replace earlier ones. */
export function declarationsOf(records: readonly HistoryRecord[]): Record<string, Declaration> {
  return Object.assign(
    {},
    ...records
      .filter(({ type }) => type === RECORD_TYPES.disclosed)
      .map(({ body }) => disclosedSchema.safeParse(body).data?.declarations ?? {}),
  ) as Record<string, Declaration>;
}

/** Digest of what a publication takes from the records. */
export const historyDigest = (records: readonly HistoryRecord[]): string =>
  digestValue({ versions: versionsOf({}, records), declarations: declarationsOf(records) });
