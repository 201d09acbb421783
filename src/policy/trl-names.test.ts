import { describe, expect, it } from 'vitest';
import { ALGORITHMS } from './algorithms/index.ts';
import { supervised } from './algorithms/supervised.ts';
import { TRL_NAMES, trlTag } from './trl-names.ts';

const LOGGED = new Set([...Object.values(ALGORITHMS), supervised].flatMap(({ metrics }) => Object.keys(metrics)));

describe('names of TRL', () => {
  it('are told for every metric that an algorithm logs, and for no other', () => {
    expect(Object.keys(TRL_NAMES).sort()).toEqual([...LOGGED].sort());
  });
  it('are different tags for different metrics', () => {
    const tags = [...LOGGED].map(trlTag);
    expect(new Set(tags).size).toBe(tags.length);
    expect([trlTag('lr'), trlTag('unscored'), trlTag('constructor')]).toEqual([
      'train/learning_rate',
      'goodhart/unscored',
      'goodhart/constructor',
    ]);
  });
});
