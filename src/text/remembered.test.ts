import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remembered } from './remembered.ts';

describe('a function that remembers', () => {
  it('gives what the function gives, whatever was asked before and however little it may keep', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 })), fc.integer({ min: 0, max: 20 }), (texts, most) => {
        const of = remembered((text) => [...text].reverse().join(''), most);
        for (const text of [...texts, ...texts]) expect(of(text)).toBe([...text].reverse().join(''));
      }),
    );
  });

  it('works out a text once while it is kept, and forgets all when the kept texts grow too long', () => {
    const asked: string[] = [];
    const of = remembered((text) => asked.push(text), 6);
    for (const text of ['ab', 'ab', 'cde', 'ab', 'cde', '__proto__', 'ab']) of(text);
    expect(asked).toEqual(['ab', 'cde', '__proto__', 'ab']);
  });
});
