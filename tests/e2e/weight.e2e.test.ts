import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedDemo } from '../../scripts/studio-seed.ts';
import { browserTests, openScene, type Scene } from './scene.ts';

/** Bytes a first visit may take, headers included; that of the sign-in page is in `safety.e2e.test.ts`. */
const MOST = 200_000;

browserTests('weight of a first visit', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(({ store }) => seedDemo(store));
  });
  afterAll(() => scene?.close());

  it.each([
    ['judging', 'rater', '/judge/harbour', /^Task /],
    ['projects', 'lead', '/projects', 'Projects'],
    ['quality', 'lead', '/projects/harbour/quality', 'Summary'],
    ['runs', 'auditor', '/runs', 'Runs'],
  ] as const)('%s', async (_, who, path, heading) => {
    const page = await scene.signedIn(who);
    await page.goto(path);
    await page.getByRole('heading', { name: heading }).first().waitFor();
    const fetched = await page.evaluate(() => {
      const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      return (entries as PerformanceResourceTiming[]).map(({ name, transferSize }) => ({ name, transferSize }));
    });
    expect(fetched.reduce((sum, { transferSize }) => sum + transferSize, 0)).toBeLessThan(MOST);
  });

  it('scripts come packed, are kept for good, and the page itself is asked for each time', async () => {
    const page = await scene.window();
    const [script] = await Promise.all([
      page.waitForResponse((response) => response.url().includes('/assets/index-')),
      page.goto('/login'),
    ]);
    expect(await script.allHeaders()).toMatchObject({
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const html = await page.request.get('/login');
    expect(html.headers()['cache-control']).toBe('no-cache');
  });
});
