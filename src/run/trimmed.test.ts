import { expect, it } from 'vitest';
import { trimmed } from './index.ts';

it('takes marks from both ends of a text and none from within, however many there are', () => {
  expect(trimmed('//a/b//', '/')).toBe('a/b');
  expect(trimmed('-.x.-', '-.')).toBe('x');
  expect(trimmed('---', '-')).toBe('');
  expect(trimmed(`${'/'.repeat(100_000)}a`, '/')).toBe('a');
});
