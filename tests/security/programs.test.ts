import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { filesBelow } from '../../src/run/node.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = filesBelow(join(ROOT, 'src'))
  .filter((path) => path.endsWith('.ts') && !/\.(test|fake|contract)\.ts$/.test(path) && !path.startsWith('web/'))
  .map((path) => ({ path: `src/${path}`, text: readFileSync(join(ROOT, 'src', path), 'utf8') }));

describe('programs of ours', () => {
  it('all close the prototype of objects first: commands, threads and processes', () => {
    const started = SOURCES.flatMap(({ path, text }) =>
      [...text.matchAll(/(?<!function )start(?:Thread|Process)\(\s*[\w.]+,\s*'([\w-]+)'/g)].map((match) =>
        join(dirname(path), `${match[1]}.ts`),
      ),
    );
    expect(started.length).toBeGreaterThan(5);
    for (const path of [...started, 'src/cli/main.ts'])
      expect(readFileSync(join(ROOT, path), 'utf8'), path).toMatch(/closeObjectPrototype\(\);|answerCalls(<[^;]*>)?\(/);
  });
  it('are started in few places, with an environment of named variables', () => {
    const makers = SOURCES.filter(({ text }) =>
      /^import \{(?! type [^,]* \}).*\} from 'node:child_process'|\bnew Worker\(/m.test(text),
    ).map(({ path }) => path);
    const threads = 'src/run/threads.ts';
    expect(makers.sort()).toEqual([
      'src/cli/process-identity.ts',
      'src/cli/run-process.ts',
      'src/run/processes.ts',
      threads,
    ]);
    for (const { path, text } of SOURCES.filter(({ path: each }) => makers.includes(each) && each !== threads)) {
      expect(text, path).toMatch(/\benv\b/);
      expect(text, path).not.toMatch(/env: process\.env|\.\.\.process\.env|shell: true/);
    }
  });
});
