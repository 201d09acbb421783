import { describe, expect, it } from 'vitest';
import { PHENOMENON_IDS, phenomenonOf } from './phenomena/index.ts';
import { PHENOMENA_RESULTS } from './phenomena-results.ts';
import { foundIn, phenomenaStudy, phenomenonRows } from './phenomena-study.ts';

describe.each(PHENOMENON_IDS)('%s', (id) => {
  const { measures, ...words } = phenomenonOf(id);
  it('says what was published, what is done here, and where it must not be seen', () => {
    expect(words.published.length).toBeGreaterThan(60);
    expect(words.method.length).toBeGreaterThan(60);
    expect(words.citation).toMatch(/\d{4}, arXiv \d{4}\.\d{5}/);
    const roles = Object.values(measures).map(({ role }) => role);
    expect(new Set(roles)).toEqual(new Set(['effect', 'control']));
  });
  it('gives again, to the bit, what is committed of its first seed, a value for each measure', async () => {
    const { seeds, firstSeed, values: committed } = PHENOMENA_RESULTS[id];
    const phenomena = await phenomenaStudy({ names: [id], seeds: 1, firstSeed });
    const { values } = phenomena[id]!;
    expect(Object.keys(values)).toEqual(Object.keys(measures));
    for (const [measure, [value]] of Object.entries(values)) {
      expect({ measure, value }).toEqual({ measure, value: committed[measure]![0] });
      expect(committed[measure]!.length).toBe(seeds);
    }
  });
});

describe('what is found', () => {
  it.each([
    [{ above: 0 }, [0.1, 0.3], 'as expected'],
    [{ above: 0 }, [-0.1, 0.3], 'not shown'],
    [{ above: 0 }, [-0.3, -0.1], 'otherwise'],
    [{ below: 1 }, [0.2, 0.9], 'as expected'],
    [{ below: 1 }, [1.1, 1.2], 'otherwise'],
    [{ within: [-0.1, 0.1] as const }, [-0.05, 0.1], 'as expected'],
    [{ within: [-0.1, 0.1] as const }, [-0.05, 0.2], 'not shown'],
    [{ within: [-0.1, 0.1] as const }, [0.15, 0.2], 'otherwise'],
    [{ above: 0 }, [Number.NaN, Number.NaN], 'not shown'],
  ] as const)('of %j by the interval %j is: %s', (expected, [low, high], found) => {
    expect(foundIn(expected, { low, high })).toBe(found);
  });
  it('leaves out runs that have no value, and counts those that have', () => {
    const values = { threshold: [4, null, 5, 4.5] };
    const row = phenomenonRows('sycophancy-threshold', { values }).find(({ measure }) => measure === 'threshold')!;
    expect(row).toMatchObject({ mean: 4.5, n: 3 });
    const none = phenomenonRows('sycophancy-threshold', { values: {} });
    expect(none.every(({ found, n }) => found === 'not shown' && n === 0)).toBe(true);
  });
});
