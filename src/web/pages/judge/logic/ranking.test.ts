import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dragged, groupsOf, listed, ranksOf, withRank } from './ranking.ts';

const ranks = fc
  .integer({ min: 1, max: 7 })
  .chain((k) => fc.array(fc.option(fc.integer({ min: 1, max: k }), { nil: null }), { minLength: k, maxLength: k }));

describe('a ranking from numbers', () => {
  it('groups ties from best to worst and leaves out what has no number', () => {
    expect(groupsOf([2, 1, 2, null])).toEqual([[1], [0, 2]]);
    expect(groupsOf([5, 9, null])).toEqual([[0], [1]]);
    expect(ranksOf([[1], [0, 2]], 4)).toEqual([2, 1, 2, null]);
    expect(withRank([1, 2], 1, null)).toEqual([1, null]);
    expect(listed([2, null, 1, 2])).toEqual([2, 0, 3, 1]);
  });
  it('holds every ranked reply once, in the order of the numbers', () => {
    fc.assert(
      fc.property(ranks, (given) => {
        const groups = groupsOf(given);
        const flat = groups.flat();
        expect([...flat].sort()).toEqual(given.flatMap((rank, place) => (rank === null ? [] : [place])));
        for (const a of flat) {
          for (const b of flat) {
            const at = (place: number) => groups.findIndex((group) => group.includes(place));
            expect(Math.sign(at(a) - at(b))).toBe(Math.sign(given[a]! - given[b]!));
          }
        }
        expect(groupsOf(ranksOf(groups, given.length))).toEqual(groups);
      }),
    );
  });
});

describe('dragging', () => {
  const drop = (ranks: (number | null)[], place: number, to: number, partial = true) =>
    dragged(ranks, { place, to, partial });
  it('puts a reply where it is dropped: between, into a tie, first, last, among the unranked', () => {
    expect(drop([1, 2, 3], 2, 0)).toEqual([2, 3, 1]);
    expect(drop([1, 2, 3], 0, 2)).toEqual([3, 1, 2]);
    expect(drop([1, 1, null], 2, 1)).toEqual([1, 1, 1]);
    expect(drop([1, 1, null], 2, 2)).toEqual([1, 1, 2]);
    expect(drop([1, 2, null], 0, 2)).toEqual([null, 1, null]);
    expect(drop([1, 2, null], 0, 2, false)).toEqual([2, 1, null]);
  });
  it('at first ranks the whole list as it then stands', () => {
    expect(drop([null, null, null], 0, 1)).toEqual([2, 1, 3]);
    expect(drop([null, null, null], 2, 0)).toEqual([2, 3, 1]);
    expect(drop([null, null], 1, 1)).toEqual([1, 2]);
  });
  it('leaves the others in their order and ties, and the dropped one at its position in the list', () => {
    fc.assert(
      fc.property(ranks, fc.nat(), fc.nat(), fc.boolean(), (given, a, b, partial) => {
        const place = a % given.length;
        const to = b % given.length;
        const next = drop(given, place, to, partial);
        const others = given.flatMap((rank, p) => (p === place || rank === null ? [] : [p]));
        for (const p of others) {
          for (const q of others) expect(Math.sign(next[p]! - next[q]!)).toBe(Math.sign(given[p]! - given[q]!));
        }
        if (next[place] === null) {
          expect(partial).toBe(true);
          expect(to).toBeGreaterThan(others.length);
          return;
        }
        const group = groupsOf(next).find((members) => members.includes(place))!;
        const fits = given.every((rank) => rank === null) || to <= others.length;
        if (group.length === 1 && fits) expect(listed(next).indexOf(place)).toBe(to);
      }),
    );
  });
});
