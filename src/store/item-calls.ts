import { type Item, withoutImport } from '../feedback/index.ts';
import { canonicalJson, UsageError } from '../run/index.ts';
import { foldEntries } from './derive.ts';
import { queriesOf } from './queries.ts';
import { bodyOf, itemRows, mapRows, parseItem } from './read.ts';
import { unknownItem } from './refusals.ts';
import type { FeedbackStore } from './store.ts';
import type { StoreContext } from './store-context.ts';
import { batched, checkItem } from './values.ts';

/** Whether two items say the same, whichever import brought them. */
const isSame = (one: Item, other: Item): boolean =>
  canonicalJson(withoutImport(one)) === canonicalJson(withoutImport(other));

type ItemCalls = Pick<FeedbackStore, 'addItems' | 'getItem' | 'items' | 'setPriorities' | 'itemState'>;

/** Items: adding and reading them, and which comes first. */
export function itemCalls({ connection, change, find, recentItems, refreshPlanner }: StoreContext): ItemCalls {
  const { db } = connection;
  return {
    async addItems(projectId, items) {
      const counts = { added: 0, known: 0 };
      for await (const batch of batched<Item>(items, 500)) {
        const checked = batch.map((value) => checkItem(projectId, value));
        const { added, known } = await change(projectId, async (session) => {
          const here = { added: 0, known: 0 };
          await session.loadItems(checked.map(({ item }) => item.id));
          for (const { item, body } of checked) {
            const there = session.item(item.id);
            if (there === undefined) {
              session.addItem(item, body);
              here.added += 1;
            } else if (there.row.body === body || isSame(there.item(), item)) here.known += 1;
            else {
              throw new UsageError(
                'item-changed',
                `item ${item.id}: expected what project ${projectId} holds under this id, got a changed item; give it a new id`,
              );
            }
          }
          return here;
        });
        counts.added += added;
        counts.known += known;
      }
      if (counts.added > 0) refreshPlanner();
      return counts;
    },
    async getItem(projectId, itemId) {
      const known = recentItems.get(projectId, itemId);
      if (known !== undefined) return known;
      const row = await bodyOf(db, 'items', { projectId, id: itemId });
      if (row === undefined) await find(projectId);
      if (row === undefined || row.body === null) return undefined;
      const item = parseItem({ body: row.body });
      recentItems.keep(projectId, item);
      return item;
    },
    async *items(projectId) {
      yield* mapRows(itemRows(db, (await find(projectId)).project), parseItem);
    },
    async setPriorities(projectId, scores) {
      let set = 0;
      for await (const batch of batched(scores, 500)) {
        await change(projectId, async (session) => {
          await session.loadItems(batch.map(([itemId]) => itemId));
          for (const [itemId, score] of batch) {
            if (!Number.isFinite(score)) {
              throw new UsageError(
                'priority',
                `item ${itemId}: expected a finite score, got ${score}; leave the item out`,
              );
            }
            const entry = session.item(itemId);
            if (entry === undefined) throw unknownItem(projectId, itemId);
            session.prioritise(entry, score);
          }
        });
        set += batch.length;
      }
      return set;
    },
    async itemState(projectId, itemId) {
      const { project } = await find(projectId);
      const queries = queriesOf(db, project);
      const [row] = await queries.itemsById([itemId]);
      if (row === undefined) throw unknownItem(projectId, itemId);
      const entries = await queries.recordsOfItems([row.item]);
      const raters = [...new Set(entries.map(({ rater }) => rater))];
      const personal = raters.length === 0 ? [] : await queries.personalRecords(raters);
      return foldEntries([...entries, ...personal], { archived: 'removed' });
    },
  };
}
