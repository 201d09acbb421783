import { accountsOn } from './accounts-on.ts';
import type { Connection } from './connection.ts';
import { eraseCalls } from './erase.ts';
import { itemCalls } from './item-calls.ts';
import { batchRunner, type RunBatch } from './operations.ts';
import { projectCalls } from './project-calls.ts';
import { raterCalls } from './rater-calls.ts';
import { recordCalls } from './record-calls.ts';
import type { Vault } from './secrets.ts';
import type { FeedbackStore } from './store.ts';
import { storeContext } from './store-context.ts';
import { wholeCalls } from './whole-calls.ts';

/** The store over a database: what both have in common, which is all but opening it. */
export function createStore(
  connection: Connection,
  { vault, runBatch = batchRunner(connection) }: { readonly vault: Vault; readonly runBatch?: RunBatch },
): FeedbackStore {
  const context = storeContext(connection, runBatch);
  return {
    kind: connection.kind,
    place: connection.place,
    accounts: accountsOn(connection, vault),
    ...projectCalls(context),
    ...itemCalls(context),
    ...raterCalls(context),
    ...recordCalls(context),
    ...eraseCalls(context),
    ...wholeCalls(context),
    async close() {
      await context.settled();
      await connection.close();
    },
  };
}
