/**
 * The distributions that tests and intervals are read from: incomplete gamma and beta functions and what follows from
 * them (χ², F, Student's t, normal tails), with quantiles. Densities come from Loader's saddle-point form (2000), which
 * keeps its precision when the shapes are large; tails from the series or the continued fraction, whichever converges
 * (Abramowitz and Stegun 6.5.29, 6.5.31, 26.5.8). Relative error below 1e-10 for shapes up to about a million.
 */

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const TINY = 1e-300;
const STEPS = 1_000_000;

/** Lanczos' approximation of log Γ (1964), g = 7 with nine terms. */
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** log Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x - 1 + i);
  const t = x + 6.5;
  return HALF_LOG_TWO_PI + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** log Γ(n + 1) less Stirling's formula. */
function stirlingError(n: number): number {
  if (n < 16) return logGamma(n + 1) - (n + 0.5) * Math.log(n) + n - HALF_LOG_TWO_PI;
  const s = 1 / (n * n);
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - s / 1188) * s) * s) * s) / n;
}

/** x·log(x / m) + m − x, without cancellation near x = m. */
function deviance(x: number, m: number): number {
  const d = x - m;
  if (Math.abs(d) > 0.1 * (x + m)) return x * Math.log(x / m) - d;
  const v = d / (x + m);
  let sum = d * v;
  let term = 2 * x * v;
  for (let j = 1; ; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** xᵃ e⁻ˣ / Γ(a), as a logarithm. */
const logGammaKernel = (a: number, x: number): number =>
  0.5 * Math.log(a) - HALF_LOG_TWO_PI - stirlingError(a) - deviance(a, x);

/** xᵃ (1 − x)ᵇ / B(a, b), as a logarithm; y is 1 − x. */
function logBetaKernel(a: number, b: number, [x, y]: readonly [number, number]): number {
  const n = a + b;
  return (
    0.5 * (Math.log(a) + Math.log(b) - Math.log(n)) -
    HALF_LOG_TWO_PI +
    stirlingError(n) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, n * x) -
    deviance(b, n * y)
  );
}

/** Lower and upper tail of the gamma distribution with shape a at x. */
function gammaTails(a: number, x: number): readonly [number, number] {
  if (!(x > 0)) return [0, 1];
  if (x === Infinity) return [1, 0];
  const kernel = Math.exp(logGammaKernel(a, x));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < STEPS && term > sum * 1e-17; k++) {
      term *= x / (a + k);
      sum += term;
    }
    const lower = Math.min(1, kernel * sum);
    return [lower, 1 - lower];
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < STEPS; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || TINY);
    c = b + an / c || TINY;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  const upper = Math.min(1, kernel * h);
  return [1 - upper, upper];
}

/**
 * The continued fraction of the incomplete beta function in the form of DiDonato and Morris (1992, Eq. 10), which takes
 * both x and y = 1 − x and so does not cancel near either end; by Lentz's method. Converges fast for x below the mean.
 */
function betaFraction(a: number, b: number, [x, y]: readonly [number, number]): number {
  const lambda = x <= 0.5 ? a - (a + b) * x : (a + b) * y - b;
  let c = (a / (a + 1)) * (lambda + 1);
  let d = 0;
  let f = c;
  for (let n = 1; n < STEPS; n++) {
    const s = a + 2 * n - 1;
    const step = (n * (b - n) * x) / s;
    const alpha = ((a + n - 1) / s) * (a + b + n - 1) * step * x;
    const beta = n + step + ((a + n) / (s + 2)) * (lambda + 1 + n * (1 + y));
    d = 1 / (alpha * d + beta || TINY);
    c = beta + alpha / c || TINY;
    f *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return 1 / f;
}

/** Lower and upper tail of the beta distribution at x, given with y = 1 − x so that neither end loses digits. */
function betaTails(a: number, b: number, [x, y]: readonly [number, number]): readonly [number, number] {
  if (!(x > 0)) return [0, 1];
  if (!(y > 0)) return [1, 0];
  const kernel = Math.exp(logBetaKernel(a, b, [x, y]));
  if (x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, kernel * betaFraction(a, b, [x, y]));
    return [lower, 1 - lower];
  }
  const upper = Math.min(1, kernel * betaFraction(b, a, [y, x]));
  return [1 - upper, upper];
}

/** Regularised lower incomplete gamma function P(a, x). */
export const gammaLower = (a: number, x: number): number => gammaTails(a, x)[0];
/** Regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x). */
export const gammaUpper = (a: number, x: number): number => gammaTails(a, x)[1];
/** Regularised incomplete beta function Iₓ(a, b): the distribution function of beta(a, b). */
export const betaLower = (a: number, b: number, x: number): number => betaTails(a, b, [x, 1 - x])[0];

/** P(X > x) of χ² with df degrees of freedom. */
export const chiSquareUpper = (x: number, df: number): number => gammaUpper(df / 2, x / 2);

const splitOf = (numerator: number, denominator: number): readonly [number, number] => {
  const total = numerator + denominator;
  return [numerator / total, denominator / total];
};

/** P(X > f) of F with df1 and df2 degrees of freedom. */
export const fUpper = (f: number, df1: number, df2: number): number =>
  f === Infinity ? 0 : betaTails(df1 / 2, df2 / 2, splitOf(df1 * Math.max(f, 0), df2))[1];

/** P(X > z) of the standard normal distribution, with its relative precision kept in the far tail. */
export function normalUpper(z: number): number {
  const [lower, upper] = gammaTails(0.5, (z * z) / 2);
  return z >= 0 ? upper / 2 : 0.5 + lower / 2;
}

/**
 * Solves tail(u) = p for the smaller of the two tails by Newton's method on its logarithm, which is concave for the
 * densities here (log-gamma, logistic-beta), inside a bracket that falls back to bisection.
 */
function solve(
  [p, q]: readonly [number, number],
  tails: (u: number) => readonly [number, number],
  logDensity: (u: number) => number,
  start: number,
): number {
  const lowerSide = p <= q;
  const target = Math.log(lowerSide ? p : q);
  let [low, high] = [-745, 745];
  let u = Math.min(700, Math.max(-700, start));
  for (let i = 0; i < 200; i++) {
    const pair = tails(u);
    const gap = Math.log(lowerSide ? pair[0] : pair[1]) - target;
    if (gap === 0) return u;
    if (gap < 0 === lowerSide) low = u;
    else high = u;
    const slope = Math.exp(logDensity(u) - target - gap);
    let next = lowerSide ? u - gap / slope : u + gap / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - u) <= 1e-15 * (1 + Math.abs(u))) return next;
    u = next;
  }
  return u;
}

/** Log-odds of the beta quantile, so that both ends keep their digits. */
function betaLogit([p, q]: readonly [number, number], a: number, b: number): number {
  const point = (u: number): readonly [number, number] => [1 / (1 + Math.exp(-u)), 1 / (1 + Math.exp(u))];
  return solve(
    [p, q],
    (u) => betaTails(a, b, point(u)),
    (u) => logBetaKernel(a, b, point(u)),
    Math.log(a / b),
  );
}

/** Quantile of beta(a, b). */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  return 1 / (1 + Math.exp(-betaLogit([p, 1 - p], a, b)));
}

/** Quantile of F with df1 and df2 degrees of freedom. */
export function fQuantile(p: number, df1: number, df2: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return Infinity;
  return (df2 / df1) * Math.exp(betaLogit([p, 1 - p], df1 / 2, df2 / 2));
}

/** Quantile of Student's t with df degrees of freedom. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  if (p <= 0 || p >= 1) return p <= 0 ? -Infinity : Infinity;
  const outside = 2 * Math.min(p, 1 - p);
  const t = Math.sqrt(df * Math.exp(betaLogit([1 - outside, outside], 0.5, df / 2)));
  return p < 0.5 ? -t : t;
}

/** Quantile of χ² with df degrees of freedom. */
export function chiSquareQuantile(p: number, df: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return Infinity;
  const a = df / 2;
  const u = solve(
    [p, 1 - p],
    (v) => gammaTails(a, Math.exp(v)),
    (v) => logGammaKernel(a, Math.exp(v)),
    Math.log(a),
  );
  return 2 * Math.exp(u);
}
