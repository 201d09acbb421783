import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import {
  backupStore,
  type FeedbackStore,
  loadProjectFolder,
  restoreStore,
  saveProjectFolder,
  verifyBackup,
} from './index.ts';
import {
  anItem,
  answerAll,
  aProject,
  collected,
  opened,
  type Places,
  prepared,
  reserved,
  someItems,
  sqlitePlaces,
  T0,
} from './places.fake.ts';
import type { Cases, ContractContext } from './store.contract.ts';

/** A project with some of everything in it, one reservation open. */
async function lived(store: FeedbackStore, id: string): Promise<string> {
  const distribution = { overlap: 2, order: 'priority' as const, gold: { every: 4, mode: 'gold' as const } };
  await prepared(store, aProject(id, distribution), {
    items: [...someItems(id, 30), ...[0, 1, 2].map((i) => anItem(id, 100 + i, { role: 'gold', gold: 0 }))],
    raters: 4,
  });
  await store.setPriorities(
    id,
    someItems(id, 30).map((item, i) => [item.id, i % 7] as const),
  );
  for (const n of [0, 1, 2]) await answerAll(store, id, `rater-${n}`, { most: 8 });
  const [first] = await collected(store.history(id));
  const undo = { type: 'undo' as const, projectId: id, raterId: 'rater-0', at: T0 };
  await store.submit(
    { ...undo, id: 'u', undoes: first!.record.type === 'judgment' ? first!.record.judgment.id : '' },
    { key: 'k' },
  );
  await store.withdraw(id, 'rater-2', { at: T0 });
  await reserved(store, id, 'rater-3');
  return store.digest(id);
}

/** A folder, a store of the sort under test with nothing in it, and places of the other sort. */
const inFolder =
  (
    effect: (here: {
      folder: string;
      store: FeedbackStore;
      fresh: () => Promise<string>;
      sqlite: Places;
    }) => Promise<void>,
  ) =>
  async ({ places }: ContractContext): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'goodhart-moving-'));
    const sqlite = sqlitePlaces();
    const store = await opened(await places.fresh());
    try {
      await effect({ folder, store, fresh: () => places.fresh(), sqlite });
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  };

/** Moving projects: between stores of either sort, through backups and folders, with nothing lost. */
export const movingCases: Cases = {
  'restores a backup into either sort of store, with the same digest and the same future': inFolder(
    async ({ folder, store, fresh, sqlite }) => {
      const digest = await lived(store, 'moves');
      const path = join(folder, 'all.jsonl.gz');
      const summary = await backupStore(store, path, { createdAt: T0 });
      expect(await verifyBackup(path)).toEqual(summary);
      for (const url of [await sqlite.fresh(), await fresh()]) {
        const other = await opened(url);
        const restored = await restoreStore(other, path);
        expect(restored.find(({ projectId }) => projectId === 'moves')?.digest).toBe(digest);
        expect(await other.listProjects()).toEqual(await store.listProjects());
        expect((await other.check()).filter(({ ok }) => !ok)).toEqual([]);
        // Keys and priorities came along; reservations did not.
        const keys = (await collected(other.history('moves'))).map(({ seq, hash, key }) => ({ seq, hash, key }));
        expect(keys).toEqual(
          (await collected(store.history('moves'))).map(({ seq, hash, key }) => ({ seq, hash, key })),
        );
        expect((await other.progress('moves')).judgments.reserved).toBe(0);
        const next = await reserved(other, 'moves', 'rater-3');
        expect(Number(next.item.id.slice(5)) % 7).toBe(6);
        await expect(restoreStore(other, path)).rejects.toThrow(/expected a new project, got one that is in the store/);
        await other.close();
      }
    },
  ),
  'refuses a backup that is cut, altered or of another kind, and keeps nothing of it': inFolder(
    async ({ folder, store, sqlite }) => {
      await store.putProject(aProject('sealed'));
      await store.addItems('sealed', someItems('sealed', 3));
      const path = join(folder, 'all.jsonl');
      await backupStore(store, path, { createdAt: T0 });
      const text = readFileSync(path, 'utf8');
      const other = await opened(await sqlite.fresh());
      const lines = text.trimEnd().split('\n');
      const damaged: [string | Buffer, RegExp][] = [
        [lines.slice(0, -1).join('\n'), /expected a whole Goodhart backup, got one without its end/],
        [text.replace('question 1', 'question I'), /content was altered/],
        [[...lines.slice(0, 2), ...lines.slice(3)].join('\n'), /lines of/],
        [`${text}${lines[2]}\n`, /after its end/],
        ['{"some":"json"}\n', /another kind of file/],
        ['some text\n', /another kind of file/],
        ['', /empty/],
        [text.replace('"version":2', '"version":3'), /version 3, which a newer Goodhart reads/],
        [gzipSync(text).subarray(0, 200), /gzip|without its end/],
      ];
      for (const [content, message] of damaged) {
        writeFileSync(path, content);
        await expect(restoreStore(other, path)).rejects.toThrow(message);
        expect(await other.listProjects()).toEqual([]);
      }
      await expect(restoreStore(other, join(folder, 'none'))).rejects.toThrow(/no such file/);
      await other.close();
    },
  ),
  'shows a project once it is loaded whole, and clears away what a broken load left': async ({ store, places }) => {
    const other = await opened(await places.fresh());
    async function* broken() {
      yield* someItems('broken', 700);
      expect(await other.getProject('broken')).toBeUndefined();
      expect(await other.listProjects()).toEqual([]);
      throw new Error('the source broke off');
    }
    const project = aProject('broken');
    const source = { project, raters: [], records: [] };
    await expect(other.load({ ...source, items: broken() })).rejects.toThrow('the source broke off');
    expect(await other.listProjects()).toEqual([]);
    await expect(other.load({ ...source, items: [] }, { digest: 'x' })).rejects.toThrow(/expected digest x/);
    const doubled = [...someItems('broken', 3), anItem('broken', 1)];
    await expect(other.load({ ...source, items: doubled })).rejects.toThrow(/item item-1: expected unique ids/);
    const undo = { type: 'undo' as const, id: 'u', projectId: 'broken', raterId: 'r', at: T0, undoes: 'later' };
    await expect(other.load({ ...source, items: [], records: [{ record: undo }] })).rejects.toThrow(
      /order the records/,
    );
    const loaded = await other.load({ ...source, items: someItems('broken', 700) });
    expect(loaded).toMatchObject({ items: 700, records: 0, raters: 0 });
    await expect(other.load({ ...source, items: [] })).rejects.toThrow(/expected a new project/);
    await other.close();
    expect(await store.getProject('broken')).toBeUndefined();
  },
  'writes a project as a folder and reads it back without loss': inFolder(async ({ folder, store, fresh, sqlite }) => {
    const digest = await lived(store, 'folder');
    const out = join(folder, 'project');
    const saved = await saveProjectFolder(store, 'folder', out);
    const state = await store.state('folder');
    expect(saved).toMatchObject({ digest, items: 33, raters: 4, judgments: state.judgments.length });
    const lines = readFileSync(join(out, 'judgments.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(state.judgments);
    await expect(saveProjectFolder(store, 'folder', out)).rejects.toThrow(/expected an empty or new folder/);
    const other = await opened(await fresh());
    expect((await loadProjectFolder(other, out)).digest).toBe(digest);
    // Standing judgments alone make a shorter history with the same state.
    rmSync(join(out, 'records.jsonl'));
    rmSync(join(out, 'raters.jsonl'));
    const third = await opened(await sqlite.fresh());
    await loadProjectFolder(third, out);
    expect((await third.state('folder')).judgments).toEqual(state.judgments);
    expect((await third.check()).filter(({ ok }) => !ok)).toEqual([]);
    rmSync(join(out, 'project.json'));
    expect(() => loadProjectFolder(third, out)).toThrow(/expected project.json, got none/);
    await third.close();
    await other.close();
  }),
  'backs up one moment while raters go on, in a file that appears when it is whole': inFolder(
    async ({ folder, store, fresh }) => {
      await prepared(store, aProject('busy', { overlap: 3 }), { items: 40, raters: 4 });
      const path = join(folder, 'busy.jsonl.gz');
      const [summary] = await Promise.all([
        backupStore(store, path, { createdAt: T0 }),
        ...[0, 1, 2, 3].map((n) => answerAll(store, 'busy', `rater-${n}`, { most: 20 })),
      ]);
      expect(statSync(path).size).toBeGreaterThan(0);
      const other = await opened(await fresh());
      const restored = (await restoreStore(other, path)).find(({ projectId }) => projectId === 'busy')!;
      const records = (await collected(store.history('busy', { until: restored.records }))).map(({ hash }) => hash);
      expect((await collected(other.history('busy'))).map(({ hash }) => hash)).toEqual(records);
      expect(gunzipSync(readFileSync(path)).toString().split('\n').length).toBeGreaterThan(summary!.records);
      await other.close();
    },
  ),
};
