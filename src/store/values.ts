import {
  type FeedbackRecord,
  feedbackRecordSchema,
  goldProblem,
  hasGold,
  type Item,
  itemSchema,
  type Project,
  projectSchema,
  type RaterProfile,
  raterProfileSchema,
  recordKey,
} from '../feedback/index.ts';
import { canonicalJson, DataError } from '../run/index.ts';
import type { Rows } from './store.ts';

/** Values from outside: checked, and in the canonical form in which they are stored. */

const MAX_ID = 500;
/** Characters that not every database keeps. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
const MAX_BODY = 8 * 1024 * 1024;

/** Ids that both databases keep and index as they are. */
export function checkId(what: string, id: string): void {
  if (id.length > MAX_ID) {
    throw new DataError('id', `${what} id: expected at most ${MAX_ID} characters, got ${id.length}; use a shorter id`);
  }
  if (UNSTORABLE.test(id)) {
    throw new DataError(
      'id',
      `${what} id ${JSON.stringify(id)}: expected text, got half a character or NUL; use another id`,
    );
  }
}

/** Refuses a body that is too large to keep. */
export function checkBody(what: string, body: string): void {
  if (body.length <= MAX_BODY) return;
  throw new DataError('size', `${what}: expected at most ${MAX_BODY} characters, got ${body.length}; split it`);
}

/** Checks a value from outside; the error names the field. */
export function parsed<T>(
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  },
  value: unknown,
  what: string,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DataError('field', `${what}: ${issue.path.join('.') || 'value'}: ${issue.message}; mend it`);
}

/** An item of a project, checked, with its canonical body. */
export function checkItem(projectId: string, value: unknown): { item: Item; body: string } {
  const item = parsed<Item>(itemSchema, value, 'item');
  checkId('item', item.id);
  if (item.projectId !== projectId) {
    throw new DataError(
      'item',
      `item ${item.id}: expected project ${projectId}, got ${item.projectId}; correct projectId`,
    );
  }
  if (item.role !== undefined && item.role !== 'work' && !hasGold(item)) {
    throw new DataError(
      'item',
      `item ${item.id}: expected a known answer (gold) for role ${item.role}, got none; add it`,
    );
  }
  const problem = goldProblem(item);
  if (problem !== undefined) throw new DataError('item', `item ${item.id}: ${problem}; mend it`);
  const body = canonicalJson(item);
  checkBody(`item ${item.id}`, body);
  return { item, body };
}

export function checkProfile(value: unknown): { profile: RaterProfile; body: string } {
  const profile = parsed<RaterProfile>(raterProfileSchema, value, 'rater');
  checkId('rater', profile.id);
  const body = canonicalJson(profile);
  checkBody(`rater ${profile.id}`, body);
  return { profile, body };
}

export function checkProject(value: unknown): { project: Project; body: string } {
  const project = parsed<Project>(projectSchema, value, 'project');
  checkId('project', project.id);
  return { project, body: canonicalJson(project) };
}

/** Rows in batches of a size. */
export async function* batched<T>(rows: Rows<T>, size: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The project that a record belongs to. */
export const projectOf = (record: FeedbackRecord): string =>
  record.type === 'judgment' ? record.judgment.projectId : record.projectId;

/** A record from outside, checked, with its canonical body. */
export function checkRecord(value: unknown): { record: FeedbackRecord; body: string } {
  const result = feedbackRecordSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new DataError('record', `record: ${issue.path.join('.') || 'value'}: ${issue.message}; mend the record`);
  }
  const { id, raterId } = recordKey(result.data);
  checkId('record', id);
  checkId('rater', raterId);
  const body = canonicalJson(result.data);
  checkBody(`record ${id}`, body);
  return { record: result.data, body };
}

/** Parses projects as they are stored; a project that has not changed since is not parsed again. */
export function projectParser(): (id: string) => (body: string) => Project {
  const parsed = new Map<string, { body: string; project: Project }>();
  return (id) => (body) => {
    const known = parsed.get(id);
    if (known?.body === body) return known.project;
    const project = projectSchema.parse(JSON.parse(body));
    parsed.set(id, { body, project });
    return project;
  };
}
