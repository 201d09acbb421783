import { describe, expect, it } from 'vitest';
import {
  coinConfusion,
  correlatedErrors,
  createRng,
  dawidSkene,
  type Label,
  mostProbable,
  randomDesign,
  type SharedCue,
  simulateLabels,
} from './index.ts';

const EVEN = [0.5, 0.5];

/** A full crossing of raters of the given accuracies with `items` binary items. */
function crowd(
  seed: string,
  { items, accuracies, cue }: { items: number; accuracies: readonly number[]; cue?: SharedCue },
) {
  const rng = createRng(seed);
  const design = randomDesign({ items, raters: accuracies.length, classes: 2, perItem: accuracies.length }, rng);
  const confusion = accuracies.map((p) => coinConfusion(p, 2));
  return { rng, ...simulateLabels(design, { prior: EVEN, confusion }, { rng, ...(cue === undefined ? {} : { cue }) }) };
}

const MAJORITY_CUE = {
  items: 300,
  accuracies: [0.8, 0.8, 0.8, 0.8, 0.85, 0.85],
  cue: { raters: [0, 1, 2, 3], rate: 0.35 },
};
const CLEAN = { items: 150, accuracies: [0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6] };

describe('errors that raters share', () => {
  it('make Dawid–Skene confidently wrong: independence is not optional', () => {
    const { table, truth, cue } = crowd('wrong', MAJORITY_CUE);
    const fit = dawidSkene(table, table, { smoothing: 0.1 });
    const wrong = mostProbable(fit.posteriors).flatMap((k, i) => (k === truth[i] ? [] : [i]));
    expect(wrong.length / truth.length).toBeGreaterThan(0.25);
    const certainty = wrong.map((i) => Math.max(...fit.posteriors[i]!)).sort((a, b) => a - b);
    expect(certainty[Math.floor(certainty.length / 2)]).toBeGreaterThan(0.95);
    expect(wrong.filter((i) => cue[i] !== -1).length / wrong.length).toBeGreaterThan(0.8);
    // It trusts the misled raters more, and the honest ones less, than they deserve.
    expect(fit.accuracy[0]!.value).toBeGreaterThan(0.85);
    expect(fit.accuracy[4]!.value).toBeLessThan(0.75);
    // The same raters without the cue are no trouble at all.
    const { cue: _, ...without } = MAJORITY_CUE;
    const clean = crowd('wrong', without);
    const right = mostProbable(dawidSkene(clean.table, clean.table, { smoothing: 0.1 }).posteriors);
    expect(right.filter((k, i) => k === clean.truth[i]).length / 300).toBeGreaterThan(0.93);
  });
  it('are detected, and the flag names who agrees too much, not who errs', () => {
    const { table, rng } = crowd('detect', MAJORITY_CUE);
    const found = correlatedErrors(table, table, { rng, replicates: 39 });
    if ('undefined' in found) throw new Error(found.undefined);
    expect(found.detected).toBe(true);
    // The cue's majority has become the fitted truth, so it is the two honest raters who stand out.
    expect(found.groups).toEqual([[4, 5]]);
    const [pair] = found.pairs;
    expect(pair!.observed - pair!.expected).toBeGreaterThan(0.15);
    expect(pair!.excess.interval.low).toBeGreaterThan(0.05);
    expect(found.means).toContain('cannot say which side is right');
  });
  it('a minority with a cue is found as a group; pairs across the two sides are never flagged', () => {
    const accuracies = [0.9, 0.85, 0.8, 0.8, 0.75, 0.7, 0.7, 0.65, 0.6];
    const { table, rng } = crowd('minority', { items: 200, accuracies, cue: { raters: [2, 4, 6], rate: 0.2 } });
    const found = correlatedErrors(table, table, { rng, replicates: 39 });
    if ('undefined' in found) throw new Error(found.undefined);
    expect(found.groups).toContainEqual([2, 4, 6]);
    expect(found.pairs).toHaveLength(36);
    const cued = (r: number) => [2, 4, 6].includes(r);
    for (const { raters, flagged } of found.pairs) if (flagged) expect(cued(raters[0])).toBe(cued(raters[1]));
  });
  it('shared difficulty shows as agreement of all pairs together', () => {
    const rng = createRng('difficulty');
    const labels: Label[] = [];
    for (let item = 0; item < 300; item++) {
      const hard = rng.uniform() < 0.5;
      for (let rater = 0; rater < 7; rater++) {
        labels.push({ item, rater, label: rng.uniform() < (hard ? 0.25 : 0.95) ? 1 : 0 });
      }
    }
    const rngTest = createRng('difficulty test');
    const mixed = labels.map((l) => (l.item % 2 === 0 ? l : { ...l, label: 1 - l.label }));
    const found = correlatedErrors(mixed, { items: 300, raters: 7, classes: 2 }, { rng: rngTest, replicates: 39 });
    if ('undefined' in found) throw new Error(found.undefined);
    expect(found.detected).toBe(true);
  });
});

describe('rates', () => {
  it('false alarms stay near the level on independent raters', () => {
    let alarms = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { table, rng } = crowd(`clean ${seed}`, CLEAN);
      const found = correlatedErrors(table, table, { rng, replicates: 19 });
      if (!('undefined' in found) && found.detected) alarms += 1;
    }
    // At most 5 % are allowed; more than 8 of 60 would come by chance in one run of a hundred.
    expect(alarms).toBeLessThanOrEqual(8);
  });
});

describe('what cannot be tested', () => {
  const rng = createRng('none');
  const square = (items: number, raters: number, label: (i: number, r: number) => number) =>
    Array.from({ length: items * raters }, (_, j): Label => {
      const [item, rater] = [Math.floor(j / raters), j % raters];
      return { item, rater, label: label(item, rater) };
    });
  it.each([
    ['three raters', 40, 3, (i: number, r: number) => Number((i * 7 + r * 3) % 5 > 2), /fewer than four raters/],
    ['few common items', 10, 5, (i: number, r: number) => Number((i * 7 + r * 3) % 5 > 2), /20 items in common/],
    ['unanimous raters', 40, 5, (i: number) => i % 2, /never differ/],
  ] as const)('%s', (_, items, raters, label, reason) => {
    const found = correlatedErrors(square(items, raters, label), { items, raters, classes: 2 }, { rng });
    expect(found).toMatchObject({ undefined: expect.stringMatching(reason) });
  });
  it('leaves out pairs that met too rarely, and says how many', () => {
    const labels = [...square(60, 5, (i, r) => Number((i * 7 + r * 3) % 5 > 2)), { item: 0, rater: 5, label: 1 }];
    const found = correlatedErrors(labels, { items: 60, raters: 6, classes: 2 }, { rng, replicates: 9 });
    expect(found).toMatchObject({ untestedPairs: 5, replicates: 9 });
    const some = correlatedErrors(
      labels,
      { items: 60, raters: 6, classes: 2 },
      { rng, replicates: 9, raters: [0, 1, 2] },
    );
    expect('pairs' in some && some.pairs.length).toBe(3);
  });
});
