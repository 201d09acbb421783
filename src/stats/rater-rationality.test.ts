import { describe, expect, it } from 'vitest';
import { contains, crowd, hessian, invert, scaled, truth, value } from './crowd.fake.ts';
import { createRng, fitPreferences, fitRationality, mean, sigmoid } from './index.ts';

describe('rationality by rater', () => {
  const betas = [0, -1, 0.4, 0.8, 1, 1.2, 1.6, 2, 1, 1, 1, 1];
  it('tells the careless and the contrary from the careful, and mends the strengths they blur', () => {
    const data = crowd(createRng(1), betas.length, 300, (r) => scaled(betas[r]!));
    const fit = value(fitRationality(data, { spread: 1 }));
    for (const [r, beta] of betas.entries()) {
      const { value: found, standardError, n } = value(fit.rater(r));
      expect(Math.abs(found - beta), `rater ${r}`).toBeLessThan(4 * standardError);
      expect(n).toBe(300);
      expect(standardError).toBeGreaterThan(fit.conditionalErrors()[r]!);
    }
    expect(value(fit.rater(1)).interval.high).toBeLessThan(0);
    expect(value(fit.rater(0)).interval.high).toBeLessThan(0.4);
    const centre = mean(truth);
    const error = (s: Float64Array) => Math.sqrt(mean([...s].map((v, i) => (v - truth[i]! + centre) ** 2)));
    const pooled = value(fitPreferences(data));
    expect(error(fit.strengths)).toBeLessThan(0.5 * error(pooled.strengths));
  });
  it('has errors that are the inverse curvature of the posterior, and a gradient of zero', () => {
    const data = crowd(createRng(2), 3, 40, (r) => scaled([1.5, 1, 0.3][r]!).slice(0, 3));
    const fit = value(fitRationality(data, { ridge: 0.5, spread: 0.7 }));
    const posterior = (x: number[]) => {
      let sum = 0;
      for (let e = 0; e < data.rater.length; e++) {
        const d = x[3 + data.rater[e]!]! * (x[data.first[e]!]! - x[data.second[e]!]!);
        sum += Math.log(sigmoid(data.firstWins[e]! > 0 ? d : -d));
      }
      for (let i = 0; i < 3; i++) sum -= 0.25 * x[i]! ** 2 + (x[3 + i]! - 1) ** 2 / (2 * 0.49);
      return sum;
    };
    const at = [...fit.strengths, ...fit.rationality];
    const covariance = invert(hessian(posterior, at).map((row) => row.map((v) => -v)));
    for (const r of [0, 1, 2])
      expect(value(fit.rater(r)).standardError).toBeCloseTo(Math.sqrt(covariance[3 + r]![3 + r]!), 4);
    const variance = covariance[0]![0]! + covariance[2]![2]! - 2 * covariance[0]![2]!;
    expect(value(fit.difference(0, 2)).standardError).toBeCloseTo(Math.sqrt(variance), 4);
    expect(fit.gradient).toBeLessThan(1e-6);
  });
  it('intervals cover at their level, by maximum likelihood and with the prior', () => {
    const rng = createRng('beta');
    const trials = 100;
    let [likely, likelyGap, posterior] = [0, 0, 0];
    for (let t = 0; t < trials; t++) {
      const fixed = [0.6, 1, 1.4, 1, 0.8, 1.2];
      const ml = value(
        fitRationality(
          crowd(rng, 6, 120, (r) => scaled(fixed[r]!)),
          { ridge: 0, spread: Infinity },
        ),
      );
      likely += Number(contains(value(ml.rater(2)), 1.4));
      likelyGap += Number(contains(value(ml.difference(0, 4)), 1.9));
      // Drawn from the prior, as a posterior interval supposes.
      const drawn = Array.from({ length: 10 }, () => 1 + 0.5 * rng.normal());
      const map = value(
        fitRationality(
          crowd(rng, 10, 60, (r) => scaled(drawn[r]!)),
          { ridge: 0.5, spread: 0.5 },
        ),
      );
      posterior += Number(contains(value(map.rater(3)), drawn[3]!));
    }
    for (const hits of [likely, likelyGap, posterior]) {
      expect(hits / trials).toBeGreaterThan(0.87);
      expect(hits / trials).toBeLessThanOrEqual(1);
    }
  });
  it('does not depend on the numbering of raters or the order of contests', () => {
    const data = crowd(createRng(4), 5, 40, (r) => scaled([1, 1.5, 0.2, 1, 0.7][r]!));
    const fit = value(fitRationality(data));
    const rows = [...data.rater.keys()].reverse();
    const changed = value(
      fitRationality({
        ...data,
        first: Int32Array.from(rows, (e) => data.first[e]!),
        second: Int32Array.from(rows, (e) => data.second[e]!),
        firstWins: Float64Array.from(rows, (e) => data.firstWins[e]!),
        secondWins: Float64Array.from(rows, (e) => data.secondWins[e]!),
        rater: Int32Array.from(rows, (e) => 4 - data.rater[e]!),
      }),
    );
    for (let r = 0; r < 5; r++) expect(changed.rationality[4 - r]).toBeCloseTo(fit.rationality[r]!, 7);
    for (let i = 0; i < 6; i++) expect(changed.strengths[i]).toBeCloseTo(fit.strengths[i]!, 7);
  });
  it('is fooled, as it must be, by a majority that shares an error', () => {
    const backwards = scaled(-1);
    const data = crowd(createRng(6), 8, 200, (r) => (r < 5 ? backwards : truth));
    const fit = value(fitRationality(data));
    expect(Math.min(...fit.rationality.subarray(0, 5))).toBeGreaterThan(0.5);
    expect(Math.max(...fit.rationality.subarray(5))).toBeLessThan(-0.3);
  });
  it('says whose rationality has no maximum, and refuses a prior on one side only', () => {
    const data = crowd(createRng(3), 4, 60, (r) => (r === 2 ? scaled(1000) : truth));
    expect(fitRationality(data, { ridge: 0, spread: Infinity })).toMatchObject({
      undefined: expect.stringContaining('rater 2'),
    });
    expect(value(fitRationality(data)).rationality[2]).toBeGreaterThan(1);
    expect(() => fitRationality(data, { ridge: 0 })).toThrow(/both strengths and rationality/);
    expect(() => fitRationality({ ...data, rater: data.rater.map(() => 9) })).toThrow(/raters of 0 … 3/);
  });
});
