import { readFileSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { FeedbackRecord, Item, RaterProfile } from '../feedback/index.ts';
import { foldRecords } from '../feedback/index.ts';
import type { OpenedProject, PeopleAccess, SourceAccess } from '../pipeline/index.ts';
import { UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { type FeedbackStore, openStore, type SecretsKey, secretsKeyOf } from '../store/index.ts';
import { now } from './environment.ts';

/** The store that a command means: named, or from the environment, or a file in this folder. */
export interface Where {
  readonly store?: string;
}
export const DEFAULT_STORE = 'goodhart.db';
export const STORE_OPTION = `file or postgres:// URL (default: GOODHART_STORE or DATABASE_URL, else ./${DEFAULT_STORE})`;

export const storeUrl = ({ store }: Where): string =>
  store ?? process.env.GOODHART_STORE ?? process.env.DATABASE_URL ?? DEFAULT_STORE;

/** A key of secrets from a file that only its owner may read. */
export function keyFromFile(path: string): SecretsKey {
  const { mode } = onPath(path, () => statSync(path));
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new UsageError(
      'secrets-key',
      `${path}: expected a key that only you can read, got mode ${(mode & 0o777).toString(8)}; chmod 600 it, and consider it known`,
    );
  return secretsKeyOf(
    onPath(path, () => readFileSync(path, 'utf8')),
    path,
  );
}

/** The key of the store's secrets, from the file or the text that the environment names; undefined for none. */
export function secretsKey(environment: NodeJS.ProcessEnv = process.env): SecretsKey | undefined {
  const { GOODHART_SECRETS_KEY_FILE: file, GOODHART_SECRETS_KEY: text } = environment;
  if (file !== undefined && file !== '') return keyFromFile(file);
  return text === undefined || text === '' ? undefined : secretsKeyOf(text, 'GOODHART_SECRETS_KEY');
}

/** Opens the store that was named, lets it be used, and closes it whatever happens. */
export async function withStore<T>(
  where: Where,
  { create }: { readonly create: boolean },
  use: (store: FeedbackStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(storeUrl(where), { create, now });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** A project of a store as of one moment, whole, with its history. */
async function readStored(store: FeedbackStore, id: string): Promise<OpenedProject> {
  if ((await store.getProject(id)) === undefined) {
    const known = (await store.listProjects()).map((project) => project.id);
    const have = known.length === 0 ? 'it has none' : `it has ${known.slice(0, 8).join(', ')}`;
    throw new UsageError('project', `${store.place}: no project ${id}; ${have}`);
  }
  return store.snapshot(async (snapshot) => {
    const { project, ...rows } = await snapshot.read(id);
    const items: Item[] = [];
    for await (const item of rows.items) items.push(item);
    const raters: RaterProfile[] = [];
    for await (const rater of rows.raters) raters.push(rater);
    const records: FeedbackRecord[] = [];
    for await (const { record } of rows.records) records.push(record);
    const { judgments, archived } = foldRecords(records);
    return { project, items: items.filter(({ id: item }) => !archived.has(item)), raters, records, judgments };
  });
}

/** How often a run that waits for people looks for answers: one short read of the store. */
const LOOK_EVERY_MS = 2000;

/** People who judge in the Studio on the store at hand. */
const peopleOn = (where: Where): PeopleAccess => ({
  where: `goodhart studio --store ${storeUrl(where).includes('://') ? '…' : storeUrl(where)}; the run goes on when they have answered`,
  ask: (project, items) =>
    withStore(where, { create: true }, async (store) => {
      const asked = new Set(items.map(({ id }) => id));
      if ((await store.getProject(project.id)) === undefined) await store.putProject(project);
      for await (const { id } of store.items(project.id))
        if (!asked.has(id))
          throw new UsageError(
            'project',
            `${store.place}: project ${project.id} holds item ${id}, which this run does not ask; name another feedback.people.project`,
          );
      await store.addItems(project.id, items);
    }),
  answered: (project) =>
    withStore(where, { create: false }, async (store) => (await store.progress(project)).judgments),
  pause: () => setTimeout(LOOK_EVERY_MS),
});

/** What a run's source may ask of the store at hand. */
export const sourceAccess = (where: Where): SourceAccess => ({
  openProject: (id) => withStore(where, { create: false }, (store) => readStored(store, id)),
  people: peopleOn(where),
});
