import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = `import { main } from ${JSON.stringify(new URL('../../src/cli/main.ts', import.meta.url).href)};
await main(process.argv);`;

/** Everything below a folder. */
const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));

it.skipIf(process.platform === 'win32')(
  'what commands write is readable by whoever runs them and by nobody else',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodhart-private-'));
    try {
      const script = join(folder, 'main.mjs');
      writeFileSync(script, MAIN);
      const pairs = join(folder, 'pairs.jsonl');
      writeFileSync(
        pairs,
        '{"chosen":"\\n\\nHuman: a\\n\\nAssistant: b","rejected":"\\n\\nHuman: a\\n\\nAssistant: c"}\n',
      );
      const out = join(folder, 'out');
      mkdirSync(out);
      const run = (...args: string[]) =>
        // Whatever the shell's own mask is.
        spawnSync('sh', ['-c', 'umask 000; exec "$0" "$@"', process.execPath, '--import', 'tsx', script, ...args], {
          encoding: 'utf8',
        });
      const imported = run('import', 'hh-rlhf', pairs, '--out', join(out, 'project'));
      expect({ status: imported.status, err: imported.stderr }).toMatchObject({ status: 0 });
      const project = { id: 'p', name: 'P', createdAt: 'x', questions: [{ id: 'q', title: 'Q?', kind: 'comparison' }] };
      writeFileSync(join(folder, 'form.json'), JSON.stringify(project));
      const made = run('store', 'create', join(folder, 'form.json'), '--store', join(out, 'store.db'));
      expect({ status: made.status, err: made.stderr }).toMatchObject({ status: 0 });
      const written = below(out);
      expect(written.length).toBeGreaterThan(3);
      for (const path of written) {
        const { mode } = statSync(path);
        expect({ path, others: mode & 0o077 }).toEqual({ path, others: 0 });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
