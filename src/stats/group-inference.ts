import { byRater, logOddsAt, type RatedComparisons } from './comparisons.ts';
import { normalQuantile, sigmoid } from './functions.ts';
import { cholesky, choleskySolve, dot } from './linear-algebra.ts';
import type { Coefficient } from './preference-inference.ts';

type Answer = Coefficient | { readonly undefined: string };

/** Standard errors of a mixture's parameters, raters being the units. Groups are numbered as in the fit. */
export interface GroupInference {
  /** The interval is symmetric on the log-odds scale. */
  share(group: number, level?: number): Answer;
  /** θ_a − θ_b within a group. */
  difference(group: number, a: number, b: number, level?: number): Answer;
  /** How much more `group` thinks of a against b than `other` does. */
  contrast(group: number, other: number, pair: readonly [a: number, b: number], level?: number): Answer;
  coefficient(group: number, name: string, level?: number): Answer;
}

interface Mixture {
  readonly data: RatedComparisons;
  readonly parameters: readonly Float64Array[];
  readonly shares: readonly number[];
  readonly memberships: readonly Float64Array[];
  readonly ridge: number;
}

/** Most parameters for which the information is formed and factored. */
const LARGEST = 1200;

/**
 * Observed information of the mixture (Louis 1982): what complete data would tell, less what not knowing the groups
 * takes away, Σ_r Cov(complete score of rater r | answers). Parameters: each group's utilities, then log-odds of shares
 * against the last group.
 */
function information({ data, parameters, shares, memberships, ridge }: Mixture): {
  matrix: Float64Array;
  size: number;
} {
  const { contestants, first, second, firstWins, secondWins, ties, covariates = [], raters } = data;
  const groups = shares.length;
  const each = parameters[0]!.length;
  const size = groups * each + groups - 1;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < groups * each; i++) matrix[i * size + i] = ridge;
  for (let g = 0; g < groups - 1; g++) {
    for (let h = 0; h < groups - 1; h++) {
      matrix[(groups * each + g) * size + groups * each + h] =
        raters * ((g === h ? shares[g]! : 0) - shares[g]! * shares[h]!);
    }
  }
  const odds = parameters.map((at) => logOddsAt(data, at));
  const { rows, contests } = byRater(data);
  const score = new Float64Array(groups * each);
  for (let r = 0; r < raters; r++) {
    const touched = new Set<number>();
    for (let k = rows[r]!; k < rows[r + 1]!; k++) {
      const e = contests[k]!;
      const entries: (readonly [number, number])[] = covariates.map((c, q) => [contestants + q, c.values[e]!] as const);
      if (contestants > 0) entries.push([first[e]!, 1], [second[e]!, -1]);
      const half = ties ? ties[e]! / 2 : 0;
      const n = firstWins[e]! + secondWins[e]! + 2 * half;
      for (let g = 0; g < groups; g++) {
        const p = sigmoid(odds[g]![e]!);
        const weight = memberships[r]![g]! * n * p * (1 - p);
        for (const [i, x] of entries) {
          touched.add(g * each + i);
          score[g * each + i]! += x * (firstWins[e]! + half - n * p);
          for (const [j, y] of entries) matrix[(g * each + i) * size + g * each + j]! += weight * x * y;
        }
      }
    }
    // The rater's complete score is 1(z = g) times these columns: utilities' scores, and 1 for the share.
    const columns = [...touched].map((i) => [i, Math.floor(i / each), score[i]!] as const);
    for (let g = 0; g < groups - 1; g++) columns.push([groups * each + g, g, 1]);
    const m = memberships[r]!;
    for (const [i, g, s] of columns) {
      for (const [j, h, t] of columns) matrix[i * size + j]! -= ((g === h ? m[g]! : 0) - m[g]! * m[h]!) * s * t;
    }
    for (const i of touched) score[i] = 0;
  }
  // Constant strengths carry no information beyond the prior; contrasts never touch them.
  for (let g = 0; g < groups && contestants > 0; g++) {
    for (let i = 0; i < contestants; i++) {
      for (let j = 0; j < contestants; j++) matrix[(g * each + i) * size + g * each + j]! += 1 / contestants;
    }
  }
  return { matrix, size };
}

export function groupInference(mixture: Mixture): GroupInference {
  const { data, parameters, shares } = mixture;
  const { contestants, covariates = [], raters } = data;
  const groups = shares.length;
  const each = parameters[0]!.length;
  const size = groups * each + groups - 1;
  let factor: Float64Array | null | undefined;
  const wald = (direction: Float64Array, value: number, level: number): Answer => {
    if (size > LARGEST) {
      return {
        undefined: `${size} parameters are too many to invert their information (at most ${LARGEST}): use clusterBootstrap`,
      };
    }
    factor ??= cholesky(information(mixture).matrix, size);
    if (factor === null)
      return { undefined: 'the information is not positive definite: the groups are not identified' };
    const standardError = Math.sqrt(dot(direction, choleskySolve(factor, direction)));
    const z = normalQuantile(0.5 + level / 2) * standardError;
    return { value, standardError, interval: { low: value - z, high: value + z, level }, n: raters };
  };
  const unit = (entries: readonly (readonly [number, number])[]) => {
    const direction = new Float64Array(size);
    for (const [i, v] of entries) direction[i]! += v;
    return direction;
  };
  const gap = (g: number, a: number, b: number) => parameters[g]![a]! - parameters[g]![b]!;
  return {
    share: (g, level = 0.95) => {
      if (groups === 1) return { undefined: 'with one group its share is 1 by definition' };
      // ∂π_g/∂log-odds_h = π_g(1(g = h) − π_h)
      const direction = new Float64Array(size);
      for (let h = 0; h < groups - 1; h++) direction[groups * each + h] = shares[g]! * (Number(g === h) - shares[h]!);
      const plain = wald(direction, shares[g]!, level);
      if ('undefined' in plain) return plain;
      const p = shares[g]!;
      const z = (normalQuantile(0.5 + level / 2) * plain.standardError) / (p * (1 - p));
      const logit = Math.log(p / (1 - p));
      return { ...plain, interval: { low: sigmoid(logit - z), high: sigmoid(logit + z), level } };
    },
    difference: (g, a, b, level = 0.95) =>
      wald(
        unit([
          [g * each + a, 1],
          [g * each + b, -1],
        ]),
        gap(g, a, b),
        level,
      ),
    contrast: (g, h, [a, b], level = 0.95) =>
      wald(
        unit([
          [g * each + a, 1],
          [g * each + b, -1],
          [h * each + a, -1],
          [h * each + b, 1],
        ]),
        gap(g, a, b) - gap(h, a, b),
        level,
      ),
    coefficient: (g, name, level = 0.95) => {
      const k = covariates.findIndex((c) => c.name === name);
      if (k < 0) return { undefined: `there is no covariate ${name}` };
      return wald(unit([[g * each + contestants + k, 1]]), parameters[g]![contestants + k]!, level);
    },
  };
}
