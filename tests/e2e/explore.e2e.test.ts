import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chainsSection, EVIDENCE_KINDS, evidenceKind, followChains, runAudit } from '../../src/audit/index.ts';
import { expectAccessible, settled } from './axe.ts';
import { addPeople, browserTests, openScene, type Scene } from './scene.ts';

const PHONE = { width: 390, height: 800 };

/** A run folder as far as its audit goes: what the example row of every kind of evidence shows. */
function writeRun(folder: string): void {
  const evidence = Object.fromEntries(EVIDENCE_KINDS.map((id) => [id, [evidenceKind(id).example]]));
  const findings = runAudit(evidence, { seed: 1 }).map((finding) =>
    finding.probe === 'sycophancy'
      ? {
          ...finding,
          verdict: 'failure' as const,
          because: 'interval-above-failure-threshold',
          estimate: 0.5,
          interval: { low: 0.4, high: 0.6, level: 0.95 },
          n: 20,
        }
      : finding,
  );
  const files = {
    'run.json': {
      config: { name: 'made', seed: 1 },
      command: 'goodhart run made.yaml',
      versions: {},
      startedAt: '2026-01-01T00:00:00Z',
    },
    'findings.json': findings,
    'report.json': {
      title: 'made',
      note: 'Made for a test.',
      sections: [chainsSection(followChains(evidence, { seed: 1, findings }))],
    },
  };
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(content));
}

async function expectFits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect({ at: page.url(), wide }).toEqual({ at: page.url(), wide: 0 });
}

browserTests('measures that became targets', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(async (studio, folder) => {
      await addPeople(studio, { owner: 'owner' }, []);
      writeRun(join(folder, 'runs', 'made-1'));
    });
  });
  afterAll(() => scene?.close());

  it('anybody explores over-optimisation: by keyboard, with a link for every state, on a phone in the dark too', async () => {
    const page = await scene.window();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto('/login');
    await page.getByRole('link', { name: 'explore over-optimisation' }).click();
    await page.getByText(/^The score rose by .* while true utility fell/).waitFor();
    await page.getByRole('link', { name: /^Honest and well fed/ }).click();
    await page.getByText(/so far the measure leads where it should/).waitFor();
    await page.getByRole('slider', { name: 'Like to be agreed with' }).focus();
    await page.keyboard.press('End');
    await page.waitForURL(/sycophantic=8/);
    await page.getByText(/learned to agree with users who are wrong/).waitFor();
    await page.getByRole('row', { name: /pandering-raters.*failure/ }).waitFor();
    await page.getByText('It entered with the raters.').first().waitFor();
    const sentence = await page.getByText(/^The score rose by/).innerText();
    await expectAccessible(page, 'explore');
    // Of the server it asks for its own code, and whether somebody is signed in.
    expect([...new Set(asked.filter((path) => path.startsWith('/api/')))]).toEqual(['/api/session']);
    const other = await scene.window({ viewport: PHONE, colorScheme: 'dark' });
    await other.goto(page.url());
    await other.getByText(sentence).waitFor();
    expect(await other.getByRole('slider', { name: 'Like to be agreed with' }).inputValue()).toBe('8');
    await expectFits(other);
    await expectAccessible(other, 'explore on a phone');
  });

  it('an audit shows every probe of a challenge with its method and controls, and where it entered', async () => {
    const page = await scene.signedIn('owner', { viewport: PHONE });
    await page.goto('/runs/made-1/audit');
    await page.getByRole('heading', { name: 'Agreement with a mistaken user' }).waitFor();
    await settled(page);
    await expectFits(page);
    await expectAccessible(page, 'matrix');
    await page.getByRole('link', { name: /^H2 / }).first().click();
    await page.getByRole('img', { name: /^Alarms of sycophancy by dose/ }).waitFor();
    await page
      .getByText(/Strategies of the survey|The survey’s strategies/)
      .first()
      .waitFor();
    await page
      .getByRole('row', { name: /^look-alike/ })
      .first()
      .waitFor();
    await settled(page);
    await expectFits(page);
    await expectAccessible(page, 'challenge');
    expect(await page.locator('main').innerText()).not.toMatch(/\bpass(ed|es)?\b|\bsafe\b/i);
  });
});
