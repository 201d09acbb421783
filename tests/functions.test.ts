import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAst } from 'vite';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');
/** Two screens. */
const MOST_LINES = 120;
/** Longer ones, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {
  'cli/run-service.ts createRunService': 'its calls share the table of processes that it started',
};

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** What a function is called where it is made: by its own name, or that of what it is given to. */
function nameOf(node: Node, parent: Node | undefined): string {
  for (const holder of [node, parent]) {
    if (holder === undefined) continue;
    for (const key of ['id', 'key'] as const) {
      const named: unknown = (holder as Node & { readonly [K in typeof key]?: unknown })[key];
      if (typeof named !== 'object' || named === null) continue;
      if ('name' in named) return String(named.name);
      if ('value' in named) return String(named.value);
    }
  }
  return 'a function without a name';
}

/** Functions of a source text with the lines that they take, those within others too. */
function functionsOf(text: string, lang: 'ts' | 'tsx'): { readonly name: string; readonly lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const visit = (value: unknown, parent?: Node): void => {
    if (Array.isArray(value)) {
      for (const child of value) visit(child, parent);
      return;
    }
    if (!isNode(value)) return;
    if (FUNCTIONS.has(value.type)) {
      found.push({ name: nameOf(value, parent), lines: text.slice(value.start, value.end).split('\n').length });
    }
    for (const child of Object.values(value)) visit(child, value);
  };
  visit(parseAst(text, { lang }));
  return found;
}

/** Sources whose functions do something: a suite of tests is one call that holds a list of cases. */
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !/\.(test|contract)\.tsx?$/.test(file),
);

describe('functions', () => {
  it('are measured with what lies within them, and named where they are made', () => {
    const text =
      'const a = () => {\n  const b = function c() {\n    return 1;\n  };\n};\nclass D {\n  async e() {}\n}\n';
    expect(functionsOf(text, 'ts')).toEqual([
      { name: 'a', lines: 5 },
      { name: 'c', lines: 3 },
      { name: 'e', lines: 1 },
    ]);
  });
  it('fit on two screens', { timeout: 60_000 }, () => {
    const long = sources.flatMap((file) =>
      functionsOf(readFileSync(join(SRC, file), 'utf8'), file.endsWith('x') ? 'tsx' : 'ts')
        .filter(({ lines }) => lines > MOST_LINES)
        .map(({ name, lines }) => ({ id: `${file.replaceAll('\\', '/')} ${name}`, lines })),
    );
    const grown = long.filter(({ id }) => !Object.hasOwn(LONGER, id));
    expect(grown, `cut these up: no function has more than ${MOST_LINES} lines`).toEqual([]);
    // What has become short needs no reason any more.
    expect(long.map(({ id }) => id).sort()).toEqual(Object.keys(LONGER).sort());
  });
});
