import { randomUUID } from 'node:crypto';
import {
  answerProblem,
  type FeedbackRecord,
  feedbackRecordSchema,
  type Item,
  type Project,
  type RaterProfile,
  recordKey,
} from '../feedback/index.ts';
import { canonicalJson, DataError, GENESIS, UsageError } from '../run/index.ts';
import { enterChain } from './chain.ts';
import type { Connection, Trx } from './connection.ts';
import { freshItem, freshRater } from './derive.ts';
import { queriesOf } from './queries.ts';
import { digestProject } from './read.ts';
import { rebuildProject } from './rebuild.ts';
import { emptyTotals, type Tables } from './schema.ts';
import type { LoadOptions, ProjectSource, Rows, SourceCounts, SourceRecord } from './store.ts';
import { batched, checkBody, checkId, checkItem, checkProfile, checkProject, parsed, projectOf } from './values.ts';
import { writeRows } from './write-rows.ts';

/** Inserts a project with its empty state. */
export async function insertProject(
  trx: Trx,
  { id, body, status }: { readonly id: string; readonly body: string; readonly status: string },
): Promise<number> {
  await trx.insertInto('projects').values({ id, body, status }).execute();
  const { project } = await trx.selectFrom('projects').select('project').where('id', '=', id).executeTakeFirstOrThrow();
  await trx
    .insertInto('project_state')
    .values({ project, seq: 0, head: GENESIS, items: 0, raters: 0, totals: JSON.stringify(emptyTotals()) })
    .execute();
  return project;
}

/** Takes a project out of every table. */
export async function removeProject(trx: Trx, project: number): Promise<void> {
  const tables = [
    'records',
    'seats',
    'rater_state',
    'raters',
    'item_state',
    'items',
    'project_state',
    'projects',
  ] as const;
  for (const table of tables) await trx.deleteFrom(table).where('project', '=', project).execute();
}

export type Loaded = { readonly projectId: string; readonly digest: string } & SourceCounts;

/**
 * Writes whole projects in batches, unseen until all are there and have the digests they should have. What a killed load
 * left behind is removed by the next one of the same project.
 */
export async function loadProjects(
  connection: Connection,
  sources: Rows<{ readonly source: ProjectSource; readonly options?: LoadOptions }>,
): Promise<readonly Loaded[]> {
  const token = `loading:${randomUUID()}`;
  const loaded: { result: Loaded; number: number }[] = [];
  try {
    for await (const { source, options = {} } of sources) {
      loaded.push(await new Loader(connection, token).load(source, options));
    }
    await connection.analyze();
    await connection.write(async (trx) => {
      for (const { number } of loaded) {
        await trx.updateTable('projects').set({ status: 'ready' }).where('project', '=', number).execute();
      }
    });
  } catch (error) {
    await removeLeftovers(connection, token).catch(() => {});
    throw error;
  }
  return loaded.map(({ result }) => result);
}

const removeLeftovers = (connection: Connection, token: string) =>
  connection.write(async (trx) => {
    const rows = await trx.selectFrom('projects').select('project').where('status', '=', token).execute();
    for (const { project } of rows) await removeProject(trx, project);
  });

type Report = (done: number, unit: 'items' | 'records', last?: boolean) => void;

/** Writes one project. */
class Loader {
  readonly #connection: Connection;
  readonly #token: string;
  #state: Tables['project_state'] = { project: 0, seq: 0, head: GENESIS, items: 0, raters: 0, totals: '' };
  readonly #raters = new Map<string, number>();
  #profilesSeen = 0;
  #checked = false;

  constructor(connection: Connection, token: string) {
    this.#connection = connection;
    this.#token = token;
  }

  async load(source: ProjectSource, options: LoadOptions): Promise<{ result: Loaded; number: number }> {
    this.#checked = options.checked ?? false;
    const { project, body } = checkProject(source.project);
    const { id } = project;
    await this.#begin(id, body);
    const report = (done: number, unit: 'items' | 'records', last = false) => {
      // Where the source does not say how much there is, the end is always one ahead.
      const total = last ? done : (options.counts?.[unit] ?? done + 1);
      if (last || done !== total) options.progress?.({ stage: `load ${unit}`, done, total, unit });
    };
    const items = await this.#items(project, source.items, report);
    for await (const rows of batched(source.raters, 500)) await this.#profiles(rows);
    for await (const scores of batched(source.priorities ?? [], 500)) await this.#priorities(id, scores);
    const records = await this.#records(project, source.records, report);
    const number = this.#state.project;
    await this.#write(async (trx) => {
      const { project: _, totals: __, ...state } = this.#state;
      await trx.updateTable('project_state').set(state).where('project', '=', number).execute();
      await rebuildProject(trx, { number, project }, { fresh: true });
    });
    const digest = await digestProject(this.#connection.db, { number, body });
    if (options.digest !== undefined && options.digest !== digest) {
      throw new DataError(
        'digest',
        `project ${id}: expected digest ${options.digest}, got ${digest}; the source was altered`,
      );
    }
    const raters = this.#profilesSeen;
    return { result: { projectId: id, digest, items, raters, records }, number };
  }

  /** A transaction that stops when another load of the project took over. */
  #write<T>(effect: (trx: Trx) => Promise<T>): Promise<T> {
    return this.#connection.write(async (trx) => {
      const row = await trx
        .selectFrom('projects')
        .select('status')
        .where('project', '=', this.#state.project)
        .executeTakeFirst();
      if (row?.status !== this.#token) {
        throw new UsageError('load', 'this load was ended by another one of the same project; run one at a time');
      }
      return effect(trx);
    });
  }

  #begin(id: string, body: string): Promise<void> {
    return this.#connection.write(async (trx) => {
      const there = await trx
        .selectFrom('projects')
        .select(['project', 'status'])
        .where('id', '=', id)
        .executeTakeFirst();
      if (there?.status === 'ready' || there?.status === this.#token) {
        throw new UsageError(
          'project',
          `project ${id}: expected a new project, got one that is in the store; choose another store or id`,
        );
      }
      if (there !== undefined) await removeProject(trx, there.project);
      this.#state = { ...this.#state, project: await insertProject(trx, { id, body, status: this.#token }) };
    });
  }

  async #items(project: Project, rows: Rows<Item>, report: Report): Promise<number> {
    const { project: number } = this.#state;
    for await (const batch of batched(rows, 500)) {
      const items = batch.map((value) => checkItem(project.id, value));
      const from = this.#state.items + 1;
      await this.#write(async (trx) => {
        await refuseKnown(trx, { table: 'items', project: number, ids: items.map(({ item }) => item.id) });
        await writeRows(
          trx,
          'items',
          items.map(({ item, body }, i) => ({ project: number, item: from + i, id: item.id, body })),
        );
        await writeRows(
          trx,
          'item_state',
          items.map(({ item }, i) => freshItem(project, { project: number, item: from + i }, item)),
        );
      });
      this.#state.items += items.length;
      report(this.#state.items, 'items');
    }
    report(this.#state.items, 'items', true);
    return this.#state.items;
  }

  async #profiles(values: readonly RaterProfile[]): Promise<void> {
    const { project: number } = this.#state;
    const rows = values.map((value) => {
      const { profile, body } = checkProfile(value);
      if (this.#raters.has(profile.id)) throw twice('rater', profile.id);
      return { project: number, rater: this.#number(profile.id), id: profile.id, body };
    });
    await this.#write(async (trx) => {
      await writeRows(trx, 'raters', rows);
      await writeRows(
        trx,
        'rater_state',
        rows.map(({ rater }) => freshRater(number, rater)),
      );
    });
    this.#profilesSeen += rows.length;
  }
  #number(raterId: string): number {
    const known = this.#raters.get(raterId);
    if (known !== undefined) return known;
    this.#state.raters += 1;
    this.#raters.set(raterId, this.#state.raters);
    return this.#state.raters;
  }

  async #priorities(id: string, scores: readonly (readonly [string, number])[]): Promise<void> {
    await this.#write(async (trx) => {
      const rows = await queriesOf(trx, this.#state.project).itemsById(scores.map(([item]) => item));
      const byId = new Map(rows.map((row) => [row.id, row]));
      await writeRows(
        trx,
        'item_state',
        scores.map(([item, priority]) => {
          const row = byId.get(item);
          if (row === undefined)
            throw new DataError('item', `project ${id}: a score for item ${item}, which is not there; drop it`);
          return { ...row, priority };
        }),
      );
    });
  }

  async #records(project: Project, rows: ProjectSource['records'], report: Report): Promise<number> {
    const { project: number } = this.#state;
    for await (const batch of batched(rows, 1000)) {
      const before = this.#raters.size;
      const state = { ...this.#state };
      await this.#write(async (trx) => {
        // From the start again, should the database ask for it.
        this.#state = { ...state };
        for (const [id] of [...this.#raters].slice(before)) this.#raters.delete(id);
        const records = await this.#place(trx, project, batch);
        const added = [...this.#raters].slice(before);
        await writeRows(
          trx,
          'raters',
          added.map(([id, rater]) => ({ project: number, rater, id, body: null })),
        );
        await writeRows(
          trx,
          'rater_state',
          added.map(([, rater]) => freshRater(number, rater)),
        );
        await writeRows(trx, 'records', records);
      });
      report(this.#state.seq, 'records');
    }
    report(this.#state.seq, 'records', true);
    return this.#state.seq;
  }

  /** Numbers for a batch of records: whose, on which item, and where in the chain. */
  async #place(trx: Trx, project: Project, batch: readonly SourceRecord[]): Promise<Tables['records'][]> {
    const { project: number } = this.#state;
    const queries = queriesOf(trx, number);
    const records = batch.map(({ record, ...more }) => ({
      record: this.#checked ? record : parsed<FeedbackRecord>(feedbackRecordSchema, record, 'record'),
      ...more,
    }));
    const ids = records.map(({ record }) => recordKey(record).id);
    const itemIds = [...new Set(records.flatMap(({ record }) => recordKey(record).itemId ?? []))];
    const items = new Map(
      (itemIds.length === 0 ? [] : await queries.itemsById(itemIds)).map((row) => [
        row.id,
        { row, item: JSON.parse(row.body) as Item },
      ]),
    );
    const undone = records.flatMap(({ record }) => (record.type === 'undo' ? [record.undoes] : []));
    const about = new Map<string, { rater: number; item: number | null }>();
    const known = new Set<string>();
    for (const row of await queries.recordsBy('id', [...ids, ...undone])) {
      known.add(row.id);
      about.set(row.id, row);
    }
    const rows: Tables['records'][] = [];
    for (const { record, key, salt: given } of records) {
      const { id, raterId, itemId } = recordKey(record);
      checkId('record', id);
      checkId('rater', raterId);
      if (known.has(id)) throw twice('record', id);
      known.add(id);
      const owner = projectOf(record);
      if (owner !== project.id)
        throw new DataError('record', `record ${id}: expected project ${project.id}, got ${owner}; correct projectId`);
      const item = itemId === null ? undefined : items.get(itemId);
      if (itemId !== null && item === undefined)
        throw new DataError('record', `record ${id}: expected an item of the project, got ${itemId}; add the item`);
      const answer =
        record.type === 'judgment'
          ? record.judgment.answer
          : record.type === 'adjudication'
            ? record.answer
            : undefined;
      const problem = answer === undefined ? undefined : answerProblem(answer, item!.item);
      if (problem !== undefined)
        throw new DataError(
          'record',
          `record ${id}: expected an answer that fits item ${itemId}, got ${problem}; correct it`,
        );
      const author = this.#number(raterId);
      const target = record.type === 'undo' ? about.get(record.undoes) : undefined;
      if (record.type === 'undo' && target === undefined)
        throw new DataError(
          'record',
          `record ${id}: expected an earlier record to take back, got ${record.undoes}; order the records`,
        );
      const place = {
        rater: target?.rater ?? author,
        item: target === undefined ? (item?.row.item ?? null) : target.item,
      };
      about.set(id, place);
      const body = canonicalJson(record);
      checkBody(`record ${id}`, body);
      this.#state.seq += 1;
      const { salt, hash } = enterChain(this.#state.head, { record, body, salt: given });
      this.#state.head = hash;
      const { seq } = this.#state;
      rows.push({
        project: number,
        seq,
        id,
        idem: key === undefined || key === id ? null : key,
        type: record.type,
        ...place,
        body,
        salt,
        hash,
      });
    }
    return rows;
  }
}

const twice = (what: string, id: string) =>
  new DataError('duplicate', `${what} ${id}: expected unique ids, got one twice; drop one`);

async function refuseKnown(
  trx: Trx,
  { table, project, ids }: { table: 'items'; project: number; ids: readonly string[] },
): Promise<void> {
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) throw twice('item', id);
    seen.add(id);
  }
  const there = await trx
    .selectFrom(table)
    .select('id')
    .where('project', '=', project)
    .where('id', 'in', ids)
    .limit(1)
    .execute();
  if (there.length > 0) throw twice('item', there[0]!.id);
}
