import { type Comparisons, logOddsAt } from './comparisons.ts';
import { sigmoid } from './functions.ts';
import { multiply } from './linear-algebra.ts';
import type { PreferenceFit } from './preferences.ts';

export interface ClusterCovariance {
  /** Of strengths, order, covariates and the log tie parameter, row-major, size × size. */
  readonly covariance: Float64Array;
  readonly size: number;
  /** Clusters with a comparison. */
  readonly clusters: number;
}

/** Contests grouped by cluster. */
function grouped(cluster: Int32Array): { starts: Int32Array; contests: Int32Array } {
  const most = cluster.reduce((top, c) => Math.max(top, c), -1) + 1;
  const starts = new Int32Array(most + 1);
  for (const c of cluster) starts[c + 1]! += 1;
  for (let c = 0; c < most; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice(0, most);
  const contests = new Int32Array(cluster.length);
  for (let e = 0; e < cluster.length; e++) contests[next[cluster[e]!]!++] = e;
  return { starts, contests };
}

/** Derivatives of the log-likelihood of each contest by its log-odds and by the tie parameter (Davidson, or ties as halves). */
function scoresOf(data: Comparisons, fit: PreferenceFit): { score: Float64Array; tieScore: Float64Array } {
  const { firstWins, secondWins, ties } = data;
  const order = fit.order ?? 0;
  const at = Float64Array.from([...fit.strengths, ...fit.covariates.map(({ value }) => value)]);
  const logOdds = logOddsAt(data, at);
  const score = new Float64Array(logOdds.length);
  const tieScore = new Float64Array(logOdds.length);
  const nu = fit.tie === null ? 0 : fit.tie.value;
  for (let e = 0; e < logOdds.length; e++) {
    const d = logOdds[e]! + order;
    const tied = ties ? ties[e]! : 0;
    const n = firstWins[e]! + secondWins[e]! + tied;
    if (fit.tie === null) {
      score[e] = firstWins[e]! + tied / 2 - n * sigmoid(d);
      continue;
    }
    const half = Math.exp(-Math.abs(d) / 2);
    // Win : loss : tie as e^(d/2) : e^(−d/2) : ν, scaled by the larger of the first two.
    const total = 1 + half * half + nu * half;
    const gap = (Math.sign(d) * (1 - half * half)) / total;
    score[e] = (firstWins[e]! - secondWins[e]! - n * gap) / 2;
    tieScore[e] = tied - (n * nu * half) / total;
  }
  return { score, tieScore };
}

/**
 * Covariance of a fit of preferences that takes clusters of comparisons (all of one rater, say) as drawn whole: Huber's
 * sandwich with the factor C / (C − 1) (Liang and Zeger 1986). For dense fits with ties as halves or by Davidson; says why
 * otherwise. Needs many clusters: below some twenty, intervals from it are too narrow.
 */
export function clusterCovariance(
  data: Comparisons,
  fit: PreferenceFit,
  cluster: Int32Array,
): ClusterCovariance | { readonly undefined: string } {
  if (fit.tie !== null && fit.tie.model !== 'davidson') return { undefined: `not made for ties by ${fit.tie.model}` };
  const bread = fit.inference.covariance();
  if (bread === null) return { undefined: 'the fit is sparse, so that its covariance is not formed' };
  const size = fit.parameters.length;
  const { contestants, first, second, covariates = [] } = data;
  const orderAt = contestants;
  const covariatesAt = contestants + Number(fit.order !== null);
  const { score, tieScore } = scoresOf(data, fit);
  const { starts, contests } = grouped(cluster);
  const meat = new Float64Array(size * size);
  const sum = new Float64Array(size);
  let clusters = 0;
  for (let c = 0; c + 1 < starts.length; c++) {
    if (starts[c] === starts[c + 1]) continue;
    clusters += 1;
    const touched = new Set<number>();
    const add = (i: number, v: number) => {
      sum[i]! += v;
      touched.add(i);
    };
    for (let k = starts[c]!; k < starts[c + 1]!; k++) {
      const e = contests[k]!;
      const s = score[e]!;
      add(first[e]!, s);
      add(second[e]!, -s);
      if (fit.order !== null) add(orderAt, s);
      for (const [x, { values }] of covariates.entries()) add(covariatesAt + x, s * values[e]!);
      if (fit.tie !== null) add(size - 1, tieScore[e]!);
    }
    const own = [...touched];
    for (const i of own) for (const j of own) meat[i * size + j]! += sum[i]! * sum[j]!;
    for (const i of own) sum[i] = 0;
  }
  if (clusters < 2) return { undefined: 'one cluster does not show how clusters vary' };
  const product = multiply(multiply(bread, meat, size), bread, size);
  const factor = clusters / (clusters - 1);
  return { covariance: product.map((v) => v * factor), size, clusters };
}
