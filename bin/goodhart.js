#!/usr/bin/env node
/**
 * Entry of the `goodhart` command. In a checkout it first brings dist/ up to date (half a second when nothing changed),
 * so that a fresh clone runs after `npm ci` alone; an installed package has no src/ and goes straight on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/typescript/bin/tsc`;

function fail() {
  process.stderr.write('goodhart: the build failed; see the messages above\n');
  process.exit(3);
}

/** A part and those that it is compiled against, as its tsconfig says. The pages take types alone of the server. */
function partAndBelow(part) {
  const { references = [] } = JSON.parse(readFileSync(`${root}src/${part}/tsconfig.json`, 'utf8'));
  const below = part === 'server' ? [] : references.map(({ path }) => path.replace('../', ''));
  return [part, ...below.flatMap(partAndBelow)];
}
/** What the pages are made of: their own sources, the parts whose code they share, and how they are bundled. */
const pagesFolders = () => [...new Set(partAndBelow('web'))].map((part) => `${root}src/${part}`);

/** Whether a file is missing or older than one of others. */
function isOlder(file, others) {
  if (!existsSync(file)) return true;
  const made = statSync(file).mtimeMs;
  return others.some((other) => statSync(other).mtimeMs > made);
}
const filesIn = (folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));

if (existsSync(`${root}src`) && existsSync(compiler)) {
  const build = spawnSync(process.execPath, [compiler, '-b', root], { stdio: ['ignore', 2, 2] });
  if (build.signal === 'SIGINT') process.exit(130);
  if (build.status !== 0) fail();
  if (isOlder(`${root}dist/studio/index.html`, [`${root}vite.config.ts`, ...pagesFolders().flatMap(filesIn)])) {
    const bundler = `${root}node_modules/vite/bin/vite.js`;
    const pages = spawnSync(process.execPath, [bundler, 'build', '--logLevel', 'error'], {
      cwd: root,
      // The bundler would take over what a test runner has set, and bundle React as it is for its developers.
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 2, 2],
    });
    if (pages.status !== 0) fail();
  }
}
const { main } = await import(new URL('../dist/cli/main.js', import.meta.url).href);
await main(process.argv);
