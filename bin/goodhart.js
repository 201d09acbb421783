#!/usr/bin/env node
/**
 * Entry of the `goodhart` command. In a checkout it first brings dist/ up to date (half a second when nothing changed),
 * so that a fresh clone runs after `npm ci` alone; an installed package has no src/ and goes straight on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/typescript/bin/tsc`;

if (existsSync(`${root}src`) && existsSync(compiler)) {
  const build = spawnSync(process.execPath, [compiler, '-b', root], { stdio: ['ignore', 2, 2] });
  if (build.signal === 'SIGINT') process.exit(130);
  if (build.status !== 0) {
    process.stderr.write('goodhart: the build failed; see the messages above\n');
    process.exit(3);
  }
}
const { main } = await import(new URL('../dist/cli/main.js', import.meta.url).href);
await main(process.argv);
