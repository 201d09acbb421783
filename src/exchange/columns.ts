import { z } from 'zod';
import { own as ownKey, UsageError } from '../run/index.ts';
import type { Entry, Layout } from './layouts/layout.ts';

/** What the user asks of the columns of a source. */
export interface ColumnOptions {
  /** Names that the layout knows → names that the source has. */
  readonly rename?: ReadonlyMap<string, string>;
  /** Columns to keep as metadata that the layout does not read: some by name, or all of them. */
  readonly keep?: readonly string[] | 'all';
}

/** Names that are counted apart; a source with more of them has made keys of values. */
const MOST_NAMES = 200;
const OTHER = 'other columns';

type Schema = z.core.$ZodType;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema inside wrappers that take the same value. */
function inner(schema: Schema): Schema {
  if (schema instanceof z.ZodPipe) return inner(schema.in);
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return wraps ? inner(schema.unwrap()) : schema;
}

/** Paths of what a value holds and a schema has no key for: `source`, `assignments[].stance`. */
export function unreadPaths(schema: Schema, value: unknown, path = ''): string[] {
  const found = inner(schema);
  if (found instanceof z.ZodUnion) {
    const fits = found.options.map(inner).find((option) => {
      return isObject(value) ? option instanceof z.ZodObject : Array.isArray(value) && option instanceof z.ZodArray;
    });
    return fits === undefined ? [] : unreadPaths(fits, value, path);
  }
  if (found instanceof z.ZodArray && Array.isArray(value)) {
    const { element } = found;
    return [...new Set(value.flatMap((entry) => unreadPaths(element, entry, `${path}[]`)))];
  }
  if (found instanceof z.ZodRecord && isObject(value)) {
    const { valueType } = found;
    return [...new Set(Object.values(value).flatMap((entry) => unreadPaths(valueType, entry, `${path}.*`)))];
  }
  if (!(found instanceof z.ZodObject) || !isObject(value)) return [];
  const shape = found.shape as Record<string, Schema>;
  const loose = found.def.catchall !== undefined;
  return Object.entries(value).flatMap(([key, part]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const known = ownKey(shape, key);
    if (known !== undefined) return unreadPaths(known, part, at);
    return loose || part === null || part === undefined ? [] : [at];
  });
}

/** A value as the text of metadata; undefined for one that is missing. */
function metadataText(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '' || Number.isNaN(value)) return undefined;
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
}

/** Columns kept of one row, in the order of their names. */
export type Kept = ReadonlyMap<string, string>;

/**
 * An entry with kept columns: as strata of its items, or of its judgments where other rows may name the same items and
 * say something else of them.
 */
export function withKept(entry: Entry, kept: Kept): Entry {
  if (kept.size === 0) return entry;
  const fields = Object.fromEntries(kept);
  if (entry.shared === true)
    return {
      ...entry,
      judgments: (entry.judgments ?? []).map((j) => ({ ...j, metadata: { ...fields, ...j.metadata } })),
    };
  return { ...entry, items: (entry.items ?? []).map((item) => ({ ...item, strata: { ...fields, ...item.strata } })) };
}

/** The columns of a source as it is read. */
export interface SourceColumns {
  /** A row under the names that the layout knows. */
  rename(value: unknown): unknown;
  /** Starts a row: forgets what was kept of the last one. */
  begin(): void;
  /** Takes what a layout came upon and does not read. */
  unread(name: string, value: unknown): void;
  /** Takes what a row holds beside what the layout reads. */
  takeUnread(value: unknown): void;
  readonly kept: Kept;
  /** Rows by column that is not kept. */
  readonly notKept: ReadonlyMap<string, number>;
  /** Refuses names that no row had. */
  check(): void;
}

/** Names that `--column` takes for a layout, for its message. */
export function columnNames({ reads }: Layout): { names: readonly string[]; also: RegExp | undefined } {
  if ('not' in reads) return { names: [], also: undefined };
  if (reads.inside !== undefined) return { names: ['prompt'], also: /^reply_[a-z]$/ };
  const found = inner(reads.schema);
  return { names: found instanceof z.ZodObject ? Object.keys(found.shape as object) : [], also: reads.also };
}

const optionText = (name: string, column: string) => `--column ${name}=${column}`;

function checkTargets(layout: Layout, rename: ReadonlyMap<string, string>): void {
  const { names, also } = columnNames(layout);
  for (const [name, column] of rename) {
    if ('not' in layout.reads)
      throw new UsageError('column', `${optionText(name, column)}: ${layout.id}: ${layout.reads.not}`);
    if (names.includes(name) || also?.test(name) === true) continue;
    const known = [...names, ...(also === undefined ? [] : ['reply_a, reply_b, …'])].join(', ');
    throw new UsageError(
      'column',
      `${optionText(name, column)}: expected a column that ${layout.id} reads (${known}), got ${name}`,
    );
  }
}

export function sourceColumns(layout: Layout, { rename = new Map(), keep = [] }: ColumnOptions): SourceColumns {
  checkTargets(layout, rename);
  const { reads } = layout;
  if (keep.length > 0 && 'not' in reads)
    throw new UsageError('keep-columns', `--keep-columns: ${layout.id}: ${reads.not}`);
  const inside = 'not' in reads ? undefined : reads.inside;
  const targets = new Map([...rename].map(([name, column]) => [column, name]));
  const seen = new Set<string>();
  const names = new Set<string>();
  const found = new Set<string>();
  const notKept = new Map<string, number>();
  const kept = new Map<string, string>();
  const wanted = (name: string) => keep === 'all' || keep.includes(name);
  const see = (name: string) => {
    if (names.size < MOST_NAMES) names.add(name);
    if (targets.has(name)) seen.add(name);
  };
  const unread = (name: string, value: unknown) => {
    const text = wanted(name) ? metadataText(value) : undefined;
    if (wanted(name)) found.add(name);
    if (text !== undefined) kept.set(name, text);
    else if (metadataText(value) !== undefined && !wanted(name)) {
      const key = notKept.has(name) || notKept.size < MOST_NAMES ? name : OTHER;
      notKept.set(key, (notKept.get(key) ?? 0) + 1);
    }
  };
  return {
    rename(value) {
      if (!isObject(value)) return value;
      const named = inside === undefined ? value : ownKey(value, inside);
      for (const name of isObject(named) ? Object.keys(named) : []) see(name);
      if (inside !== undefined || rename.size === 0) return value;
      // A column whose name another one takes is not read any more: it goes by the name that nothing reads.
      const entries = Object.entries(value).map(([name, cell]): [string, unknown] => {
        const target = targets.get(name);
        return [target ?? (rename.has(name) ? `${name} (as it was named)` : name), cell];
      });
      return Object.fromEntries(entries);
    },
    begin: () => kept.clear(),
    unread,
    takeUnread(value) {
      if ('not' in reads || !isObject(value)) return;
      for (const path of unreadPaths(reads.schema, value)) {
        if (reads.also?.test(path) === true) continue;
        unread(path, Object.hasOwn(value, path) ? ownKey(value, path) : true);
      }
    },
    get kept() {
      return new Map([...kept].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    notKept,
    check() {
      const has = `the source has ${[...names].slice(0, 20).join(', ') || 'no columns'}${names.size > 20 ? ', …' : ''}`;
      for (const [name, column] of rename)
        if (!seen.has(column))
          throw new UsageError('column', `${optionText(name, column)}: no column ${column}; ${has}`);
      for (const name of keep === 'all' ? [] : keep)
        if (!found.has(name))
          throw new UsageError(
            'keep-columns',
            `--keep-columns ${name}: no such column that is not read anyway; ${has}`,
          );
    },
  };
}
