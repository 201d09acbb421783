import { existsSync, statSync } from 'node:fs';
import type { z } from 'zod';
import {
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type RaterProfile,
  raterProfileSchema,
} from '../feedback/index.ts';
import { readJsonLines } from '../run/node.ts';
import { type Place, pathIn } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** What was asked, what was answered, and by whom. */
export interface Records {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterProfile[];
}
export const NO_RECORDS: Records = { items: [], judgments: [], raters: [] };

/** Rows of a file of the run; none where it is not there, or empty. */
export async function readRows<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  const rows: T[] = [];
  if (!existsSync(path) || statSync(path).size === 0) return rows;
  for await (const row of readJsonLines(path, schema)) rows.push(row);
  return rows;
}

/** The records that a round's files hold, those of earlier rounds among them. */
export async function loadRecords(place: Place): Promise<Records> {
  return {
    items: await readRows<Item>(pathIn(place, RUN_FILES.items), itemSchema),
    judgments: await readRows<Judgment>(pathIn(place, RUN_FILES.judgments), judgmentSchema),
    raters: await readRows<RaterProfile>(pathIn(place, RUN_FILES.raters), raterProfileSchema),
  };
}
