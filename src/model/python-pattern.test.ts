import { describe, expect, it } from 'vitest';
import { pythonFullMatch } from './python-pattern.ts';

const fits = (source: string, name: string) => pythonFullMatch(source, { left: 1e6 })?.(name);
const NAME = 'model.layers.11.self_attn.q_proj';

describe('a pattern for names of modules', () => {
  it.each([
    ['.*\\.(q|v)_proj', true],
    ['(?P<all>.*)', true],
    ['q_proj', false],
    ['(?i)MODEL\\.LAYERS\\..*Q_PROJ', true],
    ['model\\.layers\\.(?:[0-9]|1[0-5])\\.self_attn\\.[qkvo]_proj', true],
    ['model\\.layers\\.\\d\\..*', false],
    ['model\\.layers\\.\\d{2}\\..*', true],
    ['model\\.layers\\.\\d{,2}\\.\\w+\\.\\w+', true],
    ['(?!.*mlp).*_proj', true],
    ['(?!.*self_attn).*_proj', false],
    ['(?=model).*?proj$', true],
    ['^\\w+(?:\\.[\\w]+)*$', true],
    ['.*\\bself_attn\\b.*', true],
    ['.*[^a-z]', false],
    ['(a+)+$', false],
  ] as const)('%s: %s', (source, want) => {
    expect(fits(source, NAME)).toBe(want);
  });

  it.each(['(.)\\1', '(?<=a)b', '(?P=x)', '(', ')', '[', 'a**', '*a', '\\p{L}', '(?x)a', 'a{9999}', 'a*+', '(?i:a)'])(
    '%s is not understood',
    (source) => {
      expect(fits(source, NAME)).toBeUndefined();
    },
  );

  it('takes a number of steps, whatever it is', () => {
    const long = `${'a'.repeat(200)}!`;
    for (const source of ['(a+)+$', '(a|a)*b', '(.*)*x', '(?:(?:a|aa)+)+b', '.*'.repeat(20)]) {
      const budget = { left: 10_000_000 };
      pythonFullMatch(source, budget)!(long);
      expect(budget.left, source).toBeGreaterThan(0);
    }
    const budget = { left: 50 };
    expect(pythonFullMatch('.*.*.*x', budget)!(long)).toBe(false);
    expect(budget.left).toBeLessThan(0);
  });
});
