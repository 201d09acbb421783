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
import type { FeedbackReport } from '../quality/index.ts';
import { readJson, readJsonLines } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import { type Place, pathIn } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

/** Feedback of a round, as its files hold it. */
export interface Feedback {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterProfile[];
  readonly report: FeedbackReport;
  /** Group by rater id, for raters who have one; undefined where nothing about the raters was recorded. */
  readonly groups: ReadonlyMap<string, string> | undefined;
}
/** What was asked, what was answered, and by whom. */
export type FeedbackRecords = Pick<Feedback, 'items' | 'judgments' | 'raters'>;
export const NO_RECORDS: FeedbackRecords = { items: [], judgments: [], raters: [] };

/** What raters said of themselves by which the evaluation is divided. */
const groupAttribute = ({ data }: Pick<PipelineConfig, 'data'>): string =>
  data.layout === 'ground' ? 'group' : data.groups;

function groupsOf(raters: readonly RaterProfile[], attribute: string): Feedback['groups'] {
  const groups = new Map<string, string>();
  for (const { id, demographics } of raters) {
    if (demographics !== undefined && Object.hasOwn(demographics, attribute)) groups.set(id, demographics[attribute]!);
  }
  return groups.size > 0 ? groups : undefined;
}

/** Rows of a file of the run; none where it is not there, or empty. */
export async function readRows<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  const rows: T[] = [];
  if (!existsSync(path) || statSync(path).size === 0) return rows;
  for await (const row of readJsonLines(path, schema)) rows.push(row);
  return rows;
}

/** Who was asked what, and what was answered. */
export const FEEDBACK_FILES = [RUN_FILES.items, RUN_FILES.judgments, RUN_FILES.raters];

/** The records that a round's files hold, those of earlier rounds among them. */
export async function loadRecords(place: Place): Promise<FeedbackRecords> {
  return {
    items: await readRows<Item>(pathIn(place, RUN_FILES.items), itemSchema),
    judgments: await readRows<Judgment>(pathIn(place, RUN_FILES.judgments), judgmentSchema),
    raters: await readRows<RaterProfile>(pathIn(place, RUN_FILES.raters), raterProfileSchema),
  };
}

/** What a round's files hold about its feedback. */
export async function loadFeedback(place: Place): Promise<Feedback> {
  const records = await loadRecords(place);
  const report = readJson(pathIn(place, RUN_FILES.feedbackReport)) as FeedbackReport;
  return { ...records, report, groups: groupsOf(records.raters, groupAttribute(place.config)) };
}
