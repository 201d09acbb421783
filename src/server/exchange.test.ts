import { afterEach, expect, it } from 'vitest';
import { importText } from './exchange.ts';
import { openTestStudio, type TestStudio, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

it('others get their turn while a file is read in: they see it half done', async () => {
  studio = await openTestStudio();
  const { store } = studio;
  await store.putProject(testProject());
  const rows = 450;
  const text = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ prompt: `question ${i}`, chosen: `yes ${i}`, rejected: `no ${i}` }),
  ).join('\n');
  const seen = new Set<number>();
  let done = false;
  const look = async () => {
    while (!done) {
      seen.add((await store.progress('p')).records);
      await new Promise(setImmediate);
    }
  };
  const looking = look();
  const summary = await importText(store, testProject(), { layout: 'auto', fileName: 'pairs.jsonl', text });
  done = true;
  await looking;
  expect(summary).toMatchObject({ items: rows, judgments: rows, rejectedCount: 0 });
  expect([...seen].filter((records) => records > 0 && records < rows).length).toBeGreaterThanOrEqual(3);
  expect((await store.progress('p')).records).toBe(rows);
});
