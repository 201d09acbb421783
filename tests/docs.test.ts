import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Code in the documents, taken from the page and run as a user's own file that imports the package by its name. */

const ROOT = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'goodhart-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules/goodhart'), 'dir');
symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'dir');

/** The only TypeScript block of a page, written to a file; exports resolve to the sources. */
function extract(page: string): { file: string; code: string } {
  const blocks = [...readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBe(1);
  const file = join(folder, `${page}.mts`);
  writeFileSync(file, blocks[0]![1]!);
  return { file, code: blocks[0]![1]! };
}

function execute(file: string, ...args: readonly string[]): string[] {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--conditions=goodhart-source', file, ...args], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  return run.stdout.trim().split('\n');
}

describe('src/store/README.md', () => {
  it('names files that are there', () => {
    const text = readFileSync(join(ROOT, 'src/store/README.md'), 'utf8');
    const named = [...new Set([...text.matchAll(/`([\w.-]+\.ts)`/g)].map(([, name]) => name!))];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existsSync(join(ROOT, 'src/store', name)))).toEqual([]);
  });
});

describe('docs/training-loop.md', () => {
  it('is a whole loop in at most 40 lines, learns what it is told, and resumes', () => {
    const { file, code } = extract('training-loop');
    expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    const checkpoints = join(folder, 'checkpoints');
    const scores = execute(file, checkpoints).map((line) => line.split(' ').map(Number) as [number, number]);
    expect(scores.map(([step]) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    const mean = (part: typeof scores) => part.reduce((sum, [, score]) => sum + score, 0) / part.length;
    expect(mean(scores.slice(-5))).toBeGreaterThan(mean(scores.slice(0, 5)) + 1);
    // Cut back to step 29, it takes the last step again to the same score.
    rmSync(join(checkpoints, 'step-30'), { recursive: true });
    expect(execute(file, checkpoints)).toEqual([`30 ${scores.at(-1)![1].toFixed(2)}`]);
  });
});

describe('docs/custom-loss.md', () => {
  it('falls from log 2 a pair', () => {
    const losses = execute(extract('custom-loss').file).map((line) => Number(line.split(' ')[1]));
    expect(losses[0]).toBeCloseTo(2 * Math.LN2, 3);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });
});

describe('docs/real-models.md', () => {
  it('adapts a published model and hands it out again', () => {
    const out = join(folder, 'tuned');
    const published = join(ROOT, 'fixtures/pretrained/llama');
    const losses = execute(extract('real-models').file, published, out).map((line) => Number(line.split(' ')[1]));
    expect(losses.length).toBe(10);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const { model_type: family } = JSON.parse(readFileSync(join(out, 'published/config.json'), 'utf8'));
    expect(family).toBe('llama');
  });
});

describe('all', () => {
  it('compile under strict settings', () => {
    const pages = ['training-loop', 'custom-loss', 'real-models'].map((page) => extract(page).file);
    const config = join(folder, 'tsconfig.json');
    const compilerOptions = {
      ...{ target: 'ES2022', lib: ['ES2023'], module: 'NodeNext', moduleResolution: 'NodeNext', strict: true },
      ...{ noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true, types: ['node'] },
      ...{ customConditions: ['goodhart-source'], allowImportingTsExtensions: true },
    };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: pages }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const run = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
    expect(run.stdout).toBe('');
    expect(run.status).toBe(0);
  });
});

describe('the public exports', () => {
  it('lead to files that are there, each with its types', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    for (const [name, places] of Object.entries(exports)) {
      if (typeof places === 'string') continue;
      const source = places['goodhart-source']!;
      expect({ name, there: existsSync(join(ROOT, source)) }).toEqual({ name, there: true });
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      expect(places).toMatchObject({ types: `${built}.d.ts`, default: `${built}.js` });
      // A part that is public is so with its file effects.
      const door = name.replace('./', './src/');
      if (existsSync(join(ROOT, door, 'node.ts'))) expect(Object.keys(exports)).toContain(`${name}/node`);
    }
  });
});
