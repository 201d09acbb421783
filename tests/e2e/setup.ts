import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BrowserServer } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { findChromium, serveChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the one browser of all these tests listens; null where there is none. */
    readonly chromium: string | null;
  }
}

let server: BrowserServer | undefined;

/** Before the browser tests: the command and the pages built, one Chromium started. */
export async function setup(project: TestProject): Promise<void> {
  const path = findChromium();
  if (path === undefined) {
    process.stderr.write(
      'browser tests skipped: no Chromium on this machine; install one (apt-get install chromium), or name it in GOODHART_CHROMIUM\n',
    );
    project.provide('chromium', null);
    return;
  }
  // The command brings dist/ and the pages up to date before it does anything.
  const command = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
  const built = spawnSync(process.execPath, [command, '--version'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stderr}`);
  server = await serveChromium(path);
  project.provide('chromium', server.wsEndpoint());
}

export async function teardown(): Promise<void> {
  await server?.close();
}
