import { existsSync } from 'node:fs';
import { type Browser, type BrowserServer, chromium } from 'playwright-core';

/** Where systems keep a Chromium; `GOODHART_CHROMIUM` names another. Nothing is downloaded. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium on this machine, or undefined. */
export function findChromium(): string | undefined {
  const named = process.env.GOODHART_CHROMIUM;
  return named !== undefined && named !== '' ? named : PLACES.find((path) => existsSync(path));
}

const optionsFor = (executablePath: string) => ({
  executablePath,
  // Its sandbox refuses to work for root, which is who runs containers. Pages here are the Studio's own only.
  args: ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  // The same pictures on every machine, as far as fonts allow.
  env: { ...process.env, LANG: 'en_GB.UTF-8' } as Record<string, string>,
});

export const serveChromium = (path: string): Promise<BrowserServer> => chromium.launchServer(optionsFor(path));
export const launchChromium = (path: string): Promise<Browser> => chromium.launch(optionsFor(path));
