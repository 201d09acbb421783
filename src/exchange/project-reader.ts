import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  answerProblem,
  type FeedbackRecord,
  feedbackRecordSchema,
  foldRecords,
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type Project,
  projectSchema,
  type RaterProfile,
  raterProfileSchema,
  recordKey,
} from '../feedback/index.ts';
import { DataError, parseLine, UsageError } from '../run/index.ts';
import { fileOf, readLines, readRegularFile } from '../run/node.ts';
import { isUnfinished } from './staging.ts';

/** Everything of a project folder. */
export interface ProjectData {
  readonly project: Project | null;
  /** Those that were not put away. */
  readonly items: Item[];
  readonly raters: RaterProfile[];
  /** The judgments that stand. */
  readonly judgments: Judgment[];
  /** The whole history, where the folder has one. */
  readonly records: FeedbackRecord[] | null;
}

/** Rows of a file by id, with their lines; a second row of an id is refused. */
export async function readUnique<T>(
  path: string,
  schema: z.ZodType<T>,
  idOf: (row: T) => string,
): Promise<Map<string, { row: T; line: number }>> {
  const rows = new Map<string, { row: T; line: number }>();
  if (existsSync(path) && statSync(path).size === 0) return rows;
  for await (const line of readLines(path)) {
    const row = parseLine(path, line, schema);
    const id = idOf(row);
    const earlier = rows.get(id);
    if (earlier !== undefined) {
      const first = `first on line ${earlier.line}`;
      throw new DataError('duplicate', `${path}:${line.line}: id ${id} occurs twice, ${first}; ids must be unique`);
    }
    rows.set(id, { row, line: line.line });
  }
  return rows;
}

/** Why a judgment does not go with the items, or undefined. */
export const judgmentProblem = (
  { itemId, answer }: Pick<Judgment, 'itemId' | 'answer'>,
  item: Item | undefined,
): string | undefined =>
  item === undefined ? `itemId: no item ${itemId} in items.jsonl` : answerProblem(answer, item);

function checkRecord(
  path: string,
  { row, line }: { row: FeedbackRecord; line: number },
  items: ReadonlyMap<string, { row: Item }>,
) {
  const fail = (problem: string | undefined) => {
    if (problem !== undefined) throw new DataError('record', `${path}:${line}: ${problem}; mend or drop the line`);
  };
  if (row.type === 'judgment') fail(judgmentProblem(row.judgment, items.get(row.judgment.itemId)?.row));
  else if (row.type === 'adjudication') fail(judgmentProblem(row, items.get(row.itemId)?.row));
  else if ('itemId' in row && row.itemId !== undefined && !items.has(row.itemId))
    fail(`itemId: no item ${row.itemId} in items.jsonl`);
}

/** Refuses what an interrupted command left, and a folder of which a file is a link or a pipe: somebody may have sent it. */
export function requireProject(folder: string): void {
  if (isUnfinished(folder)) throw new DataError('partial', `${folder}: an unfinished import or export; start it again`);
  for (const name of NAMES) fileOf(folder, name);
}
const NAMES = ['project.json', ...['items', 'raters', 'judgments', 'records'].map((name) => `${name}.jsonl`)];

/** The largest description of a project that is read. */
const PROJECT_BYTES = 64 * 1024 * 1024;

/** `project.json` of a folder, where there is one. */
export function readProjectFile(folder: string): Project | null {
  const path = join(folder, 'project.json');
  if (!existsSync(path)) return null;
  const text = readRegularFile(path, PROJECT_BYTES).toString('utf8');
  return parseLine(path, { line: 1, text }, projectSchema as z.ZodType<Project>);
}

/**
 * A project folder in memory: `items.jsonl`, and `judgments.jsonl` (the judgments that stand) or `records.jsonl` (the
 * history, of which those that stand are the fold) or both, `raters.jsonl`, `project.json`. Every judgment must refer to
 * an item that is there and fit it; ids occur once; two files that disagree are refused.
 * @throws DataError with file, line and what to do
 */
export async function readProject(folder: string): Promise<ProjectData> {
  requireProject(folder);
  const file = (name: string) => join(folder, `${name}.jsonl`);
  const items = await readUnique(file('items'), itemSchema as z.ZodType<Item>, (item) => item.id);
  const raters = existsSync(file('raters'))
    ? await readUnique(file('raters'), raterProfileSchema as z.ZodType<RaterProfile>, (rater) => rater.id)
    : new Map<string, { row: RaterProfile; line: number }>();
  const base = {
    project: readProjectFile(folder),
    items: [...items.values()].map(({ row }) => row),
    raters: [...raters.values()].map(({ row }) => row),
  };
  const given = existsSync(file('judgments'))
    ? await readUnique(file('judgments'), judgmentSchema as z.ZodType<Judgment>, (judgment) => judgment.id)
    : null;
  for (const { row, line } of given?.values() ?? []) {
    const problem = judgmentProblem(row, items.get(row.itemId)?.row);
    if (problem !== undefined)
      throw new DataError('judgment', `${file('judgments')}:${line}: ${problem}; mend or drop the line`);
  }
  if (!existsSync(file('records'))) {
    if (given === null) {
      const want = 'expected judgments.jsonl or records.jsonl there';
      throw new UsageError('file', `${folder}: ${want}; give a project folder`);
    }
    return { ...base, judgments: [...given.values()].map(({ row }) => row), records: null };
  }
  const records = await readUnique(
    file('records'),
    feedbackRecordSchema as z.ZodType<FeedbackRecord>,
    (r) => recordKey(r).id,
  );
  for (const record of records.values()) checkRecord(file('records'), record, items);
  const history = [...records.values()].map(({ row }) => row);
  const { judgments: left, archived } = foldRecords(history);
  const judgments = [...left];
  if (given !== null) checkStanding(folder, judgments, given);
  return { ...base, items: base.items.filter(({ id }) => !archived.has(id)), judgments, records: history };
}

/** Refuses a `judgments.jsonl` that does not say what stands after `records.jsonl`. */
export function checkStanding(
  folder: string,
  standing: readonly Judgment[],
  given: ReadonlyMap<string, unknown>,
): void {
  const missing = standing.find(({ id }) => !given.has(id));
  if (missing === undefined && given.size === standing.length) return;
  const got = missing === undefined ? `${given.size} judgments` : `no judgment ${missing.id}`;
  const want = `expected the ${standing.length} judgments that stand after records.jsonl`;
  throw new DataError(
    'standing',
    `${join(folder, 'judgments.jsonl')}: ${want}, got ${got}; remove the file, the history has them`,
  );
}
