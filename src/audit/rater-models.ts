import { comparisonLoss, dot, fitLogistic, minimise, sigmoid } from '../stats/index.ts';

/**
 * How raters choose, given what replies are worth. The assumed model is Boltzmann's with a rationality for each rater; every
 * alternative adds one thing to it. All have parameters for each rater, drawn towards those of all raters, so that raters who are
 * alike are fitted as one.
 */

/** A choice as a rater model reads it: a judgment whose replies have known scores. */
export interface ScoredChoice {
  readonly rater: number;
  readonly target: number;
  readonly weight: number;
  /** Score of the first reply less that of the second, by a reward that did not see the item. */
  readonly score: number;
  /** What of it lies in the later part of the texts. */
  readonly late: number;
  /** Scores of both together, in deviations from their mean. */
  readonly level: number;
  /** 1 where the first reply stood first, −1 where the second did, 0 where unknown. */
  readonly place: number;
  /** How far into the rater's judgments, −1 at the first to 1 at the last. */
  readonly time: number;
}

/** Negative log-likelihood of a choice by a model that was fitted to others. */
export type ChoiceLoss = (choice: ScoredChoice) => number;
type Fit = (choices: readonly ScoredChoice[], raters: number) => ChoiceLoss;

/** Precision of what raters' own parameters are drawn to those of all with: they differ by one, as likely as not more. */
const OWN = 1;
/** Precision of the common parameters. */
const COMMON = 0.25;

const byRater = (choices: readonly ScoredChoice[], raters: number): ScoredChoice[][] => {
  const rows = Array.from({ length: raters }, (): ScoredChoice[] => []);
  for (const choice of choices) rows[choice.rater]!.push(choice);
  return rows;
};

/** Log-odds linear in some parts of a choice; the first is its score, whose coefficient is the rationality. */
const linear =
  (parts: (choice: ScoredChoice) => readonly number[]): Fit =>
  (choices, raters) => {
    const rowOf = (choice: ScoredChoice) => ({
      features: Float64Array.from(parts(choice)),
      target: choice.target,
      weight: choice.weight,
    });
    const size = choices.length === 0 ? 1 : parts(choices[0]!).length;
    const start = Float64Array.from({ length: size }, (_, k) => Number(k === 0));
    const all = fitLogistic(choices.map(rowOf), size, { ridge: COMMON, centre: start });
    const own = byRater(choices, raters).map((rows) => fitLogistic(rows.map(rowOf), size, { ridge: OWN, centre: all }));
    return (choice) =>
      comparisonLoss(dot(Float64Array.from(parts(choice)), own[choice.rater]!), choice.target, choice.weight).loss;
  };

/** log of (1 − ε) p + ε / 2, and its slopes by the log-odds and by the logit of ε. */
function lapsed(logOdds: number, logit: number) {
  const [p, epsilon] = [sigmoid(logOdds), sigmoid(logit)];
  const mixed = (1 - epsilon) * p + epsilon / 2;
  return {
    log: Math.log(mixed),
    byLogOdds: ((1 - epsilon) * p * (1 - p)) / mixed,
    byLogit: (epsilon * (1 - epsilon) * (0.5 - p)) / mixed,
  };
}

/** Loss of a choice whose answer is given at random now and then, with slopes by rationality and by the logit of how often. */
function lapseLoss({ score, target, weight }: ScoredChoice, [beta, logit]: Float64Array) {
  const [first, second] = [lapsed(beta! * score, logit!), lapsed(-beta! * score, logit!)];
  return {
    loss: -weight * (target * first.log + (1 - target) * second.log),
    byBeta: -weight * score * (target * first.byLogOdds - (1 - target) * second.byLogOdds),
    byLogit: -weight * (target * first.byLogit + (1 - target) * second.byLogit),
  };
}

/** Rationality and how often at random, most probable around a centre. */
function fitLapse(choices: readonly ScoredChoice[], centre: Float64Array, precision: readonly [number, number]) {
  return minimise(
    (x, gradient) => {
      let value = 0;
      for (const k of [0, 1] as const) {
        const off = x[k]! - centre[k]!;
        value += (precision[k] / 2) * off * off;
        gradient[k]! += precision[k] * off;
      }
      for (const choice of choices) {
        const { loss, byBeta, byLogit } = lapseLoss(choice, x);
        value += loss;
        gradient[0]! += byBeta;
        gradient[1]! += byLogit;
      }
      return value;
    },
    centre,
    { iterations: 30, tolerance: 1e-5 },
  );
}

const lapse: Fit = (choices, raters) => {
  // One answer in twenty, unless the answers say otherwise.
  const all = fitLapse(choices, Float64Array.of(1, -3), [COMMON, COMMON]);
  const own = byRater(choices, raters).map((rows) => fitLapse(rows, all, [OWN, 0.5]));
  return (choice) => lapseLoss(choice, own[choice.rater]!).loss;
};

/** One rationality for all: what a reward fitted to pooled judgments assumes. */
export const ONE_RATIONALITY: Fit = (choices) => {
  const rows = choices.map(({ score, target, weight }) => ({ features: Float64Array.of(score), target, weight }));
  const [beta] = fitLogistic(rows, 1, { ridge: COMMON, centre: Float64Array.of(1) });
  return ({ score, target, weight }) => comparisonLoss(beta! * score, target, weight).loss;
};

/** The assumed model. */
export const BOLTZMANN: Fit = linear(({ score }) => [score]);

/** What raters may do instead, each one thing more than the assumed model says. */
export const ALTERNATIVES = {
  /** Answers at random now and then, however clear the case. */
  lapse,
  /** Prefers what stands first, or second. */
  place: linear(({ score, place }) => [score, place]),
  /** Weighs the later part of a text otherwise than its beginning: reads on, or does not. */
  skim: linear(({ score, late }) => [score, late]),
  /** Looks closer where both replies are good, or bad. */
  level: linear(({ score, level }) => [score, score * level]),
  /** Becomes surer, or less sure, while judging. */
  time: linear(({ score, time }) => [score, score * time]),
} as const satisfies Record<string, Fit>;
export type AlternativeId = keyof typeof ALTERNATIVES;
export const ALTERNATIVE_IDS = Object.keys(ALTERNATIVES) as AlternativeId[];
