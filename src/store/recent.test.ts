import { expect, it } from 'vitest';
import { createRecent } from './recent.ts';

it('forgets what was used longest ago once there is too much', () => {
  const recent = createRecent<string>(10);
  recent.set('a', 'A', 4);
  recent.set('b', 'B', 4);
  expect(recent.get('a')).toBe('A');
  recent.set('c', 'C', 4);
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual(['A', undefined, 'C']);
  recent.set('a', 'A again', 2);
  recent.set('d', 'D', 4);
  expect([recent.get('a'), recent.get('c'), recent.get('d')]).toEqual(['A again', 'C', 'D']);
  recent.set('huge', 'H', 11);
  expect(['a', 'c', 'd', 'huge'].map((key) => recent.get(key))).toEqual(Array(4).fill(undefined));
});
