import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSync } from 'recheck';
import { parseSync } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

/** The part of a syntax tree that is looked at here. */
interface Node {
  readonly type?: string;
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly name?: string };
}

/** Every node of the syntax tree of a file. */
function* nodesIn(file: string): Generator<Node> {
  const left: unknown[] = [parseSync(file, readFileSync(file, 'utf8')).program];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    yield node as Node;
    for (const part of Object.values(node)) if (part !== null) left.push(part);
  }
}

/** Every regular expression written in a file. */
function patternsIn(file: string): { pattern: string; flags: string }[] {
  const found: { pattern: string; flags: string }[] = [];
  for (const { type, regex } of nodesIn(file)) if (type === 'Literal' && regex !== undefined) found.push(regex);
  return found;
}

/** How often a file makes a pattern out of texts. */
function madeIn(file: string): number {
  let made = 0;
  for (const { type, callee } of nodesIn(file))
    if ((type === 'NewExpression' || type === 'CallExpression') && callee?.name === 'RegExp') made += 1;
  return made;
}

/** Patterns that are made of texts, by file, as they come out. Those of a tokenizer are a stranger's (`tokenizers.test.ts`). */
const MADE: Readonly<Record<string, readonly string[]>> = {
  'exchange/layouts/conversation.ts': [
    '\\n\\n(Human|Assistant|System|Developer|Tool):',
    '\\n\\n(\\\\*)(Human|Assistant|System|Developer|Tool):',
    '\\n\\n\\\\(\\\\*)(Human|Assistant|System|Developer|Tool):',
  ],
  'feedback/turns.ts': [
    '\\n\\n(Human|Assistant|System|Developer|Tool):',
    '\\n\\n\\\\(\\\\*)(Human|Assistant|System|Developer|Tool):',
  ],
  // Control tokens, each character for itself.
  'text/chat-template.ts': ['<\\|im_start\\|>|<\\|im_end\\|>|</?s>|a\\+\\+'],
  // Added tokens, and what a normalizer replaces: the same.
  'text/added-tokens.ts': ['<\\|im_start\\|>|</?s>|a\\+\\+'],
  'text/tokenizer-parts.ts': ['a\\+\\+\\(b\\)'],
  'text/words.ts': ["[\\p{L}\\p{M}\\p{N}']+", "[\\p{L}\\p{M}\\p{N}']+|[^\\s\\p{L}\\p{M}\\p{N}]"],
};

const isProduct = (name: string) => /\.tsx?$/.test(name) && !/\.(test|fake|contract)\.tsx?$/.test(name);

describe('regular expressions', () => {
  beforeAll(() => {
    // The checker as written in JavaScript: no program of its own for each system.
    process.env.RECHECK_BACKEND = 'pure';
  });
  it('take a time that grows with a text and not with its square, whoever wrote the text', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(isProduct);
    const patterns = new Map<string, string>();
    for (const name of files)
      for (const { pattern, flags } of patternsIn(join('src', name)))
        patterns.set(JSON.stringify([pattern, flags]), name);
    expect(patterns.size).toBeGreaterThan(80);
    const slow = [...patterns].flatMap(([key, name]) => {
      const [pattern, flags] = JSON.parse(key) as [string, string];
      const { status } = checkSync(pattern, flags, { timeout: 20_000 });
      return status === 'vulnerable' ? [`${name}: /${pattern}/${flags}`] : [];
    });
    expect(slow).toEqual([]);
  });
  it('that are made of texts are known, and checked as they come out', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(isProduct);
    const made = new Map(
      files.map((name) => [name, madeIn(join('src', name))]).filter(([, count]) => count !== 0) as [],
    );
    expect(made).toEqual(new Map(Object.entries(MADE).map(([name, patterns]) => [name, patterns.length])));
    for (const pattern of Object.values(MADE).flat())
      expect({ pattern, ...checkSync(pattern, 'gu', { timeout: 20_000 }) }).not.toMatchObject({ status: 'vulnerable' });
  });
  it('that are slow would be found', () => {
    expect(checkSync('[^\\s@]+@[^\\s@]+', 'g').status).toBe('vulnerable');
    expect(checkSync('\\/+$', '').status).toBe('vulnerable');
  });
});
