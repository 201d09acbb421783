import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  answerProblem,
  type FeedbackRecord,
  feedbackRecordSchema,
  goldProblem,
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type Project,
  type RaterProfile,
  raterProfileSchema,
  recordKey,
} from '../feedback/index.ts';
import { writeJson } from '../run/node.ts';
import { type Entry, parseRow, RowError } from './layouts/layout.ts';
import { type TextWriter, textWriter, type WrittenFile } from './line-writer.ts';

/** What a sink puts out, by file of a project folder. */
export interface SinkRows {
  readonly items: Item;
  readonly raters: RaterProfile;
  readonly judgments: Judgment;
  readonly records: FeedbackRecord;
}
type SinkFile = keyof SinkRows;

/** Where checked rows go. */
interface Output {
  /** Adds a row; the handle gives an item back. */
  add<F extends SinkFile>(file: F, row: SinkRows[F], text: string): number;
  item(handle: number): Item;
  project(project: Project): void;
}

/** Rows as they are, in memory. */
export function memoryOutput() {
  const rows: { readonly [F in SinkFile]: SinkRows[F][] } = { items: [], raters: [], judgments: [], records: [] };
  return {
    rows,
    add: <F extends SinkFile>(file: F, row: SinkRows[F]) => (rows[file] as SinkRows[F][]).push(row) - 1,
    item: (handle: number) => rows.items[handle]!,
    project: () => {},
  };
}

/** The JSON Lines files of a project folder. */
export function folderOutput(folder: string, { durable = true }: { durable?: boolean } = {}) {
  const writers = new Map<SinkFile, TextWriter>();
  const records = new Map<SinkFile, number>();
  const lengths = new Map<number, number>();
  const writer = (file: SinkFile): TextWriter => {
    let made = writers.get(file);
    if (made === undefined) {
      made = textWriter(join(folder, `${file}.jsonl`), { durable });
      writers.set(file, made);
    }
    return made;
  };
  return {
    add(file: SinkFile, _: object, text: string): number {
      const made = writer(file);
      const { at } = made;
      made.write(text);
      records.set(file, (records.get(file) ?? 0) + 1);
      if (file === 'items') lengths.set(at, made.at - at);
      return at;
    },
    item: (at: number) => JSON.parse(writer('items').read(at, lengths.get(at)!)) as Item,
    project: (project: Project) => writeJson(join(folder, 'project.json'), project),
    close(): WrittenFile[] {
      // A project without judgments still has the file: nobody has judged, which is not the same as a lost file.
      if (writers.has('items') && !writers.has('records')) writer('judgments');
      return [...writers].map(([file, made]) => ({
        name: `${file}.jsonl`,
        records: records.get(file) ?? 0,
        ...made.close(),
      }));
    },
    /** Lets go of the files, whatever is in them. */
    abandon(): void {
      for (const made of writers.values()) made.abandon();
    },
  };
}

export interface Sink {
  /** Takes an entry whole, or refuses it whole with a `RowError`. `line` is the row's, for naming it later. */
  put(entry: Entry, line: number): void;
  readonly counts: Readonly<Record<SinkFile, number>>;
}

const asLine = (value: unknown) => `${JSON.stringify(value)}\n`;
const digest = (text: string) => createHash('sha256').update(text).digest('base64').slice(0, 22);

interface Known {
  readonly line: number;
  readonly handle: number;
  /** Of a shared item's content; empty for others. */
  readonly digest: string;
}

/**
 * Checks entries and hands them on. Everything of an entry is checked before any of it goes out: its schema, that ids are
 * new (both lines are named), that judgments refer to items that are there and fit them. Memory grows with the number of
 * ids, not with the texts. `onJudgment` hears of each judgment that went out.
 */
export function checkedSink(output: Output, onJudgment?: (id: string, line: number) => void): Sink {
  const counts: Record<SinkFile, number> = { items: 0, raters: 0, judgments: 0, records: 0 };
  const items = new Map<string, Known>();
  const seen = {
    raters: new Map<string, number>(),
    judgments: new Map<string, number>(),
    records: new Map<string, number>(),
  };
  let hasProject = false;
  let last: Item | undefined;
  const itemOf = (id: string, here: ReadonlyMap<string, Item>): Item => {
    const own = here.get(id) ?? (last?.id === id ? last : undefined);
    if (own !== undefined) return own;
    const known = items.get(id);
    if (known === undefined) throw new RowError('itemId', `no item ${id}`);
    last = output.item(known.handle);
    return last;
  };
  /** Rows of one file by schema, each with an id that no row had. */
  const fresh = <F extends keyof typeof seen>(
    file: F,
    rows: readonly unknown[] | undefined,
    read: { readonly row: (raw: unknown) => SinkRows[F]; readonly id: (row: SinkRows[F]) => string },
  ): { id: string; row: SinkRows[F] }[] => {
    const here = new Set<string>();
    return (rows ?? []).map((raw) => {
      const row = read.row(raw);
      const id = read.id(row);
      const earlier = seen[file].get(id);
      if (earlier !== undefined)
        throw new RowError('id', `id ${id} occurs twice, first on line ${earlier}; ids must be unique`);
      if (here.has(id)) throw new RowError('id', `id ${id} occurs twice in one row; ids must be unique`);
      here.add(id);
      return { id, row };
    });
  };
  /** Of judgments beside a history those are known; one that is not in it has no place. */
  const beyondHistory = (judgments: readonly Judgment[] | undefined) => {
    if (counts.records === 0) return judgments;
    const unknown = judgments?.find(({ id }) => !seen.records.has(id));
    if (unknown === undefined) return [];
    throw new RowError('id', `judgment ${unknown.id} is not in records.jsonl, which is the history of this folder`);
  };
  const checkFit = ({ itemId, answer, presentation }: Judgment, here: ReadonlyMap<string, Item>) => {
    const item = itemOf(itemId, here);
    const problem = answerProblem(answer, item);
    if (problem !== undefined) throw new RowError('answer', problem);
    const { suggestion } = presentation;
    const suggested = suggestion === undefined ? undefined : answerProblem(suggestion.answer, item);
    if (suggested !== undefined) throw new RowError('presentation.suggestion', suggested);
  };
  const checkRecord = (record: FeedbackRecord, here: ReadonlyMap<string, Item>) => {
    if (record.type === 'judgment') checkFit(record.judgment, here);
    else if ('itemId' in record && record.itemId !== undefined) {
      const item = itemOf(record.itemId, here);
      const problem = record.type === 'adjudication' ? answerProblem(record.answer, item) : undefined;
      if (problem !== undefined) throw new RowError('answer', problem);
    }
  };
  /** Items of an entry that are new; those named again must have the content they had. */
  const newItems = (entry: Entry, here: Map<string, Item>) =>
    (entry.items ?? []).flatMap((raw) => {
      const item = parseRow(itemSchema, raw) as Item;
      const problem = goldProblem(item);
      if (problem !== undefined) throw new RowError('gold', problem);
      const text = asLine(item);
      const mark = entry.shared === true ? digest(text) : '';
      const known = items.get(item.id);
      if (known !== undefined && (entry.shared !== true || known.digest !== mark)) {
        const how = entry.shared === true ? 'has another content' : 'occurs twice';
        throw new RowError('id', `id ${item.id} ${how}, first on line ${known.line}; ids must be unique`);
      }
      if (here.has(item.id)) throw new RowError('id', `id ${item.id} occurs twice in one row; ids must be unique`);
      here.set(item.id, item);
      return known === undefined ? [{ item, text, digest: mark }] : [];
    });
  return {
    counts,
    put(entry, line) {
      const here = new Map<string, Item>();
      const added = newItems(entry, here);
      const raters = fresh('raters', entry.raters, {
        row: (raw) => parseRow(raterProfileSchema, raw) as RaterProfile,
        id: (rater) => rater.id,
      });
      const judgments = fresh('judgments', beyondHistory(entry.judgments), {
        row: (raw) => parseRow(judgmentSchema, raw) as Judgment,
        id: (judgment) => judgment.id,
      });
      const records = fresh('records', entry.records, {
        row: (raw) => parseRow(feedbackRecordSchema, raw) as FeedbackRecord,
        id: (record) => recordKey(record).id,
      });
      for (const { row } of judgments) checkFit(row, here);
      for (const { row } of records) checkRecord(row, here);
      if (entry.project !== undefined && hasProject) throw new RowError('project', 'a second project');
      if (entry.project !== undefined) {
        output.project(entry.project);
        hasProject = true;
      }
      for (const { item, text, digest: mark } of added) {
        items.set(item.id, { line, handle: output.add('items', item, text), digest: mark });
        counts.items += 1;
      }
      const write = <F extends keyof typeof seen>(file: F, rows: readonly { id: string; row: SinkRows[F] }[]) => {
        for (const { id, row } of rows) {
          seen[file].set(id, line);
          output.add(file, row, asLine(row));
          counts[file] += 1;
        }
      };
      write('raters', raters);
      write('judgments', judgments);
      for (const { id } of judgments) onJudgment?.(id, line);
      write('records', records);
    },
  };
}
