import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALLOWED_IMPORTS, levelsOf } from './house.ts';

const SRC = resolve(import.meta.dirname, '../src');
const IMPORT = /(?:from\s+|import\s*\(\s*|import\s+)['"](\.[^'"]+)['"]/g;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? filesUnder(join(folder, entry.name))
      : /\.tsx?$/.test(entry.name)
        ? [join(folder, entry.name)]
        : [],
  );
}

const partOf = (file: string) => relative(SRC, file).split(/[\\/]/)[0] as string;
const isTest = (file: string) => /\.(test|contract|fake)\.tsx?$/.test(file);

/** Every relative import of a file, resolved, with whether the statement is type-only. */
function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const line = text.slice(text.lastIndexOf('\n', text.lastIndexOf(';', match.index) + 1) + 1, match.index);
    return { target: resolve(dirname(file), match[1] as string), typeOnly: /(import|export)\s+type\b/.test(line) };
  });
}

/** Import statements that break the table or go round a part's public face; the message names what is allowed. */
function violations(files: readonly string[]): string[] {
  const found: string[] = [];
  for (const file of files) {
    const part = partOf(file);
    const allowed = ALLOWED_IMPORTS[part as keyof typeof ALLOWED_IMPORTS] as readonly string[];
    for (const { target } of importsOf(file)) {
      const to = partOf(target);
      if (!target.startsWith(SRC) || to === part) continue;
      const name = relative(SRC, file);
      if (!allowed.includes(to) && !isTest(file)) {
        found.push(`${name} imports ${to}; ${part} may import: ${allowed.join(', ') || 'nothing'}`);
      }
      const door = relative(join(SRC, to), target);
      if (!['index.ts', 'node.ts'].includes(door) && !isTest(file)) {
        found.push(`${name} imports ${to}/${door}; use ${to}/index.ts (or ${to}/node.ts where there is one)`);
      }
    }
  }
  return found;
}

/** Parts that the source of each part imports, as in the table. */
function usedImports(files: readonly string[]): Record<string, string[]> {
  const used: Record<string, string[]> = {};
  for (const [part, allowed] of Object.entries(ALLOWED_IMPORTS)) {
    const own = files.filter((file) => partOf(file) === part);
    const reached = new Set(own.flatMap((file) => importsOf(file).map(({ target }) => partOf(target))));
    used[part] = (allowed as readonly string[]).filter((to) => reached.has(to));
  }
  return used;
}

/** Files that a file reaches by imports that remain in the built code. */
function reachedFrom(door: string): string[] {
  const reached = new Set([door]);
  for (const file of reached) {
    for (const { target, typeOnly } of importsOf(file)) if (!typeOnly && /\.tsx?$/.test(target)) reached.add(target);
  }
  return [...reached];
}

/** Groups of files that import each other, by value or, with `types`, by type too: strongly connected components (Tarjan). */
function circles(files: readonly string[], { types = false } = {}): string[][] {
  const edges = new Map(
    files.map((f) => [
      f,
      importsOf(f)
        .filter((i) => types || !i.typeOnly)
        .map((i) => i.target),
    ]),
  );
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (v: string) => {
    index.set(v, index.size);
    low.set(v, index.get(v) as number);
    stack.push(v);
    for (const w of edges.get(v) ?? []) {
      if (!edges.has(w)) continue;
      if (!index.has(w)) {
        visit(w);
        low.set(v, Math.min(low.get(v) as number, low.get(w) as number));
      } else if (stack.includes(w)) low.set(v, Math.min(low.get(v) as number, index.get(w) as number));
    }
    if (low.get(v) === index.get(v)) {
      const group = stack.splice(stack.indexOf(v));
      if (group.length > 1) cycles.push(group.map((f) => relative(SRC, f)).sort());
    }
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return cycles;
}

describe('the house', () => {
  const all = filesUnder(SRC);
  const source = all.filter((f) => !isTest(f));

  it('imports only downwards, through the public face', () => {
    expect(violations(all)).toEqual([]);
  });
  it('grants no import that nobody uses', () => {
    expect(usedImports(source)).toEqual(ALLOWED_IMPORTS);
  });
  it('has a level for every part', () => {
    expect(levelsOf(ALLOWED_IMPORTS).flat().sort()).toEqual(Object.keys(ALLOWED_IMPORTS).sort());
    expect(levelsOf({ top: ['left', 'right'], left: [], right: ['left'] })).toEqual([['left'], ['right'], ['top']]);
    expect(levelsOf({ floor: [], egg: ['hen', 'floor'], hen: ['egg'] })).toEqual([['floor']]);
  });
  it('has no circle of files, by value', () => {
    expect(circles(source)).toEqual([]);
  });
  it('has no circle of files, by type', () => {
    expect(circles(source, { types: true })).toEqual([]);
  });
  it('reaches no node module from a face beside a node door', () => {
    const faces = Object.keys(ALLOWED_IMPORTS)
      .filter((part) => existsSync(join(SRC, part, 'node.ts')))
      .map((part) => join(SRC, part, 'index.ts'));
    expect(faces.length).toBeGreaterThan(2);
    for (const face of faces) {
      const touching = reachedFrom(face).filter((file) => /from\s+'node:/.test(readFileSync(file, 'utf8')));
      expect({ face, touching }).toEqual({ face, touching: [] });
    }
  });
  it('has for every part an index, and a tsconfig that references exactly the allowed parts', () => {
    const parts = readdirSync(SRC).sort();
    expect(parts).toEqual(Object.keys(ALLOWED_IMPORTS).sort());
    for (const [part, allowed] of Object.entries(ALLOWED_IMPORTS)) {
      const config = JSON.parse(readFileSync(join(SRC, part, 'tsconfig.json'), 'utf8'));
      const referenced = config.references.map((r: { path: string }) => r.path.replace('../', '')).sort();
      expect({ part, referenced }).toEqual({ part, referenced: [...allowed].sort() });
      expect(filesUnder(join(SRC, part))).toContain(join(SRC, part, 'index.ts'));
    }
  });
  it('has every part in the README’s map', () => {
    const readme = readFileSync(resolve(SRC, '../README.md'), 'utf8');
    const mapped = [...readme.matchAll(/^src\/(\S+) /gm)].map(([, part]) => part);
    expect(mapped.sort()).toEqual(Object.keys(ALLOWED_IMPORTS).sort());
  });
  it('holds every file under 800 lines', () => {
    const long = source.filter((f) => readFileSync(f, 'utf8').split('\n').length > 800).map((f) => relative(SRC, f));
    expect(long).toEqual([]);
  });
});
