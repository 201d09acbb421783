import type { Item, Judgment } from '../feedback/index.ts';
import {
  clusterCovariance,
  coverageRemark,
  fitPreferences,
  type Interval,
  type PreferenceFit,
  spearman,
  studentQuantile,
} from '../stats/index.ts';
import { type ShareEstimate, share } from './estimates.ts';
import { CONTROLS, type Control, type ModelContests, modelContests } from './leaderboard-contests.ts';

export interface LeaderboardOptions {
  /** What strengths are held apart from; position and every feature of form by default. */
  readonly controls?: readonly Control[];
  /**
   * Precision of a normal prior on strengths; 0 is maximum likelihood. Where results do not connect the models, a weak
   * prior (`CONNECTING_RIDGE`) is taken and said.
   */
  readonly ridge?: number;
  readonly level?: number;
}

/** A coefficient with its interval. */
export interface BoardEstimate {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
}

export interface BoardRow {
  readonly model: string;
  /** Log-odds against the mean of all models, controls held equal. */
  readonly strength: BoardEstimate;
  /** Best and worst place that the differences from the other models leave open, each tested at the level. */
  readonly ranks: readonly [best: number, worst: number];
  /** The same without controls. */
  readonly rawStrength: number;
  /** Share of the model's contests that it won, a tie as half. */
  readonly raw: ShareEstimate;
}

export interface Leaderboard {
  /** Strongest first. */
  readonly rows: readonly BoardRow[];
  /** Log-odds that a control adds: for standing first, or for a typical (root mean square) difference of a feature. */
  readonly controls: readonly (BoardEstimate & { readonly control: Control; readonly scale: number })[];
  readonly without: ModelContests['without'];
  /** Davidson's ν: ties against decisions between equals, null without ties. */
  readonly ties: BoardEstimate | null;
  /** Of strengths with and without controls; null for fewer than three models. */
  readonly spearman: number | null;
  readonly judgments: number;
  readonly contests: number;
  readonly raters: number;
  /** What is taken as drawn whole for the intervals, and how many of them there are. */
  readonly clusters: { readonly of: 'raters' | 'judgments'; readonly n: number };
  readonly ridge: number;
  readonly unused: ModelContests['unused'];
  readonly notes: readonly string[];
}

/** Precision of the prior that holds models together which results do not connect. */
export const CONNECTING_RIDGE = 0.1;
/** The fewest raters from whom others can be judged: below, intervals by rater are too narrow. */
const LEAST_RATERS = 20;

type Refusal = { readonly undefined: string };

/** The maximum likelihood fit, or the one under a weak prior where results do not connect the models. */
function fitBoard(data: ModelContests['data'], ridge: number): { fit: PreferenceFit; ridge: number } | Refusal {
  const fit = fitPreferences(data, { ridge, method: 'dense' });
  if (!('undefined' in fit)) return { fit, ridge };
  if (ridge > 0) return fit;
  const held = fitPreferences(data, { ridge: CONNECTING_RIDGE, covariateRidge: CONNECTING_RIDGE, method: 'dense' });
  return 'undefined' in held ? held : { fit: held, ridge: CONNECTING_RIDGE };
}

interface Covariance {
  readonly matrix: Float64Array;
  readonly size: number;
  readonly quantile: number;
  readonly clusters: Leaderboard['clusters'];
}

/** Raters as drawn whole where there are enough of them, else judgments as independent. */
function covarianceOf(contests: ModelContests, fit: PreferenceFit, level: number): Covariance | Refusal {
  const { data, rater, raters } = contests;
  const byRater = raters >= LEAST_RATERS;
  const each = Int32Array.from({ length: rater.length }, (_, e) => e);
  const found = clusterCovariance(data, fit, byRater ? rater : each);
  if ('undefined' in found) return found;
  return {
    matrix: found.covariance,
    size: found.size,
    quantile: studentQuantile(0.5 + level / 2, found.clusters - 1),
    clusters: { of: byRater ? 'raters' : 'judgments', n: byRater ? found.clusters : contests.judgments },
  };
}

/** Places that stay open: one below for every model that is surely better, one above for every one that is surely worse. */
function ranksOf(strengths: Float64Array, { matrix, size, quantile }: Covariance): [number, number][] {
  const n = strengths.length;
  const at = (i: number, j: number) => matrix[i * size + j]!;
  return Array.from({ length: n }, (_, i) => {
    let [better, worse] = [0, 0];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const half = quantile * Math.sqrt(Math.max(0, at(i, i) + at(j, j) - 2 * at(i, j)));
      const gap = strengths[j]! - strengths[i]!;
      if (gap > half) better += 1;
      else if (gap < -half) worse += 1;
    }
    return [1 + better, n - worse];
  });
}

/** Won and contested by model, a tie as half a win. */
function rawShares({ data }: ModelContests): { won: Float64Array; n: Float64Array } {
  const won = new Float64Array(data.contestants);
  const n = new Float64Array(data.contestants);
  for (let e = 0; e < data.first.length; e++) {
    const tied = data.ties?.[e] ?? 0;
    const [a, b] = [data.first[e]!, data.second[e]!];
    won[a]! += data.firstWins[e]! + tied / 2;
    won[b]! += data.secondWins[e]! + tied / 2;
    const all = data.firstWins[e]! + data.secondWins[e]! + tied;
    n[a]! += all;
    n[b]! += all;
  }
  return { won, n };
}

/**
 * Strengths of the models named beside replies, controlled for the place shown and for the form of the replies, as public
 * leaderboards report them (length- and style-controlled Bradley–Terry): log-odds d = θ_a − θ_b + Σ γₖxₖ with ties by
 * Davidson (1970), x the style differences (a − b) / (a + b) in units of their root mean square. Says why when there is
 * nothing to fit.
 */
export function leaderboard(
  items: readonly Item[],
  judgments: Iterable<Judgment>,
  { controls = CONTROLS, ridge = 0, level = 0.95 }: LeaderboardOptions = {},
): Leaderboard | Refusal {
  const contests = modelContests(items, judgments, controls);
  const { models, data } = contests;
  if (models.length < 2) {
    return {
      undefined: `expected judgments between replies of two models or more, got ${models.length} models: name the model beside each reply (\`model\` in items.jsonl)`,
    };
  }
  const found = fitBoard(data, ridge);
  if ('undefined' in found) return found;
  const raw = fitBoard({ ...data, covariates: [] }, found.ridge);
  if ('undefined' in raw) return raw;
  const { fit } = found;
  const covariance = covarianceOf(contests, fit, level);
  if ('undefined' in covariance) return covariance;
  const { matrix, size, quantile, clusters } = covariance;
  const estimate = (value: number, at: number): BoardEstimate => {
    const standardError = Math.sqrt(Math.max(0, matrix[at * size + at]!));
    const half = quantile * standardError;
    return { value, standardError, interval: { low: value - half, high: value + half, level } };
  };
  const ranks = ranksOf(fit.strengths, covariance);
  const { won, n } = rawShares(contests);
  const order = [...models.keys()].sort((a, b) => fit.strengths[b]! - fit.strengths[a]!);
  return {
    rows: order.map((i) => ({
      model: models[i]!,
      strength: estimate(fit.strengths[i]!, i),
      ranks: ranks[i]!,
      rawStrength: raw.fit.strengths[i]!,
      raw: share(won[i]!, n[i]!)!,
    })),
    controls: fit.covariates.map(({ name, value }, k) => ({
      ...estimate(value, models.length + k),
      control: name as Control,
      scale: contests.scales.get(name as Control)!,
    })),
    without: contests.without,
    ties: fit.tie === null ? null : tieEstimate(fit.tie.value, estimate(Math.log(fit.tie.value), size - 1)),
    spearman: models.length < 3 ? null : spearman([...fit.strengths], [...raw.fit.strengths]),
    judgments: contests.judgments,
    contests: data.first.length,
    raters: contests.raters,
    clusters,
    ridge: found.ridge,
    unused: contests.unused,
    notes: notesOf(found.ridge > ridge, contests, clusters),
  };
}

/** From the log scale, on which the interval is symmetric. */
const tieEstimate = (value: number, log: BoardEstimate): BoardEstimate => ({
  value,
  standardError: value * log.standardError,
  interval: { low: Math.exp(log.interval.low), high: Math.exp(log.interval.high), level: log.interval.level },
});

function notesOf(held: boolean, { raters, judgments }: ModelContests, { of }: Leaderboard['clusters']): string[] {
  const remark = coverageRemark('model-strength', judgments);
  return [
    ...(remark === null ? [] : [`an interval of strength ${remark}`]),
    ...(held
      ? [
          `results do not connect all models, or a control separates them: a weak prior (ridge ${CONNECTING_RIDGE}) holds strengths together`,
        ]
      : []),
    ...(of === 'judgments'
      ? [
          `${raters} raters are too few to stand for others (${LEAST_RATERS} would do): intervals take judgments as independent`,
        ]
      : []),
  ];
}
