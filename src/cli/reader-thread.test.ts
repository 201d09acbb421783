import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectSchema } from '../feedback/index.ts';
import { createProjectReader } from '../server/node.ts';
import { openStore } from '../store/index.ts';
import { createReaderThread } from './reader-thread.ts';
import { previewProject } from './run-recipes.ts';

it('reads in a thread what a reader in the process reads, and starts again after it ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-reader-'));
  const path = join(folder, 'store.db');
  const store = await openStore(path, { create: true });
  const reader = createReaderThread(path);
  try {
    const questions = [{ id: 'better', title: 'Which is better?', kind: 'comparison' }];
    const project = { id: 'p', name: 'Pairs', createdAt: '2026-01-01T00:00:00.000Z', questions, instructions: [] };
    await store.putProject(projectSchema.parse(project));
    const here = createProjectReader({ store, accounts: store.accounts, previewRun: previewProject }, () =>
      performance.now(),
    );
    const text = async (from: typeof reader) => {
      const page = (await from.page('overview', 'p', {}))!;
      return [page.seq, new TextDecoder().decode(page.json)];
    };
    expect(await text(reader)).toEqual(await text(here));
    expect(await reader.page('overview', 'nowhere', {})).toBeUndefined();
    await reader.close();
    expect(await text(reader)).toEqual(await text(here));
  } finally {
    await reader.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
it('says what is wrong with a store that does not open', async () => {
  const reader = createReaderThread(join(tmpdir(), 'goodhart-no-such-store.db'));
  try {
    await expect(reader.page('overview', 'p', {})).rejects.toThrow(/expected a Goodhart store, got nothing there/);
  } finally {
    await reader.close();
  }
});
