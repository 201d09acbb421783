import { z } from 'zod';
import type { Declaration } from '../disclosure/index.ts';
import { addTo, digestValue, type RunRecord } from '../run/index.ts';
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
/** What an engine may be asked for in a run. */
export const ENGINE_ROLES = ['policy', 'reward'] as const;
export type EngineRole = (typeof ENGINE_ROLES)[number];
/** An engine of a run that is not of this machine: what it honours of what training needs, and tokens that it worked on. */
export const engineFoundSchema = z.strictObject({
  roles: z.array(z.enum(ENGINE_ROLES)).min(1),
  engine: z.string(),
  server: z.string(),
  model: z.string(),
  findings: z.array(z.strictObject({ name: z.string(), verdict: z.string(), found: z.string(), remedy: z.string() })),
  spent: z.strictObject({ trained: count, read: count, sampled: count }),
});
export type EngineFound = z.infer<typeof engineFoundSchema>;

/** An engine elsewhere over all of a run: what it was last found to do, and its tokens in all processes together. */
export interface EngineUsed extends EngineFound {
  /** Processes that asked it for something and told what it came to: one that was killed tells nothing. */
  readonly processes: number;
  /** How many findings there are of each verdict. */
  readonly probe: Readonly<Record<string, number>>;
}

/** Whether records of a type say what a publication tells of the run's history. */
export const isHistory = (type: string): boolean =>
  type === RECORD_TYPES.resumed || type === RECORD_TYPES.disclosed || type === RECORD_TYPES.engine;

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

/** The engines elsewhere that a run was computed on, in the order in which they were first asked. */
export function enginesUsed(records: readonly HistoryRecord[]): EngineUsed[] {
  const found = records
    .filter(({ type }) => type === RECORD_TYPES.engine)
    .flatMap(({ body }) => engineFoundSchema.safeParse(body).data ?? []);
  const used = new Map<string, EngineFound[]>();
  for (const each of found) {
    const key = JSON.stringify([each.roles, each.engine, each.server, each.model]);
    used.set(key, [...(used.get(key) ?? []), each]);
  }
  return [...used.values()].map((every) => {
    const total = (kind: keyof EngineFound['spent']) => every.reduce((sum, { spent }) => sum + spent[kind], 0);
    const last = every.at(-1)!;
    const probe: Record<string, number> = {};
    for (const { verdict } of last.findings) addTo(probe, verdict, 1);
    return {
      ...last,
      spent: { trained: total('trained'), read: total('read'), sampled: total('sampled') },
      processes: every.length,
      probe,
    };
  });
}

/** Digest of what a publication takes from the records. */
export function historyDigest(records: readonly HistoryRecord[]): string {
  const engines = enginesUsed(records);
  return digestValue({
    versions: versionsOf({}, records),
    declarations: declarationsOf(records),
    ...(engines.length > 0 && { engines }),
  });
}
