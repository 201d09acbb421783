import { describe, expect, it } from 'vitest';
import { contains, crowd, hessian, invert, scaled, truth, value } from './crowd.fake.ts';
import {
  comparisonsOf,
  createRng,
  fitGroups,
  fitPreferences,
  type GroupFit,
  mean,
  type RatedComparisons,
  type Rng,
  sigmoid,
} from './index.ts';

/** Raters below `share` of the crowd like `truth`, the rest nearly its reverse. */
const minority = [-1, -0.6, 0.4, 0.2, 0.3, 0.7];
const twoTastes = (rng: Rng, { share, raters = 150, each = 20 }: { share: number; raters?: number; each?: number }) =>
  crowd(rng, raters, each, (r) => (r < share * raters ? scaled(1.4) : minority.map((m) => 1.4 * m)));
const withoutIds = (data: RatedComparisons): RatedComparisons => ({
  ...data,
  rater: data.rater.map((_, e) => e),
  raters: data.rater.length,
});
const distance = (fit: GroupFit, group: number, utilities: readonly number[]) => {
  const centre = mean(utilities);
  return Math.sqrt(mean([...fit.groups[group]!.strengths].map((s, i) => (s - 1.4 * (utilities[i]! - centre)) ** 2)));
};

describe('groups of raters', () => {
  it.each([1, 2, 3])('recovers a minority of a tenth with rater ids, and fails without them (seed %i)', (seed) => {
    const data = twoTastes(createRng(seed), { share: 0.9 });
    const known = value(fitGroups(data, { groups: 2, rng: createRng(seed), restarts: 4 }));
    expect(known.groups[1]!.share).toBeCloseTo(0.1, 1);
    expect(contains(value(known.inference.share(1)), 0.1)).toBe(true);
    expect(distance(known, 0, truth)).toBeLessThan(0.25);
    expect(distance(known, 1, minority)).toBeLessThan(0.5);
    const right = known.memberships.filter((m, r) => m[1]! > 0.5 === r >= 135).length;
    expect(right).toBeGreaterThanOrEqual(145);
    const gap = value(known.inference.contrast(0, 1, [0, 5]));
    expect(contains(gap, 1.4 * (2.1 + 1.7))).toBe(true);
    const blind = value(fitGroups(withoutIds(data), { groups: 2, rng: createRng(seed), restarts: 3, iterations: 50 }));
    // The same answers without ids: shares far off, or utilities of the minority that have nothing of it.
    const lost = Math.abs(blind.groups[1]!.share - 0.1) > 0.1 || distance(blind, 1, minority) > 1;
    expect(lost).toBe(true);
    expect(distance(blind, 1, minority)).toBeGreaterThan(2 * distance(known, 1, minority));
  });
  it('never lowers the likelihood; one group is plain Bradley–Terry', () => {
    const data = twoTastes(createRng(5), { share: 0.7, raters: 60 });
    const fit = value(fitGroups(data, { groups: 3, rng: createRng(5) }));
    for (let k = 1; k < fit.trace.length; k++) expect(fit.trace[k]! - fit.trace[k - 1]!).toBeGreaterThan(-1e-8);
    expect(fit.groups.reduce((sum, g) => sum + g.share, 0)).toBeCloseTo(1, 12);
    const one = value(fitGroups(data, { groups: 1, rng: createRng(5), ridge: 0.4 }));
    const plain = value(fitPreferences(data, { ridge: 0.4 }));
    for (let i = 0; i < 6; i++) expect(one.groups[0]!.strengths[i]).toBeCloseTo(plain.strengths[i]!, 7);
    expect(one.logLikelihood).toBeCloseTo(plain.logLikelihood, 7);
    expect(value(one.inference.difference(0, 0, 1)).standardError).toBeCloseTo(
      value(plain.inference.difference(0, 1)).standardError,
      6,
    );
  });
  it('has errors that are the inverse curvature of its own posterior', () => {
    const data = twoTastes(createRng(9), { share: 0.6, raters: 40, each: 12 });
    const fit = value(
      fitGroups(data, { groups: 2, rng: createRng(9), ridge: 0.3, tolerance: 1e-12, iterations: 5000 }),
    );
    const posterior = (x: number[]) => {
      const share = sigmoid(x[12]!);
      const byRater = Array.from({ length: 40 }, () => [Math.log(share), Math.log(1 - share)]);
      for (let e = 0; e < data.rater.length; e++) {
        for (const g of [0, 1]) {
          const d = x[6 * g + data.first[e]!]! - x[6 * g + data.second[e]!]!;
          byRater[data.rater[e]!]![g]! += Math.log(sigmoid(data.firstWins[e]! > 0 ? d : -d));
        }
      }
      const likelihood = byRater.reduce((sum, [a, b]) => sum + Math.log(Math.exp(a!) + Math.exp(b!)), 0);
      return likelihood - 0.15 * x.slice(0, 12).reduce((sum, v) => sum + v * v, 0);
    };
    const [one, two] = fit.groups as [GroupFit['groups'][0], GroupFit['groups'][0]];
    const at = [...one.strengths, ...two.strengths, Math.log(one.share / two.share)];
    const covariance = invert(hessian(posterior, at).map((row) => row.map((v) => -v)));
    const variance = (direction: number[]) =>
      direction.reduce((sum, a, i) => sum + direction.reduce((s, b, j) => s + a * b * covariance[i]![j]!, 0), 0);
    const unit = (entries: Record<number, number>) => at.map((_, i) => entries[i] ?? 0);
    const { inference } = fit;
    expect(value(inference.difference(1, 0, 3)).standardError).toBeCloseTo(
      Math.sqrt(variance(unit({ 6: 1, 9: -1 }))),
      4,
    );
    expect(value(inference.contrast(0, 1, [0, 5])).standardError).toBeCloseTo(
      Math.sqrt(variance(unit({ 0: 1, 5: -1, 6: -1, 11: 1 }))),
      4,
    );
    expect(value(inference.share(0)).standardError).toBeCloseTo(
      one.share * two.share * Math.sqrt(variance(unit({ 12: 1 }))),
      4,
    );
  });
  it('intervals of shares and of differences between groups cover at their level', () => {
    const rng = createRng('groups');
    const trials = 40;
    let [shares, gaps] = [0, 0];
    for (let t = 0; t < trials; t++) {
      const data = twoTastes(rng, { share: 0.75, raters: 80, each: 15 });
      const { inference } = value(fitGroups(data, { groups: 2, rng, restarts: 2, ridge: 0.05 }));
      shares += Number(contains(value(inference.share(1)), 0.25));
      gaps += Number(contains(value(inference.contrast(0, 1, [0, 5])), 1.4 * 3.8));
    }
    // The shares of the 80 raters are fixed here, not drawn, so their interval may cover more often than it says.
    expect(shares / trials).toBeGreaterThan(0.87);
    expect(gaps / trials).toBeGreaterThan(0.84);
  });
  it('finds utilities that are linear in properties of replies, where no reply is seen twice', () => {
    const rng = createRng(12);
    const weights = [
      [1.5, 0.3],
      [-0.5, 1.5],
    ];
    const [raters, each] = [150, 25];
    const rater = Int32Array.from({ length: raters * each }, (_, e) => Math.floor(e / each));
    const columns = [0, 1].map(() => Float64Array.from(rater, () => 1.4 * rng.normal()));
    const contests = Array.from(rater, (r, e) => {
      const w = weights[r < 0.9 * raters ? 0 : 1]!;
      const won = rng.uniform() < sigmoid(w[0]! * columns[0]![e]! + w[1]! * columns[1]![e]!);
      return { first: 2 * e, second: 2 * e + 1, firstWins: Number(won), secondWins: Number(!won) };
    });
    const covariates = columns.map((values, k) => ({ name: `x${k}`, values }));
    const data = { ...comparisonsOf(contests, 2 * rater.length), covariates, rater, raters };
    const fit = value(fitGroups(data, { groups: 2, rng, utility: 'covariates', restarts: 4 }));
    expect(fit.groups[1]!.share).toBeCloseTo(0.1, 1);
    for (const g of [0, 1]) {
      for (const k of [0, 1]) {
        const w = value(fit.inference.coefficient(g, `x${k}`));
        expect(Math.abs(w.value - weights[g]![k]!)).toBeLessThan(4 * w.standardError);
        expect(w.standardError).toBeLessThan(0.3);
      }
    }
  });
  it('says why there is nothing to fit', () => {
    const data = twoTastes(createRng(1), { share: 1, raters: 3, each: 5 });
    const rng = createRng(1);
    expect(fitGroups(data, { groups: 4, rng })).toMatchObject({ undefined: '3 raters cannot form 4 groups' });
    expect(fitGroups(data, { groups: 2, rng, utility: 'covariates' })).toMatchObject({
      undefined: expect.stringContaining('none'),
    });
    expect(() => fitGroups(data, { groups: 2, rng, ridge: 0 })).toThrow(/ridge above 0/);
  });
});
