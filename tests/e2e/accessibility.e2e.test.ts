import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_INVITATION, DEMO_PASSWORD, seedDemo } from '../../scripts/studio-seed.ts';
import { expectAccessible, settled } from './axe.ts';
import { browserTests, openScene, PASSWORD, type Scene } from './scene.ts';

/** Every screen that a seeded Studio without runs has, by who sees it. */
const SCREENS: Readonly<Record<'lead' | 'owner' | 'auditor', readonly string[]>> = {
  lead: [
    '/projects',
    '/projects/new',
    '/projects/harbour',
    '/projects/harbour/items',
    '/projects/harbour/items?show=disagreement',
    '/projects/harbour/items/item-0',
    '/projects/harbour/adjudicate',
    '/projects/harbour/raters',
    '/projects/harbour/quality',
    '/projects/harbour/records',
    '/projects/harbour/run',
    '/projects/harbour/settings',
    '/projects/every-kind/settings',
    '/projects/every-kind/quality',
    '/projects/every-kind/adjudicate',
    '/runs',
    '/runs/new',
    '/runs/compare',
    '/account',
  ],
  owner: ['/people'],
  auditor: ['/projects/harbour', '/projects/harbour/raters', '/nowhere'],
};

browserTests('axe finds nothing', () => {
  let scene: Scene;
  beforeAll(async () => {
    expect(DEMO_PASSWORD).toBe(PASSWORD);
    scene = await openScene(({ store }) => seedDemo(store));
  });
  afterAll(() => scene?.close());

  it.each(Object.entries(SCREENS))('on the screens of the %s', async (role, paths) => {
    const page = await scene.signedIn(role);
    for (const path of paths) {
      await page.goto(path);
      await settled(page);
      await expectAccessible(page, path);
    }
  });

  it('before anybody is signed in', async () => {
    const page = await scene.window();
    for (const path of ['/login', '/setup/wrong', '/join/wrong', `/join/${DEMO_INVITATION}`]) {
      await page.goto(path);
      await settled(page);
      await expectAccessible(page, path);
    }
  });

  it('at the desk, from consent to the end, its windows included', async () => {
    const page = await scene.signedIn('rater');
    const check = (name: string) => expectAccessible(page, name);
    await page.goto('/judge');
    await settled(page);
    await check('places');
    await page.goto('/judge/every-kind');
    await page.getByRole('button', { name: 'I agree' }).waitFor();
    await check('consent');
    await page.getByRole('button', { name: 'I agree' }).click();
    await page.getByRole('heading', { name: 'Task 1' }).waitFor();
    await page.getByRole('button', { name: /^Move reply A/ }).waitFor();
    await check('a form of every kind, empty');
    await page.getByRole('radio', { name: 'A is best' }).check();
    await check('a form of every kind, begun');
    await page.keyboard.press('Control+Enter');
    await check('what is missing');
    const dialog = async (key: string, title: string) => {
      await page.keyboard.press('Escape');
      await page.keyboard.press(key);
      await page.getByRole('dialog', { name: title }).waitFor();
      await check(title);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await dialog('?', 'Keys');
    await dialog('s', 'Skip this task');
    await dialog('r', 'Report a problem');
    await page.goto('/judge/every-kind/mine');
    await settled(page);
    await check('own data, empty');
    await page.goto('/judge/harbour');
    await page.getByRole('heading', { name: 'Task 1' }).waitFor();
    await check('a comparison');
    await dialog('i', 'Instructions');
    await page.getByRole('button', { name: /^Mark differences/ }).click();
    await check('differences');
    await page.setViewportSize({ width: 390, height: 800 });
    await check('on a phone');
    await noOverflow(page, 'judging');
  });

  it('no page is wider than a phone', async () => {
    const page = await scene.signedIn('owner', { viewport: { width: 390, height: 800 } });
    for (const path of [...SCREENS.lead, ...SCREENS.owner]) {
      await page.goto(path);
      await settled(page);
      await noOverflow(page, path);
    }
  });
});

async function noOverflow(page: Page, name: string): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect({ name, wide }).toEqual({ name, wide: 0 });
}
