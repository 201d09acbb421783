import { describe, expect, it } from 'vitest';
import { HARDEST, RATERS } from '../../../lab/index.ts';
import { exploreSearch } from '../../search.ts';
import { PRESETS, START, sameState, searchOf, stateOf, withRaters, withSight } from './state.ts';

describe('the knobs of Explore', () => {
  it('stand in the address: every story comes back as it was', () => {
    for (const { title, state } of PRESETS) {
      const again = stateOf(exploreSearch(JSON.parse(JSON.stringify(searchOf(state)))));
      expect({ title, same: sameState(again, state), blind: again.blind }).toEqual({
        title,
        same: true,
        blind: state.blind,
      });
    }
    const byN = { ...START, by: 'n' as const, n: 256 };
    expect(stateOf(exploreSearch({ ...searchOf(byN) }))).toMatchObject({ by: 'n', n: 256 });
  });
  it('take from an address what it can mean and nothing else', () => {
    expect(stateOf({})).toEqual(START);
    const far = stateOf({
      sycophantic: 6.4,
      lengthBiased: 99,
      pairs: 1e9,
      kl: -3,
      n: 700,
      seed: 0,
      blind: 'truth,__proto__',
    });
    expect(far).toMatchObject({
      sycophantic: 6,
      lengthBiased: 2,
      pairs: 2000,
      kl: 0,
      n: 512,
      seed: 1,
      blind: ['truth'],
    });
    expect(stateOf({ kl: 99 }).kl).toBe(HARDEST.kl);
    expect(exploreSearch({ kl: '5', pairs: Number.NaN, by: 'constructor', blind: 7 })).toEqual(exploreSearch({}));
  });
  it('never ask for more raters than there are, and hide what is ticked', () => {
    expect(withRaters(START, { sycophantic: 5 })).toMatchObject({ sycophantic: 5, lengthBiased: RATERS - 5 });
    expect(withRaters({ ...START, sycophantic: 5, lengthBiased: 3 }, { lengthBiased: 8 }).sycophantic).toBe(0);
    expect(withSight(withSight(START, 'length', true), 'truth', false).blind).toEqual(['length']);
  });
});
