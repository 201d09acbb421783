import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOSTILE } from '../../src/web/ui/hostile.fake.ts';
import { settled } from './axe.ts';
import { addProject, QUESTIONS } from './forms.ts';
import { addPeople, browserTests, openScene, type Scene } from './scene.ts';

/** Every text of the corpus as one: what a prompt, a reply, a name or a reason may hold. */
const ALL = HOSTILE.join('\n\n');

browserTests('text of models and people in the pages', () => {
  let scene: Scene;
  const hits: string[] = [];
  /** Notes whatever would show that a text was interpreted: a dialog, a request elsewhere, a page that is left. */
  const watched = (page: Page): Page => {
    page.on('dialog', (dialog) => {
      hits.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(scene.url)) hits.push(`request to ${request.url()}`);
    });
    return page;
  };
  beforeAll(async () => {
    scene = await openScene(async (studio) => {
      const { store } = studio;
      await addProject(store, 'p', {
        name: HOSTILE[1]!,
        items: 0,
        questions: QUESTIONS.map((question) => ({
          ...question,
          required: false,
          title: `${question.title} ${HOSTILE[1]}`,
        })),
        instructions: [{ version: '1', text: ALL, at: '2026-01-01T00:00:00.000Z' }],
        consent: { version: '1', text: ALL },
      });
      const source = { origin: HOSTILE[1]!, selection: HOSTILE[0]! };
      await store.addItems(
        'p',
        HOSTILE.map((text, i) => ({
          id: i === 0 ? HOSTILE[1]! : `item ${i}, with a comma`,
          projectId: 'p',
          prompt: i === 0 ? ALL : text,
          replies: [
            { id: `${i}/a`, text: i === 0 ? ALL : text },
            { id: `${i}/b`, text: `${text} and more` },
          ],
          source,
          facts: HOSTILE,
        })),
      );
      await addPeople(studio, { Olga: 'owner', '<img src=x onerror=alert(1)>': 'rater' }, ['p']);
    });
  });
  afterAll(() => scene?.close());
  /** Nothing of the corpus became an element: scripts and styles are the Studio's own files, and there are no others. */
  const inert = async (page: Page, where: string) => {
    const found = await page.evaluate(() => ({
      elements: [...document.body.querySelectorAll('img, iframe, object, embed, base, meta, link, style, math')].map(
        ({ outerHTML }) => outerHTML,
      ),
      scripts: [...document.scripts]
        .filter(({ src }) => !src.startsWith(location.origin))
        .map(({ outerHTML }) => outerHTML),
      handlers: [...document.querySelectorAll('*')].flatMap((element) =>
        element.getAttributeNames().filter((name) => name.startsWith('on')),
      ),
      links: [...document.links]
        .map(({ protocol }) => protocol)
        .filter((p) => !['http:', 'https:', 'mailto:'].includes(p)),
    }));
    expect({ where, ...found, hits }).toEqual({ where, elements: [], scripts: [], handlers: [], links: [], hits: [] });
  };

  it('is inert wherever it is shown', async () => {
    const rater = watched(await scene.signedIn('<img src=x onerror=alert(1)>'));
    await rater.goto('/judge');
    await settled(rater);
    await inert(rater, 'places to judge');
    await rater.goto('/judge/p');
    await rater.getByRole('button', { name: 'I agree' }).waitFor();
    await inert(rater, 'consent');
    await rater.getByRole('button', { name: 'I agree' }).click();
    for (const task of [1, 2, 3]) {
      await rater.getByRole('heading', { name: `Task ${task}`, exact: true }).waitFor();
      await rater.getByRole('button', { name: /^Mark differences/ }).click();
      await inert(rater, `task ${task}`);
      await rater.getByRole('textbox').last().fill(ALL);
      await rater.getByRole('button', { name: 'Submit' }).click();
    }
    await rater.getByRole('heading', { name: 'Task 4' }).waitFor();
    await rater.getByText('✓ All sent is saved').waitFor();
    await rater.goto('/judge/p/mine');
    await settled(rater);
    await inert(rater, 'own data');

    const owner = watched(await scene.signedIn('Olga'));
    const item = encodeURIComponent(HOSTILE[1]!);
    for (const path of [
      '/projects',
      '/projects/p',
      '/projects/p/items',
      `/projects/p/items/${item}`,
      `/projects/p/items/${encodeURIComponent('item 3, with a comma')}`,
      '/projects/p/adjudicate',
      '/projects/p/raters',
      '/projects/p/records',
      '/projects/p/settings',
      '/people',
    ]) {
      await owner.goto(path);
      await settled(owner);
      await inert(owner, path);
    }
  });

  it('no inline script runs: the policy forbids it', async () => {
    const page = await scene.window();
    page.removeAllListeners('console');
    const answer = await page.goto('/login');
    const policy = answer!.headers()['content-security-policy']!;
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/unsafe-|script-src/);
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      const violated = new Promise<string>((resolve) =>
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), {
          once: true,
        }),
      );
      document.body.append(script);
      return { directive: await violated, title: document.title };
    });
    expect(ran.directive).toMatch(/script-src/);
    expect(ran.title).not.toBe('ran');
  });

  it('the first page takes less than 200 kB of the network', async () => {
    const page = await scene.window();
    const sizes: Promise<number>[] = [];
    page.on('requestfinished', (request) => {
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });
    await page.goto('/');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.waitForLoadState('networkidle');
    const weights = await Promise.all(sizes);
    expect(weights.length).toBeGreaterThan(2);
    expect(weights.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(200_000);
  });
});
