import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  currentJudgments,
  type FeedbackRecord,
  feedbackRecordSchema,
  foldRecords,
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type RecordOf,
  recordKey,
} from '../feedback/index.ts';
import { DataError, parseLine, UsageError } from '../run/index.ts';
import { decodeUtf8, onPath, readByteLines, readLines } from '../run/node.ts';
import type { ItemGroup } from './layouts/layout.ts';
import { checkStanding, judgmentProblem, readUnique } from './project-reader.ts';

/** Judgments of a project by item, ready to be asked for one item at a time. */
export interface JudgmentsByItem {
  of(item: Item): readonly Judgment[];
  /** Decisions on an item that stand; none where the folder has no history. */
  decisions(itemId: string): readonly RecordOf<'adjudication'>[];
  /** Whether an item was put away. */
  isArchived(itemId: string): boolean;
  /** The first judgment whose item was never asked for. */
  unused(): string | undefined;
  close(): void;
}

type Hear = (judgment: Judgment) => void;

/** Where the judgments of each item stand in the file; the texts stay there. */
async function indexed(path: string, hear: Hear): Promise<JudgmentsByItem> {
  const places = new Map<string, number[]>();
  const seen = new Map<string, number>();
  for await (const { line, at, bytes } of readByteLines(path)) {
    const text = decodeUtf8(bytes, `${path}:${line}`);
    if (text.trim() === '') continue;
    const judgment = parseLine(path, { line, text }, judgmentSchema as z.ZodType<Judgment>);
    const { id, itemId } = judgment;
    hear(judgment);
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      const first = `first on line ${earlier}`;
      throw new DataError('duplicate', `${path}:${line}: id ${id} occurs twice, ${first}; ids must be unique`);
    }
    seen.set(id, line);
    const list = places.get(itemId);
    if (list === undefined) places.set(itemId, [at, bytes.length, line]);
    else list.push(at, bytes.length, line);
  }
  const file = onPath(path, () => openSync(path, 'r'));
  let buffer = Buffer.alloc(64 * 1024);
  return {
    of(item) {
      const list = places.get(item.id);
      if (list === undefined) return [];
      places.delete(item.id);
      const judgments: Judgment[] = [];
      for (let i = 0; i < list.length; i += 3) {
        const [at, length, line] = [list[i]!, list[i + 1]!, list[i + 2]!];
        if (length > buffer.length) buffer = Buffer.alloc(length * 2);
        onPath(path, () => readSync(file, buffer, 0, length, at));
        const judgment = JSON.parse(buffer.toString('utf8', 0, length)) as Judgment;
        const problem = judgmentProblem(judgment, item);
        if (problem !== undefined)
          throw new DataError('judgment', `${path}:${line}: ${problem}; mend or drop the line`);
        judgments.push(judgment);
      }
      return currentJudgments(judgments);
    },
    decisions: () => [],
    isArchived: () => false,
    unused() {
      const [first] = places;
      return first === undefined ? undefined : `${path}:${first[1][2]}: itemId: no item ${first[0]} in items.jsonl`;
    },
    close: () => closeSync(file),
  };
}

/**
 * The judgments of a project folder: of its history, which is held in memory, or else of `judgments.jsonl`, which is not.
 * `hear` is told of each before the first item is asked for.
 */
export async function judgmentsByItem(folder: string, hear: Hear = () => {}): Promise<JudgmentsByItem> {
  const path = join(folder, 'judgments.jsonl');
  if (!existsSync(join(folder, 'records.jsonl'))) {
    if (!existsSync(path)) {
      const want = 'expected judgments.jsonl or records.jsonl there';
      throw new UsageError('file', `${folder}: ${want}; give a project folder`);
    }
    return indexed(path, hear);
  }
  return folded(folder, hear);
}

/** What belongs to items, by item. */
function grouped<T extends { readonly itemId: string }>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(one.itemId);
    if (group === undefined) groups.set(one.itemId, [one]);
    else group.push(one);
  }
  return groups;
}

/** The judgments that stand after the history of a folder. */
async function folded(folder: string, hear: Hear): Promise<JudgmentsByItem> {
  const path = join(folder, 'records.jsonl');
  const given = join(folder, 'judgments.jsonl');
  const records = await readUnique(path, feedbackRecordSchema as z.ZodType<FeedbackRecord>, (r) => recordKey(r).id);
  const { judgments, adjudications, archived } = foldRecords([...records.values()].map(({ row }) => row));
  const decisions = grouped(adjudications);
  if (existsSync(given)) {
    const schema = judgmentSchema as z.ZodType<Judgment>;
    checkStanding(folder, judgments, await readUnique(given, schema, (judgment) => judgment.id));
  }
  const place = ({ id }: Judgment) => `${path}:${records.get(id)!.line}`;
  for (const judgment of judgments) hear(judgment);
  const groups = grouped(judgments);
  return {
    decisions: (itemId) => decisions.get(itemId) ?? [],
    isArchived: (itemId) => archived.has(itemId),
    of(item) {
      const group = groups.get(item.id) ?? [];
      groups.delete(item.id);
      for (const judgment of group) {
        const problem = judgmentProblem(judgment, item);
        if (problem !== undefined)
          throw new DataError('judgment', `${place(judgment)}: ${problem}; mend or drop the line`);
      }
      return group;
    },
    unused() {
      const [first] = groups.values();
      return first === undefined ? undefined : `${place(first[0]!)}: ${judgmentProblem(first[0]!, undefined)}`;
    },
    close: () => {},
  };
}

/** Items of a project that were not put away, with their judgments, in the order of the items; memory does not grow with the texts. */
export async function* itemGroups(
  folder: string,
  judgments: JudgmentsByItem,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<ItemGroup> {
  const path = join(folder, 'items.jsonl');
  const seen = new Map<string, number>();
  for await (const line of readLines(path, { onBytes })) {
    const item = parseLine(path, line, itemSchema as z.ZodType<Item>);
    const earlier = seen.get(item.id);
    if (earlier !== undefined) {
      const first = `first on line ${earlier}`;
      throw new DataError(
        'duplicate',
        `${path}:${line.line}: id ${item.id} occurs twice, ${first}; ids must be unique`,
      );
    }
    seen.set(item.id, line.line);
    if (judgments.isArchived(item.id)) continue;
    yield { item, judgments: judgments.of(item) };
  }
  const unused = judgments.unused();
  if (unused !== undefined) throw new DataError('judgment', `${unused}; mend or drop the line`);
}
