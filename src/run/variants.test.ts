import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig, variantSchema } from './index.ts';

const animals = variantSchema('animal', {
  variants: {
    bird: z.strictObject({ wings: z.int().default(2), nest: z.boolean().default(true) }),
    fish: z.strictObject({ fins: z.int().default(7), nest: z.boolean().default(false) }),
    worm: z.strictObject({}),
  },
  common: z.strictObject({ age: z.number().default(1) }),
  standard: 'bird',
});
const read = (text: string) => parseConfig(z.strictObject({ pet: animals.prefault({}) }), text, { source: 'zoo' });

describe('variants of a configuration', () => {
  it('are chosen by their key, the standard one where it is left out, with defaults of their own', () => {
    expect(read('{}').pet).toEqual({ animal: 'bird', wings: 2, nest: true, age: 1 });
    expect(read('pet: { wings: 1 }').pet).toMatchObject({ animal: 'bird', wings: 1 });
    expect(read('pet: { animal: fish, age: 3 }').pet).toEqual({ animal: 'fish', fins: 7, nest: false, age: 3 });
  });

  it('refuse what only others read, naming them, and what nobody reads, with a hint', () => {
    expect(() => read('pet: { animal: fish, wings: 2 }')).toThrow('zoo: pet.wings: bird only; animal is fish');
    expect(() => read('pet: { animal: worm, nest: true }')).toThrow('pet.nest: bird, fish only; animal is worm');
    expect(() => read('pet: { animal: fish, fin: 2 }')).toThrow('unknown key pet.fin; did you mean fins?');
    expect(() => read('pet: { animal: cat }')).toThrow(/pet\.animal: .*bird.*fish.*worm/);
    expect(() => read('pet: { animal: toString }')).toThrow(/pet\.animal: /);
    expect(() => read('pet: 3')).toThrow(/pet: /);
    expect(() => read('pet: [1]')).toThrow(/pet: /);
  });
});
