import { describe, expect, it } from 'vitest';
import { comparisonLoss, createRng, fitLogistic, logisticPosterior, minimise, sigmoid } from './index.ts';

describe('L-BFGS', () => {
  it('reaches the minimum of an ill-conditioned quadratic', () => {
    const scales = Float64Array.from([1, 100, 0.01]);
    const x = minimise(
      (at, g) => {
        let value = 0;
        for (const [i, s] of scales.entries()) {
          value += (s / 2) * (at[i]! - i) ** 2;
          g[i]! += s * (at[i]! - i);
        }
        return value;
      },
      new Float64Array(3),
      { iterations: 200, tolerance: 1e-10 },
    );
    for (const [i, v] of x.entries()) expect(v).toBeCloseTo(i, 3);
  });
});

describe('the comparison loss', () => {
  it('has the derivatives it says, forgets who was written first, and stays exact far out', () => {
    const rng = createRng('comparison-loss');
    for (let i = 0; i < 200; i++) {
      const [d, t] = [16 * rng.uniform() - 8, rng.uniform()];
      const at = (difference: number) => comparisonLoss(difference, t);
      expect(at(d).slope).toBeCloseTo((at(d + 1e-5).loss - at(d - 1e-5).loss) / 2e-5, 6);
      expect(at(d).curvature).toBeCloseTo((at(d + 1e-5).slope - at(d - 1e-5).slope) / 2e-5, 6);
      expect(comparisonLoss(-d, 1 - t).loss).toBeCloseTo(at(d).loss, 12);
    }
    expect(comparisonLoss(0, 0.5).loss).toBeCloseTo(Math.LN2, 15);
    expect(comparisonLoss(800, 1).loss).toBe(0);
  });
});

describe('logistic regression', () => {
  const rng = createRng('logistic');
  const truth = [0.8, -1.2, 0];
  const rows = Array.from({ length: 4000 }, () => {
    const features = Float64Array.from(truth, () => rng.normal());
    const p = sigmoid(features.reduce((sum, v, i) => sum + v * truth[i]!, 0));
    return { features, target: Number(rng.uniform() < p) };
  });

  it('finds the weights that the outcomes came from, within its own standard errors', () => {
    const { mean, covariance } = logisticPosterior(rows, 3, { ridge: 1e-6 });
    for (const [i, w] of truth.entries())
      expect(Math.abs(mean[i]! - w)).toBeLessThan(3.5 * Math.sqrt(covariance[i * 3 + i]!));
  });

  it('is where the penalised loss has no slope, around the centre it is given', () => {
    const centre = Float64Array.of(2, 0, -1);
    const w = fitLogistic(rows, 3, { ridge: 50, centre });
    const gradient = Array.from(w, (v, i) => 50 * (v - centre[i]!));
    for (const { features, target } of rows) {
      const { slope } = comparisonLoss(
        features.reduce((sum, v, i) => sum + v * w[i]!, 0),
        target,
      );
      for (const [i, v] of features.entries()) gradient[i]! += slope * v;
    }
    for (const g of gradient) expect(g).toBeCloseTo(0, 6);
  });

  it('keeps finite weights where the data have no finite ones, and refuses to go without a prior', () => {
    const separated = [{ features: Float64Array.of(1), target: 1 }];
    expect(fitLogistic(separated, 1, { ridge: 1e-3 })[0]).toBeLessThan(20);
    expect(() => fitLogistic([], 1, { ridge: 0 })).toThrow(/ridge above 0.*got 0/);
  });
});
