import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  type FeedbackRecord,
  type Item,
  type Judgment,
  type Project,
  projectSchema,
  type Question,
} from '../feedback/index.ts';
import { type FeedbackStore, type OpenOptions, openStore, type Reservation } from './index.ts';

/** Real, empty places for stores in tests: a folder for SQLite, a schema for PostgreSQL; all gone afterwards. */
export interface Places {
  /** URL of a new empty place. */
  fresh(): Promise<string>;
  dispose(): Promise<void>;
}

export function sqlitePlaces(): Places {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-store-'));
  let n = 0;
  return {
    fresh: async () => join(folder, `store-${n++}.db`),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Address of a PostgreSQL for tests, where there is one. */
export const postgresUrl = process.env.GOODHART_TEST_POSTGRES ?? process.env.DATABASE_URL_TEST;

export function postgresPlaces(url: string): Places {
  const schemas: string[] = [];
  const run = async (text: string) => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(text);
    await client.end();
  };
  return {
    async fresh() {
      const schema = `test_${process.pid}_${Date.now()}_${schemas.length}`;
      schemas.push(schema);
      await run(`CREATE SCHEMA ${schema}`);
      return `${url}${url.includes('?') ? '&' : '?'}options=-c%20search_path%3D${schema}`;
    },
    dispose: () =>
      run(['SET client_min_messages = error', ...schemas.map((s) => `DROP SCHEMA ${s} CASCADE`)].join('; ')),
  };
}

export const T0 = '2026-01-01T00:00:00.000Z';
/** Minutes after the start of the test's clock. */
export const minutes = (n: number): string => new Date(Date.parse(T0) + n * 60_000).toISOString();

export const COMPARISON: Question = {
  id: 'better',
  kind: 'comparison',
  title: 'Which is better?',
  required: true,
  ties: true,
  bothBad: false,
  cantJudge: true,
  strength: false,
};

export const aProject = (
  id: string,
  distribution: Partial<Project['distribution']> = {},
  more: Partial<Project> = {},
): Project =>
  projectSchema.parse({
    id,
    name: `Project ${id}`,
    createdAt: T0,
    questions: [COMPARISON],
    instructions: [{ version: '1', text: 'Pick the better one.', at: T0 }],
    ...more,
    distribution,
  });

export const anItem = (projectId: string, i: number, more: Partial<Item> = {}): Item => ({
  id: `item-${i}`,
  projectId,
  prompt: `question ${i}`,
  replies: [
    { id: `${i}a`, text: `first answer ${i}` },
    { id: `${i}b`, text: `second answer ${i}` },
  ],
  source: { origin: 'test', selection: 'all' },
  ...more,
});
export const someItems = (projectId: string, count: number, more: (i: number) => Partial<Item> = () => ({})): Item[] =>
  Array.from({ length: count }, (_, i) => anItem(projectId, i, more(i)));
export const someRaters = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `rater-${i}`, kind: 'simulated' as const }));

/** A judgment as a record, for an item as presented. */
export const judged = (
  { item, presentation }: Pick<Reservation, 'item' | 'presentation'>,
  raterId: string,
  more: Partial<Judgment> = {},
): FeedbackRecord => ({
  type: 'judgment',
  judgment: {
    id: `${item.id}/${raterId}/${presentation.purpose ?? 'work'}`,
    projectId: item.projectId,
    itemId: item.id,
    raterId,
    presentation,
    answer: { kind: 'comparison', outcome: 0 },
    activeMs: 1000,
    submittedAt: presentation.shownAt,
    source: 'test',
    ...more,
  },
});

/** The reservation, or the reason as an error: for tests that expect one. */
export async function reserved(
  store: FeedbackStore,
  projectId: string,
  raterId: string,
  now: string = T0,
): Promise<Reservation> {
  const got = await store.reserve(projectId, raterId, { now });
  if ('none' in got) throw new Error(`${raterId}: ${got.none}`);
  return got;
}

/** A project with items and raters, ready to be judged. */
export async function prepared(
  store: FeedbackStore,
  project: Project,
  options: { items: readonly Item[] | number; raters: Parameters<FeedbackStore['putRaters']>[1] | number },
): Promise<string> {
  await store.putProject(project);
  const { items, raters } = options;
  await store.addItems(project.id, typeof items === 'number' ? someItems(project.id, items) : items);
  await store.putRaters(project.id, typeof raters === 'number' ? someRaters(raters) : raters);
  return project.id;
}

export const opened = (url: string, more: OpenOptions = {}): Promise<FeedbackStore> =>
  openStore(url, { create: true, now: () => T0, ...more });

/** A rater answers until nothing is left; the reservations they got. */
export async function answerAll(
  store: FeedbackStore,
  projectId: string,
  raterId: string,
  options: { most?: number; answer?: (r: Reservation) => Partial<Judgment>; now?: string } = {},
): Promise<{ got: Reservation[]; none: string | undefined }> {
  const got: Reservation[] = [];
  while (got.length < (options.most ?? 1000)) {
    const next = await store.reserve(projectId, raterId, { now: options.now ?? T0 });
    if ('none' in next) return { got, none: next.none };
    got.push(next);
    await store.submit(judged(next, raterId, options.answer?.(next)));
  }
  return { got, none: undefined };
}

export async function collected<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
