import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsContract } from './accounts.contract.ts';
import { openStore } from './index.ts';

accountsContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-accounts-'));
  const store = await openStore(join(folder, 'store.db'), { create: true });
  return {
    accounts: store.accounts,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
