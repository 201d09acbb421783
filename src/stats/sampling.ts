import { logGamma } from './distributions.ts';
import type { Uniform } from './random.ts';

/**
 * A binomial draw: by counting geometric gaps when few successes are expected, by transformed rejection (Hörmann 1993,
 * algorithm BTRS) otherwise, so that its cost does not grow with n.
 */
export function sampleBinomial(n: number, p: number, uniform: Uniform): number {
  if (p > 0.5) return n - sampleBinomial(n, 1 - p, uniform);
  if (n === 0 || p <= 0) return 0;
  if (n * p < 10) {
    const logMiss = Math.log1p(-p);
    let successes = 0;
    for (let at = 0; ; successes++) {
      at += Math.floor(Math.log1p(-uniform()) / logMiss) + 1;
      if (at > n) return successes;
    }
  }
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const mode = Math.floor((n + 1) * p);
  const logOdds = Math.log(p / (1 - p));
  const top = logGamma(mode + 1) + logGamma(n - mode + 1);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + n * p + 0.5);
    if (edge >= 0.07 && v <= 0.92 - 4.2 / b) return k;
    if (!(k >= 0 && k <= n)) continue;
    const height = Math.log((v * (2.83 + 5.1 / b) * spread) / (a / (edge * edge) + b));
    if (height <= top - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds) return k;
  }
}

/** How often each kind is drawn when as many units as there are in all are drawn with replacement; `out` is overwritten. */
export function resampleCounts(counts: Float64Array, uniform: Uniform, out: Float64Array): void {
  let unseen = 0;
  for (const count of counts) unseen += count;
  let left = unseen;
  for (let k = 0; k < counts.length; k++) {
    const count = counts[k]!;
    const drawn = count >= unseen ? left : sampleBinomial(left, count / unseen, uniform);
    out[k] = drawn;
    left -= drawn;
    unseen -= count;
  }
}
