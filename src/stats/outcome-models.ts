import { comparisonLoss } from './comparison-loss.ts';
import type { Comparisons } from './comparisons.ts';

/**
 * What a tie says. `half`: half a win for each side. `davidson` (1970): P(tie) ∝ ν√(πᵢπⱼ). `rao-kupper` (1967): a tie when
 * the difference stays below a threshold, P(i wins) = πᵢ / (πᵢ + κπⱼ), κ ≥ 1.
 */
export type TieModel = 'half' | 'davidson' | 'rao-kupper';

/** Derivatives of the log-likelihood by the log-odds of each contest and by the tie parameter. */
export interface OutcomeDerivatives {
  /** ∂ℓ/∂d by contest. */
  readonly score: Float64Array;
  /** −∂²ℓ/∂d² by contest. */
  readonly weight: Float64Array;
  /** −∂²ℓ/∂d∂t by contest. */
  readonly cross: Float64Array;
  /** ∂ℓ/∂t and −∂²ℓ/∂t². */
  tieScore: number;
  tieInformation: number;
}

export const outcomeDerivatives = (contests: number): OutcomeDerivatives => ({
  score: new Float64Array(contests),
  weight: new Float64Array(contests),
  cross: new Float64Array(contests),
  tieScore: 0,
  tieInformation: 0,
});

/**
 * A distribution of win, loss and tie given the log-odds d of the first side and the tie parameter t: log ν for Davidson,
 * log κ for Rao–Kupper. All three are concave in (d, t), so every maximum is global.
 */
export interface OutcomeModel {
  readonly hasParameter: boolean;
  /** Parameter at which equal contestants tie at the observed rate. */
  start(tieRate: number): number;
  /** Log-likelihood of the counts; −∞ outside the parameter's range. Fills `out` when given. */
  logLikelihood(data: Comparisons, logOdds: Float64Array, t: number, out: OutcomeDerivatives | null): number;
}

const half: OutcomeModel = {
  hasParameter: false,
  start: () => 0,
  logLikelihood({ firstWins, secondWins, ties }, logOdds, _, out) {
    let value = 0;
    for (let e = 0; e < logOdds.length; e++) {
      const tied = ties ? ties[e]! / 2 : 0;
      const wins = firstWins[e]! + tied;
      const n = wins + secondWins[e]! + tied;
      if (n === 0) continue;
      const { loss, slope, curvature } = comparisonLoss(logOdds[e]!, wins / n, n);
      value -= loss;
      if (out === null) continue;
      out.score[e] = -slope;
      out.weight[e] = curvature;
    }
    return value;
  },
};

const davidson: OutcomeModel = {
  hasParameter: true,
  start: (tieRate) => Math.log((2 * tieRate) / (1 - tieRate)),
  logLikelihood({ firstWins, secondWins, ties }, logOdds, t, out) {
    let [value, tieScore, tieInformation] = [0, 0, 0];
    for (let e = 0; e < logOdds.length; e++) {
      const d = logOdds[e]! / 2;
      const [wins, losses, tied] = [firstWins[e]!, secondWins[e]!, ties ? ties[e]! : 0];
      const n = wins + losses + tied;
      const top = Math.max(Math.abs(d), t);
      const [win, loss, tie] = [Math.exp(d - top), Math.exp(-d - top), Math.exp(t - top)];
      const total = win + loss + tie;
      // Each part is a logarithm of at most 1: large terms that cancel would leave rounding above 0.
      value += wins * (d - top) + losses * (-d - top) + tied * (t - top) - n * Math.log(total);
      if (out === null) continue;
      const gap = (win - loss) / total;
      const pTie = tie / total;
      out.score[e] = (wins - losses - n * gap) / 2;
      out.weight[e] = (n * (1 - pTie - gap * gap)) / 4;
      out.cross[e] = (-n * gap * pTie) / 2;
      tieScore += tied - n * pTie;
      tieInformation += n * pTie * (1 - pTie);
    }
    if (out !== null) {
      out.tieScore = tieScore;
      out.tieInformation = tieInformation;
    }
    return value;
  },
};

const raoKupper: OutcomeModel = {
  hasParameter: true,
  start: (tieRate) => Math.log((1 + tieRate) / (1 - tieRate)),
  // P(tie) = (κ² − 1)·P(win)·P(loss), so that a tie counts as a win and a loss, each against the threshold t.
  logLikelihood({ firstWins, secondWins, ties }, logOdds, t, out) {
    if (!(t > 0)) return -Infinity;
    const logTie = 2 * t + Math.log(-Math.expm1(-2 * t));
    const slope = -2 / Math.expm1(-2 * t);
    let [value, tieScore, tieInformation, allTies] = [0, 0, 0, 0];
    for (let e = 0; e < logOdds.length; e++) {
      const d = logOdds[e]!;
      const tied = ties ? ties[e]! : 0;
      const wins = firstWins[e]! + tied;
      const losses = secondWins[e]! + tied;
      const up = Math.exp(-Math.abs(d - t));
      const down = Math.exp(-Math.abs(d + t));
      value += tied * logTie;
      value -= wins * (Math.max(t - d, 0) + Math.log1p(up)) + losses * (Math.max(t + d, 0) + Math.log1p(down));
      if (out === null) continue;
      const notWin = (d - t >= 0 ? up : 1) / (1 + up);
      const notLoss = (d + t >= 0 ? 1 : down) / (1 + down);
      const winWeight = (wins * up) / ((1 + up) * (1 + up));
      const lossWeight = (losses * down) / ((1 + down) * (1 + down));
      out.score[e] = wins * notWin - losses * notLoss;
      out.weight[e] = winWeight + lossWeight;
      out.cross[e] = lossWeight - winWeight;
      tieScore -= wins * notWin + losses * notLoss;
      tieInformation += winWeight + lossWeight;
      allTies += tied;
    }
    if (out !== null) {
      out.tieScore = tieScore + allTies * slope;
      out.tieInformation = tieInformation + allTies * slope * slope * Math.exp(-2 * t);
    }
    return value;
  },
};

export const OUTCOME_MODELS: Readonly<Record<TieModel, OutcomeModel>> = { half, davidson, 'rao-kupper': raoKupper };
