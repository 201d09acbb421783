import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/cli/environment.ts';

describe('recipes', () => {
  it.each(readdirSync('recipes'))('%s has a configuration that is valid and named after its folder', (name) => {
    expect(readConfig(`recipes/${name}/run.yaml`, []).name).toBe(name);
    expect(existsSync(`recipes/${name}/README.md`)).toBe(true);
  });
});

describe('documents', () => {
  const pages = [
    'README.md',
    'AGENTS.md',
    'LOG.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
    ...readdirSync('recipes').map((name) => `recipes/${name}/README.md`),
  ];
  it.each(pages)('%s links to nothing that is not there', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});
