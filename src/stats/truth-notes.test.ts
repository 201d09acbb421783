import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dawidSkene, type Label, type LabelSizes, majorityVote, oneCoin } from './index.ts';

const { numpyReference } = JSON.parse(readFileSync(new URL('../../fixtures/truth.json', import.meta.url), 'utf8'));

describe('degenerate labels explain themselves', () => {
  const codes = (labels: Label[], sizes: LabelSizes) => dawidSkene(labels, sizes).notes.map(({ code }) => code);
  const square = (items: number, raters: number, label: (i: number, r: number) => number) =>
    Array.from({ length: items * raters }, (_, j): Label => {
      const [item, rater] = [Math.floor(j / raters), j % raters];
      return { item, rater, label: label(item, rater) };
    });
  it('no labels: a uniform posterior, and the reason', () => {
    const fit = dawidSkene([], { items: 2, raters: 2, classes: 2 });
    expect([...fit.posteriors[0]!]).toEqual([0.5, 0.5]);
    expect(fit.notes.map(({ code }) => code)).toEqual(['no-labels']);
    expect(fit.raterAccuracy[0]).toEqual({ n: 0, undefined: 'the rater gave no label' });
  });
  it('unanimous: certain unsmoothed, open when smoothed', () => {
    const labels = square(4, 3, (i) => i % 2);
    const sizes = { items: 4, raters: 3, classes: 2 };
    expect(codes(labels, sizes)).toContain('unanimous');
    expect(dawidSkene(labels, sizes, { smoothing: 0 }).posteriors[0]![0]).toBe(1);
    const [smoothed] = dawidSkene(labels, sizes, { smoothing: 1 }).posteriors;
    expect(smoothed![0]).toBeLessThan(0.99);
    expect(smoothed![0]).toBeGreaterThan(0.8);
  });
  it('one class only', () => {
    expect(
      codes(
        square(4, 3, () => 1),
        { items: 4, raters: 3, classes: 2 },
      ),
    ).toContain('one-class');
    expect(
      codes(
        square(4, 3, (i) => i % 2),
        { items: 4, raters: 3, classes: 3 },
      ),
    ).toContain('unused-classes');
  });
  it('a rater with one label, raters and items without', () => {
    const labels = [...square(6, 3, (i, r) => Number((i + r) % 3 === 0)), { item: 0, rater: 3, label: 1 }];
    const fit = dawidSkene(labels, { items: 7, raters: 5, classes: 2 });
    const note = (code: string) => fit.notes.find((found) => found.code === code);
    expect(note('single-label-raters')).toMatchObject({ count: 1, ids: [3] });
    expect(note('unlabelled-raters')).toMatchObject({ count: 1, ids: [4] });
    expect(note('unlabelled-items')).toMatchObject({ count: 1, ids: [6] });
    expect(fit.posteriors[6]).toEqual(fit.prior);
  });
  it('no overlap: accuracies are not identified', () => {
    const labels = Array.from({ length: 6 }, (_, item): Label => ({ item, rater: item % 3, label: item % 2 }));
    const fit = dawidSkene(labels, { items: 6, raters: 3, classes: 2 });
    expect(fit.notes.map(({ code }) => code)).toContain('no-overlap');
    for (const rater of fit.raterAccuracy)
      expect(rater).toMatchObject({ undefined: expect.stringContaining('another rater') });
  });
  it('two raters, and groups that never meet', () => {
    const labels = square(8, 2, (i, r) => Number((i + r) % 4 === 0));
    const two = dawidSkene(labels, { items: 8, raters: 2, classes: 2 });
    expect(two.notes.map(({ code }) => code)).toContain('two-raters');
    expect(two.raterAccuracy[0]).toMatchObject({ undefined: expect.stringContaining('two raters') });
    const apart = [...labels, ...labels.map((l) => ({ ...l, item: l.item + 8, rater: l.rater + 2 }))];
    expect(codes(apart, { items: 16, raters: 4, classes: 2 })).toContain('separate-groups');
  });
  it('says when it did not converge', () => {
    const labels = (numpyReference.data as [number, number, number][]).map(([item, rater, label]) => ({
      item,
      rater,
      label,
    }));
    const fit = dawidSkene(labels, numpyReference.sizes, { iterations: 3 });
    expect(fit.converged).toBe(false);
    expect(fit.notes).toContainEqual(expect.objectContaining({ code: 'not-converged', count: 3 }));
  });
  it('names the first index outside the sizes', () => {
    const sizes = { items: 2, raters: 2, classes: 2 };
    expect(() => dawidSkene([{ item: 0, rater: 2, label: 0 }], sizes)).toThrow(
      /from 0 to 1 as rater of label 0, got 2/,
    );
    expect(() => dawidSkene([{ item: 0, rater: 0, label: 0.5 }], sizes)).toThrow(/as label of label 0/);
    expect(() => majorityVote([], sizes, { weights: [1] })).toThrow(/expected 2 weights/);
    expect(() => oneCoin([], sizes, { smoothing: -1 })).toThrow(/0 or more/);
    expect(() => dawidSkene([], sizes, { start: [[1, 0]] })).toThrow(/start posteriors of 2 items/);
  });
});
