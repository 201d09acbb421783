import { describe, expect, it } from 'vitest';
import { compareSearch, itemSearch, loginSearch, recordSearch } from './search.ts';

describe('what pages take from an address', () => {
  it('is what they know, and nothing else', () => {
    expect(itemSearch({ show: 'open', other: 1 })).toEqual({ show: 'open' });
    expect(itemSearch({ search: 12 })).toEqual({ search: '12' });
    for (const show of [undefined, 'constructor', 3, ['open']]) expect(itemSearch({ show })).toEqual({});
    expect(loginSearch({ to: '/judge/p' })).toEqual({ to: '/judge/p' });
    expect(loginSearch({ to: { a: 1 } })).toEqual({});
  });
  it('keeps ids that look like numbers, one or several', () => {
    expect(recordSearch({ rater: 7, ids: 12 })).toEqual({ rater: '7', ids: ['12'] });
    expect(recordSearch({ ids: ['a', 12] })).toEqual({ ids: ['a', '12'] });
    expect(recordSearch({})).toEqual({});
    expect(compareSearch({ runs: 20_260_101 })).toEqual({ runs: '20260101' });
  });
});
