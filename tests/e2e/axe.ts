import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { PATIENCE_MS } from './scene.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(where: unknown, options: RunOptions): Promise<AxeResults>;
}

/** Waits until a page has its heading, and nothing in it is still being fetched. */
export async function settled(page: Page): Promise<void> {
  await page
    .locator('h1')
    .first()
    .waitFor()
    .catch((cause) => {
      throw new Error(`${page.url()} got no heading`, { cause });
    });
  await expect
    .poll(
      () =>
        page
          .getByRole('status')
          .filter({ hasText: /^Loading|^Fetching/ })
          .count(),
      { timeout: PATIENCE_MS },
    )
    .toBe(0);
}

/** Expects that axe finds nothing on a page as it stands; of all rules only those of colour differ between light and dark. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Evaluated from outside, so that the policy of the pages stays as it is.
    if (colorScheme === 'light') await page.evaluate(AXE);
    const violations = await page.evaluate(async (dark) => {
      const { axe } = globalThis as unknown as { axe: Axe };
      const only = dark ? { runOnly: ['color-contrast'] } : {};
      const { violations } = await axe.run(document, { resultTypes: ['violations'], ...only });
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
    }, colorScheme === 'dark');
    expect({ name, colorScheme, violations }).toEqual({ name, colorScheme, violations: [] });
  }
}
