import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeJson } from '../../run/node.ts';
import { answerProblem } from '../answer-kinds.ts';
import { type Item, itemSchema } from '../item.ts';
import { type Judgment, judgmentSchema } from '../judgment.ts';
import { type Entry, parseRow, RowError } from '../layouts/layout.ts';
import { type RaterProfile, raterProfileSchema } from '../people.ts';
import { type FeedbackRecord, feedbackRecordSchema, recordKey } from '../records.ts';
import { type TextWriter, textWriter, type WrittenFile } from './line-writer.ts';

/** The JSON Lines files of a project folder that a sink writes. */
export const SINK_FILES = ['items', 'raters', 'judgments', 'records'] as const;
type SinkFile = (typeof SINK_FILES)[number];

export interface Sink {
  /** Takes an entry whole, or refuses it whole with a `RowError`. `line` is the row's, for naming it later. */
  put(entry: Entry, line: number): void;
  readonly counts: Readonly<Record<SinkFile, number>>;
  close(): WrittenFile[];
  /** Lets go of the files, whatever is in them. */
  abandon(): void;
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const digest = (text: string) => createHash('sha256').update(text).digest('base64').slice(0, 22);

interface Known {
  readonly line: number;
  readonly at: number;
  readonly bytes: number;
  readonly digest: string;
}

/**
 * Writes entries into the files of a project folder. Everything is checked before anything of an entry is written: its
 * schema, that ids are new (both lines are named), that judgments refer to items that are there and fit them. Memory
 * grows with the number of ids, not with the texts.
 */
export function projectSink(folder: string, { durable = true }: { durable?: boolean } = {}): Sink {
  const writers = new Map<SinkFile, TextWriter>();
  const writer = (file: SinkFile): TextWriter => {
    let made = writers.get(file);
    if (made === undefined) {
      made = textWriter(join(folder, `${file}.jsonl`), { durable });
      writers.set(file, made);
    }
    return made;
  };
  const counts: Record<SinkFile, number> = { items: 0, raters: 0, judgments: 0, records: 0 };
  const items = new Map<string, Known>();
  const seen: Record<Exclude<SinkFile, 'items'>, Map<string, number>> = {
    raters: new Map(),
    judgments: new Map(),
    records: new Map(),
  };
  const write = (file: SinkFile, text: string) => {
    writer(file).write(text);
    counts[file] += 1;
  };
  let last: { id: string; item: Item } | undefined;
  const itemOf = (id: string, here: ReadonlyMap<string, Item>): Item => {
    const own = here.get(id) ?? (last?.id === id ? last.item : undefined);
    if (own !== undefined) return own;
    const known = items.get(id);
    if (known === undefined) throw new RowError('itemId', `no item ${id}`);
    last = { id, item: JSON.parse(writer('items').read(known.at, known.bytes)) as Item };
    return last.item;
  };
  const checkNew = (file: Exclude<SinkFile, 'items'>, id: string, others: Set<string>) => {
    const earlier = seen[file].get(id);
    if (earlier !== undefined || others.has(id))
      throw new RowError('id', `id ${id} occurs twice, first on line ${earlier ?? 'this'}; ids must be unique`);
    others.add(id);
  };
  const checkFit = ({ itemId, answer, presentation }: Judgment, here: ReadonlyMap<string, Item>) => {
    const item = itemOf(itemId, here);
    const problem = answerProblem(answer, item);
    if (problem !== undefined) throw new RowError('answer', problem);
    const suggested =
      presentation.suggestion === undefined ? undefined : answerProblem(presentation.suggestion.answer, item);
    if (suggested !== undefined) throw new RowError('presentation.suggestion', suggested);
  };
  const checkRecord = (record: FeedbackRecord, here: ReadonlyMap<string, Item>) => {
    if (record.type === 'judgment') checkFit(record.judgment, here);
    else if ('itemId' in record) {
      const item = itemOf(record.itemId, here);
      const problem = record.type === 'adjudication' ? answerProblem(record.answer, item) : undefined;
      if (problem !== undefined) throw new RowError('answer', problem);
    }
  };
  let project = false;
  return {
    counts,
    put(entry, row) {
      const here = new Map<string, Item>();
      const texts: { item: Item; text: string; digest: string }[] = [];
      for (const raw of entry.items ?? []) {
        const item = parseRow(itemSchema, raw) as Item;
        const text = line(item);
        const known = items.get(item.id);
        const mark = entry.shared === true ? digest(text) : '';
        if (known !== undefined && (entry.shared !== true || known.digest !== mark)) {
          const how = entry.shared === true ? 'has another content' : 'occurs twice';
          throw new RowError('id', `id ${item.id} ${how}, first on line ${known.line}; ids must be unique`);
        }
        if (here.has(item.id)) throw new RowError('id', `id ${item.id} occurs twice in one row`);
        here.set(item.id, item);
        if (known === undefined) texts.push({ item, text, digest: mark });
      }
      const fresh = { raters: new Set<string>(), judgments: new Set<string>(), records: new Set<string>() };
      const raters = (entry.raters ?? []).map((raw) => parseRow(raterProfileSchema, raw) as RaterProfile);
      for (const { id } of raters) checkNew('raters', id, fresh.raters);
      const judgments = (entry.judgments ?? []).map((raw) => parseRow(judgmentSchema, raw) as Judgment);
      for (const judgment of judgments) {
        checkNew('judgments', judgment.id, fresh.judgments);
        checkFit(judgment, here);
      }
      const records = (entry.records ?? []).map((raw) => parseRow(feedbackRecordSchema, raw) as FeedbackRecord);
      for (const record of records) {
        checkNew('records', recordKey(record).id, fresh.records);
        checkRecord(record, here);
      }
      if (entry.project !== undefined) {
        if (project) throw new RowError('project', 'a second project');
        writeJson(join(folder, 'project.json'), entry.project);
        project = true;
      }
      for (const { item, text, digest: mark } of texts) {
        const { at } = writer('items');
        items.set(item.id, { line: row, at, bytes: Buffer.byteLength(text), digest: mark });
        write('items', text);
      }
      for (const rater of raters) {
        seen.raters.set(rater.id, row);
        write('raters', line(rater));
      }
      for (const judgment of judgments) {
        seen.judgments.set(judgment.id, row);
        write('judgments', line(judgment));
      }
      for (const record of records) {
        seen.records.set(recordKey(record).id, row);
        write('records', line(record));
      }
    },
    close() {
      // A project without judgments still has the file: nobody has judged, which is not the same as a lost file.
      if (counts.items > 0 && counts.records === 0) writer('judgments');
      return [...writers].map(([file, made]) => ({ name: `${file}.jsonl`, records: counts[file], ...made.close() }));
    },
    abandon() {
      for (const made of writers.values()) made.abandon();
    },
  };
}
