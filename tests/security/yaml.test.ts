import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig, suggest, UsageError, withOverride } from '../../src/run/index.ts';
import { parseYaml, YAML_BOUNDS } from '../../src/run/yaml-text.ts';

/** Configurations come with requests: a text of a few thousand characters once ended the process. */
const schema = z.strictObject({ a: z.unknown().optional() });
const read = (text: string) => parseConfig(schema, text, { source: 'run.yaml' });
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
};
const deep = (mark: string, end = '') => `a: ${mark.repeat(20_000)}${end.repeat(20_000)}`;

describe('a stranger’s YAML', () => {
  it.each([
    ['brackets', deep('[')],
    ['brackets that close', deep('[', ']')],
    ['braces', deep('{b: ')],
    ['entries of entries', `a:\n  ${'- '.repeat(20_000)}`],
    ['keys of keys', `${'? '.repeat(20_000)}`],
    ['deeper and deeper lines', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('of %s has a depth, told before it is composed', (_, text) => {
    expect(refusal(() => read(text))).toMatch(/expected YAML, got more than 100 levels|got more than 20000 marks/);
    expect(refusal(() => withOverride({}, `a.b=${text}`))).toMatch(/^--set .*expected a YAML value, got more than/s);
  });
  it('has so many marks: keys are compared each with each, and each fault is told with its line', () => {
    const keys = Array.from({ length: YAML_BOUNDS.marks }, (_, i) => `k${i}: 1`).join('\n');
    for (const text of [keys, `a: [${'}'.repeat(YAML_BOUNDS.marks)}`, `a: ${'!x '.repeat(YAML_BOUNDS.marks)}`])
      expect(refusal(() => read(text))).toMatch(/got more than 20000 marks/);
    expect(refusal(() => read(`a: ${'x'.repeat(YAML_BOUNDS.characters)}`))).toMatch(/more than 1000000 characters/);
  });
  it('is read as before within these, and as JSON where it is that', () => {
    const text = ['a:', '  - &x {b: [1, 2]}', '  - *x', '  - |', '    [[[[', '  - "{{{{"'].join('\n');
    expect(read(text)).toEqual({ a: [{ b: [1, 2] }, { b: [1, 2] }, '[[[[\n', '{{{{'] });
    const list = Array.from({ length: 50_000 }, (_, i) => i);
    expect(read(JSON.stringify({ a: list }))).toEqual({ a: list });
    expect(parseYaml('{a: 1}')).toEqual({ a: 1 });
    expect(refusal(() => read('{"a":1,"a":2}'))).toMatch(/two members of one name/);
    expect(refusal(() => read('a: 1\na: 2'))).toMatch(/expected YAML, got Map keys must be unique/);
    expect(refusal(() => read(`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`))).toMatch(/more than 100 levels/);
  });
  it('names a long key that nobody knows without comparing it with all that are known', () => {
    expect(suggest('x'.repeat(1_000_000), ['x'.repeat(100)])).toBeUndefined();
    expect(suggest('polcy', ['policy', 'base'])).toBe('policy');
    expect(refusal(() => read(JSON.stringify({ ['x'.repeat(100_000)]: 1 })))).toMatch(
      /unknown key x{100}…; remove it$/,
    );
  });
});
