import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Judgment } from '../../src/feedback/index.ts';
import { openStore } from '../../src/store/index.ts';
import { startStudioProcess } from './command.ts';
import { addProject } from './forms.ts';
import { freePort } from './free-port.ts';
import { addPeople, browserTests, openScene, sceneAt } from './scene.ts';

/** Answers the task on screen. */
async function answer(page: Page, task: number): Promise<void> {
  await page.getByRole('heading', { name: `Task ${task}`, exact: true }).waitFor();
  for (const key of ['a', '2', 'Enter']) await page.keyboard.press(key);
  await page.getByRole('heading', { name: `Task ${task}`, exact: true }).waitFor({ state: 'detached' });
}
const allSaved = (page: Page) => page.getByText('✓ All sent is saved').waitFor();
const itemsOf = (judgments: readonly Judgment[]) => judgments.map(({ itemId }) => itemId);

browserTests('a lost connection', () => {
  it('keeps answers in the browser, says so, survives a reload, and sends each once', async () => {
    const scene = await openScene(async (studio) => {
      await addProject(studio.store, 'p', { items: 8 });
      await addPeople(studio, { Rita: 'rater' }, ['p']);
    });
    try {
      const judgments = async () => (await scene.studio!.store.state('p')).judgments;
      const page = await scene.signedIn('Rita');
      await page.goto('/judge/p');
      await answer(page, 1);
      await allSaved(page);
      // Tasks ahead are there before the connection goes.
      await page.getByRole('heading', { name: 'Task 2' }).waitFor();
      await page.context().setOffline(true);
      await answer(page, 2);
      await page.getByText('1 answer waiting, saved here.').waitFor();
      expect((await judgments()).length).toBe(1);
      await page.context().setOffline(false);
      await allSaved(page);
      await expect.poll(async () => (await judgments()).length).toBe(2);

      await page.getByRole('heading', { name: 'Task 3' }).waitFor();
      await page.context().setOffline(true);
      await answer(page, 3);
      await page.getByText('1 answer waiting, saved here.').waitFor();
      // The page itself cannot be had without the server; the answer waits for its next load.
      await page.reload().catch(() => {});
      await page.context().setOffline(false);
      await page.goto('/judge/p');
      await page.getByRole('heading', { name: 'Task 4' }).waitFor();
      await allSaved(page);
      await expect.poll(async () => (await judgments()).length).toBe(3);
      const stored = itemsOf(await judgments());
      expect(new Set(stored).size).toBe(stored.length);
    } finally {
      await scene.close();
    }
  });

  it('a killed and restarted server loses nothing that was acknowledged, and gets the rest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodhart-e2e-'));
    const file = join(folder, 'studio.db');
    const store = await openStore(file, { create: true });
    await addProject(store, 'p', { items: 8 });
    await addPeople({ store }, { Rita: 'rater' }, ['p']);
    await store.close();
    const port = await freePort();
    let server = await startStudioProcess(folder, port);
    const scene = await sceneAt(server.url, { folder, end: () => server.kill('SIGKILL') });
    try {
      const page = await scene.signedIn('Rita');
      await page.goto('/judge/p');
      await answer(page, 1);
      await answer(page, 2);
      await allSaved(page);
      await page.getByRole('heading', { name: 'Task 3' }).waitFor();
      await server.kill('SIGKILL');
      await answer(page, 3);
      await page.getByText('1 answer waiting, saved here.').waitFor();
      server = await startStudioProcess(folder, port);
      expect(server.url).toBe(scene.url);
      await page.getByRole('button', { name: 'Send now' }).click();
      await allSaved(page);
      await answer(page, 4);
      await allSaved(page);
      await server.kill('SIGKILL');
      const after = await openStore(file);
      const { judgments } = await after.state('p');
      await after.close();
      expect(judgments.length).toBe(4);
      expect(new Set(itemsOf(judgments)).size).toBe(4);
    } finally {
      await scene.close();
    }
  });
});
