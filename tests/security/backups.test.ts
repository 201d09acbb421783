import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { backupStore, restoreStore } from '../../src/store/index.ts';
import { aProject, opened, someItems, sqlitePlaces } from '../../src/store/places.fake.ts';

/** Digests say that a backup was not altered since it was made, and nothing of who made it. */
const places = sqlitePlaces();
afterAll(() => places.dispose());

/** The lines of a backup with one altered, and its digest made anew. */
function forged(path: string, change: (line: Record<string, unknown>) => Record<string, unknown> | undefined): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const changed = lines.slice(0, -1).map((line) => {
    const other = change(JSON.parse(line) as Record<string, unknown>);
    return other === undefined ? line : JSON.stringify(other);
  });
  const hash = createHash('sha256');
  for (const line of changed) hash.update(`${line}\n`);
  const end = JSON.parse(lines.at(-1)!) as object;
  const out = `${path}.forged.jsonl`;
  writeFileSync(out, [...changed, JSON.stringify({ ...end, sha256: hash.digest('hex') }), ''].join('\n'));
  return out;
}

describe('a stranger’s backup', () => {
  it('has its rows read as if from a stranger, and nothing is kept of one that has another form', async () => {
    const store = await opened(await places.fresh());
    await store.putProject(aProject('p'));
    await store.addItems('p', someItems('p', 2));
    const path = `${await places.fresh()}.jsonl`;
    await backupStore(store, path, { createdAt: '2026-01-01T00:00:00.000Z' });
    await store.close();
    const into = await opened(await places.fresh());
    try {
      type Line = Record<string, unknown>;
      const ofType = (type: string, change: (part: Line) => unknown) => (line: Line) =>
        line.type === type ? { ...line, [type]: change(line[type] as Line) } : undefined;
      const changes: readonly ((line: Line) => Line | undefined)[] = [
        ofType('item', (item) => ({ ...item, prompt: { html: '<script>' } })),
        ofType('item', (item) => ({ ...item, replies: 'none' })),
        ofType('item', () => null),
        ofType('project', (project) => ({ ...project, questions: { length: 1e9 } })),
        ofType('project', () => JSON.parse('{"__proto__":{"polluted":true}}') as Line),
        (line) => (line.type === 'item' ? { ...line, type: '__proto__' } : undefined),
      ];
      for (const [i, change] of changes.entries()) {
        const refused = restoreStore(into, forged(path, change));
        await expect(refused, `change ${i}`).rejects.toThrow(/^[^\n]*forged\.jsonl:\d+: [^\n]*$/);
      }
      expect(await into.listProjects()).toEqual([]);
      expect(
        await restoreStore(
          into,
          forged(path, () => undefined),
        ),
      ).toHaveLength(1);
    } finally {
      await into.close();
    }
  });
});
