import type { z } from 'zod';
import type {
  AnswerKind,
  ComparisonAnswer,
  FeedbackRecord,
  Item,
  Judgment,
  Project,
  RankingExpansion,
  RaterProfile,
} from '../../feedback/index.ts';
import { DataError } from '../../run/index.ts';

/** The layouts of the table, own one first. */
export const LAYOUT_IDS = [
  'project',
  'csv',
  'parquet',
  'hh-rlhf',
  'trl-preference',
  'trl-unpaired',
  'trl-stepwise',
  'trl-prompt-completion',
  'openai-preference',
  'argilla',
  'label-studio',
  'arena',
  'alpaca-eval',
  'prm800k',
  'ukp',
  'pandalm',
  'rewardbench',
] as const;
/** Id of a layout. */
export type LayoutId = (typeof LAYOUT_IDS)[number];

/** One row of a source: its place, and its value as parsed. */
export interface SourceRow {
  /** Line of the file, or number of the row where the file has no lines (Parquet); counted from 1. */
  readonly line: number;
  /** What made-up ids are numbered by: the line of a file of lines, else the row. */
  readonly n: number;
  readonly value: unknown;
  /** The file of a folder that the row is from: `items`, `pairs`. */
  readonly part?: string;
}

/** A reply by the name that results know it by. */
export interface NamedReply {
  readonly name: string;
  readonly text: string;
}

/** Prompt and replies of a record. */
export interface Fields {
  readonly prompt: string;
  /** Names of the fields that are the prompt. */
  readonly promptNames: readonly string[];
  readonly replies: readonly NamedReply[];
}

/** Names that results of a record give: of what they are about for certain, or perhaps; and names that they answer with. */
export interface Mentions {
  readonly targets?: readonly string[];
  readonly hints?: readonly string[];
  readonly values?: readonly string[];
  /** Whether some result judges a text, as a demonstration does not. */
  readonly judges?: boolean;
}

/** What is known of the fields of a file from all of its results. */
export interface Roles {
  /** Names of the questions whose answers are texts. */
  readonly texts: Set<string>;
  /** Takes the names that the results of one record give. */
  see(data: Readonly<Record<string, unknown>>, mentions: readonly Mentions[]): void;
  /** Fields of a record; `judged` says that it has an answer about a reply, or no answer at all. */
  of(
    data: Readonly<Record<string, unknown>>,
    context: ReadContext,
    record: { readonly field: string; readonly judged: boolean },
  ): Fields;
}

/** What a layout may ask while it reads a row. */
export interface ReadContext {
  readonly projectId: string;
  /** The id under which a source's rater is kept; `platform` says that the source's ids are a platform's. */
  rater(id: string, options?: { readonly platform?: boolean }): string;
  /** A text of the layout's side table. */
  lookup(id: string): string | undefined;
  /** Counts something that the import changes or leaves out, worth a line in its summary. */
  note(what: string): void;
  /** Counts a judgment that the source has and the project will not, by the reason. */
  lost(what: string): void;
  /** Counts a column that is not read, and keeps its value where that was asked for. */
  unread(name: string, value: unknown): void;
  /** Which fields are prompt and replies, for layouts whose names are free: told from the whole source. */
  readonly roles: Roles;
}

/**
 * What a layout reads of a row. `--column` takes the names of the schema's keys, or with `inside` the prompt and replies
 * among the keys of one field; what the schema has no key for is counted as not kept.
 */
export type Reads =
  | {
      readonly schema: z.ZodType;
      /** Names beside the keys of the schema. */
      readonly also?: RegExp;
      /** The field whose keys the user named freely. */
      readonly inside?: string;
    }
  | { readonly not: string };

/** What a row says. The import checks that judgments fit their items, ids are unique, and everything has its schema. */
export interface Entry {
  readonly items?: readonly Item[];
  readonly judgments?: readonly Judgment[];
  readonly raters?: readonly RaterProfile[];
  readonly records?: readonly FeedbackRecord[];
  readonly project?: Project;
  /** Other rows may name the same items again, with equal content (one row per judgment). */
  readonly shared?: boolean;
}

/** A row that cannot be read: which field, and why. The import puts it aside and goes on. */
export class RowError extends DataError {
  readonly field: string;
  readonly reason: string;

  constructor(field: string, reason: string) {
    super('row', `${field}: ${reason}`);
    this.field = field;
    this.reason = reason;
  }
}

/** A row's value of a schema, or a `RowError` that names the first wrong field. */
export function parseRow<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new RowError(issue.path.map(String).join('.') || 'row', issue.message);
}

/** What of the data model a layout may or may not hold, beside prompt, replies and answers. */
export const ASPECTS = [
  'ids',
  'rater',
  'people',
  'order',
  'view',
  'suggestion',
  'time',
  'when',
  'purpose',
  'question',
  'reason',
  'confidence',
  'shares',
  'models',
  'metadata',
  'gold',
  'strata',
  'provenance',
  'history',
] as const;
/** One of `ASPECTS`. */
export type Aspect = (typeof ASPECTS)[number];

/** Held without loss, written as something else, or not held and why. */
export type Held = 'held' | { readonly as: string } | { readonly not: string };
/** What becomes of each kind of answer; a kind without an entry is a type error. */
export type Kinds = { readonly [K in AnswerKind]: Held };
/** What becomes of each aspect; one without an entry is a type error. */
export type Aspects = { readonly [A in Aspect]: 'held' | { readonly not: string } };

/** Every aspect left behind for one reason, but for those named. */
export function holding(held: readonly Aspect[], because: string): Aspects {
  const entries = ASPECTS.map((aspect) => [aspect, held.includes(aspect) ? 'held' : { not: because }]);
  return Object.fromEntries(entries) as Aspects;
}

/** Every kind of answer refused for one reason, but for those named. */
export function kindsOf(held: Partial<Kinds>, because: string): Kinds {
  const not = { not: because };
  return {
    comparison: not,
    ranking: not,
    rating: not,
    label: not,
    correction: not,
    spans: not,
    steps: not,
    critique: not,
    demonstration: not,
    ...held,
  };
}

/** Every kind of answer held without loss. */
export const EVERY_KIND: Kinds = {
  comparison: 'held',
  ranking: 'held',
  rating: 'held',
  label: 'held',
  correction: 'held',
  spans: 'held',
  steps: 'held',
  critique: 'held',
  demonstration: 'held',
};

/** A column of a flat layout, as CSV and Parquet name and type it. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'number' | 'boolean';
}

/** An item and the judgments of it that stand, in the order they were given. */
export interface ItemGroup {
  readonly item: Item;
  readonly judgments: readonly Judgment[];
}

/** What the user asks of an export. */
export interface WriteOptions {
  /** How rankings become pairs. */
  readonly expansion: RankingExpansion;
  /** Prompts and replies as lists of messages, where the layout knows both forms. */
  readonly messages: boolean;
}

/** Rows of one item, and what of its judgments is not in them: one reason each, counted by the export. */
export interface Written {
  readonly rows: readonly object[];
  /** Judgments, or pairs of one, that gave no row. */
  readonly omitted: readonly string[];
  /** Judgments that are written with a loss. */
  readonly altered: readonly string[];
}

/** How a layout is written. */
export interface Writer {
  /** The file it writes where the name does not say otherwise. */
  readonly container: 'jsonl' | 'json' | 'csv' | 'parquet';
  /** Columns, for CSV and Parquet; why not, where the rows are not flat. */
  readonly columns: ((maxReplies: number) => readonly Column[]) | { readonly not: string };
  /** Whether rows carry the weight of a pair that came from a ranking. */
  readonly weights: 'held' | { readonly not: string };
  readonly rows: (group: ItemGroup, options: WriteOptions) => Written;
}

/** One layout: how rows of a published format and items with judgments become one another. Pure; files are the door's. */
export interface Layout {
  readonly id: LayoutId;
  /** Other names it goes by. */
  readonly aliases: readonly string[];
  readonly title: string;
  /** What a row is, what is assumed in reading it, where the format is described. */
  readonly description: string;
  /** One file of rows, or a folder of files, read in this order. */
  readonly source: 'file' | { readonly parts: readonly string[]; readonly needed: string };
  /** A file of the folder whose rows are looked up by id: id and text of a row. */
  readonly side?: { readonly part: string; readonly read: (value: unknown) => readonly [id: string, text: string] };
  readonly kinds: Kinds;
  readonly aspects: Aspects;
  /** Whether a first row looks like this layout; why that cannot be told. */
  readonly detect: ((row: unknown) => boolean) | { readonly not: string };
  readonly reads: Reads;
  /** Looks at a row before any is read, where what names mean is told from the whole source. */
  readonly survey?: (row: SourceRow, roles: Roles) => void;
  readonly read: (row: SourceRow, context: ReadContext) => Entry;
  readonly write: Writer | { readonly not: string };
}

/** Where the source says nothing of a person, a time, or an order. */
export const NOT_RELEASED = 'not-released';

/** What of a comparison a layout leaves off that writes its outcome and its shares. */
export const lostStrength = ({ strength }: ComparisonAnswer): string[] =>
  strength === undefined ? [] : ['the strength of a preference is left off'];

/** What a comparison says beside its outcome, for layouts that write the outcome only. */
export const lostOfComparison = (answer: ComparisonAnswer): string[] => [
  ...lostStrength(answer),
  ...(answer.shares === undefined ? [] : ['a soft preference is written as its larger side']),
];

/** A judgment's fields that a source did not release. */
export const unreleased = { view: 'full', instructionsVersion: 'original', shownAt: NOT_RELEASED } as const;

/** Whether a value is an object with all of some keys; for telling layouts apart. */
export const hasKeys = (value: unknown, ...keys: readonly string[]): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));
