import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { ClimbOptions, TruthResult } from './truth.ts';
import { climb, truthAssumptions, truthResult } from './truth-fit.ts';
import { usedClasses } from './used-classes.ts';
import { voteStep } from './vote-step.ts';

export interface NormalPrior {
  readonly mean: number;
  readonly sd: number;
}

export interface GladOptions extends ClimbOptions {
  /** Normal priors of a rater's ability α and of an item's easiness log β; mean 1 and deviation 1 as in the paper. */
  readonly abilityPrior?: NormalPrior;
  readonly easinessPrior?: NormalPrior;
  /** Probabilities of the classes, which are not estimated; uniform over those that somebody gave when left out. */
  readonly prior?: ArrayLike<number>;
  /** Parameters to start from; the prior means when left out. */
  readonly start?: { readonly ability: ArrayLike<number>; readonly easiness: ArrayLike<number> };
  readonly level?: number;
}

export interface GladResult extends TruthResult {
  /** α per rater: 0 guesses, negative is wrong more often than right. */
  readonly ability: Float64Array;
  /** log β per item: the larger, the easier. Difficulty 1/β is exp(−easiness). */
  readonly easiness: Float64Array;
}

interface Priors {
  readonly ability: NormalPrior;
  readonly easiness: NormalPrior;
  readonly classes: Float64Array;
}

/**
 * Sums of log(1 + e) are taken as the log of a product, one logarithm for many labels: logarithms are half the cost of a
 * step. A product is put aside before it can overflow.
 */
const OVERFLOW = 1e250;

/** A function of one unknown: its value, and how fast it rises and bends down there. */
interface Local {
  value: number;
  slope: number;
  curvature: number;
}

/** One Newton step upwards, at most 1 long, halved until the value does not fall. */
function ascend(evaluate: (t: number, at: Local) => void, t: number, at: Local): number {
  evaluate(t, at);
  const { value } = at;
  let step = Math.min(1, Math.max(-1, at.slope / at.curvature));
  for (let halving = 0; halving < 30 && step !== 0; halving++, step /= 2) {
    evaluate(t + step, at);
    if (at.value >= value) return t + step;
  }
  return t;
}

class Glad {
  readonly flat: Float64Array;
  readonly ability: Float64Array;
  readonly easiness: Float64Array;
  /** exp(easiness), kept beside it. */
  readonly #beta: Float64Array;
  /** Posterior probability that a label is right. */
  readonly #right: Float64Array;
  readonly #weight: Float64Array;
  readonly #itemOf: Int32Array;
  /** Label indices sorted by rater; those of rater r start at `raterStart[r]`. */
  readonly #byRater: Int32Array;
  readonly #raterStart: Int32Array;
  readonly #table: LabelTable;
  readonly #priors: Priors;

  constructor(table: LabelTable, priors: Priors, start: GladOptions['start']) {
    const { items, raters, classes, n, rater, perRater } = table;
    this.#table = table;
    this.#priors = priors;
    this.flat = new Float64Array(items * classes);
    this.ability = new Float64Array(raters).fill(priors.ability.mean);
    this.easiness = new Float64Array(items).fill(priors.easiness.mean);
    if (start !== undefined) {
      if (start.ability.length !== raters || start.easiness.length !== items) {
        throw new RangeError(
          `expected start parameters of ${raters} raters and ${items} items, got ${start.ability.length} and ${start.easiness.length}`,
        );
      }
      this.ability.set(start.ability);
      this.easiness.set(start.easiness);
    }
    this.#beta = this.easiness.map(Math.exp);
    this.#right = new Float64Array(n);
    this.#weight = new Float64Array(n);
    this.#itemOf = new Int32Array(n);
    for (let i = 0; i < items; i++) this.#itemOf.fill(i, table.start[i]!, table.start[i + 1]!);
    this.#raterStart = new Int32Array(raters + 1);
    for (let r = 0; r < raters; r++) this.#raterStart[r + 1] = this.#raterStart[r]! + perRater[r]!;
    const next = this.#raterStart.slice(0, raters);
    this.#byRater = new Int32Array(n);
    for (let j = 0; j < n; j++) this.#byRater[next[rater[j]!]!++] = j;
  }

  /** Posteriors under the current parameters. Returns the log-likelihood. */
  expect(): number {
    const { n, classes, rater, label } = this.#table;
    const logOthers = Math.log(Math.max(1, classes - 1));
    let base = -n * logOthers;
    let odds = 1;
    for (let j = 0; j < n; j++) {
      const x = this.ability[rater[j]!]! * this.#beta[this.#itemOf[j]!]!;
      this.#weight[j] = x + logOthers;
      // log σ(−x): the label is wrong.
      base -= x > 0 ? x : 0;
      odds *= 1 + Math.exp(-Math.abs(x));
      if (odds > OVERFLOW) {
        base -= Math.log(odds);
        odds = 1;
      }
    }
    base -= Math.log(odds);
    const logLikelihood =
      base + voteStep(this.#table, { weight: this.#weight, prior: this.#priors.classes }, this.flat);
    for (let j = 0; j < n; j++) this.#right[j] = this.flat[this.#itemOf[j]! * classes + label[j]!]!;
    return logLikelihood;
  }

  /** Log of the normal priors at the current parameters, up to a constant. */
  logPrior(): number {
    const { ability, easiness } = this.#priors;
    let sum = 0;
    for (const a of this.ability) sum -= ((a - ability.mean) / ability.sd) ** 2 / 2;
    for (const b of this.easiness) sum -= ((b - easiness.mean) / easiness.sd) ** 2 / 2;
    return sum;
  }

  /**
   * Raises the expected log posterior: first every ability given the easiness (independent of one another, and concave),
   * then every easiness given the abilities. One safeguarded Newton step each is enough for EM to climb.
   */
  maximise(): void {
    const { items, raters, start, rater } = this.#table;
    const [right, beta, itemOf, byRater] = [this.#right, this.#beta, this.#itemOf, this.#byRater];
    const at: Local = { value: 0, slope: 0, curvature: 1 };
    // Locals of the two closures below, set per rater and per item: the closures are made once.
    let from = 0;
    let to = 0;
    const { mean: abilityMean, sd: abilitySd } = this.#priors.ability;
    const ofAbility = (alpha: number, out: Local): void => {
      const z = (alpha - abilityMean) / abilitySd;
      let value = -0.5 * z * z;
      let slope = -z / abilitySd;
      let curvature = 1 / (abilitySd * abilitySd);
      let odds = 1;
      for (let c = from; c < to; c++) {
        const j = byRater[c]!;
        const b = beta[itemOf[j]!]!;
        const x = alpha * b;
        const e = Math.exp(-Math.abs(x));
        const sigma = x > 0 ? 1 / (1 + e) : e / (1 + e);
        value += right[j]! * x - (x > 0 ? x : 0);
        odds *= 1 + e;
        if (odds > OVERFLOW) {
          value -= Math.log(odds);
          odds = 1;
        }
        slope += (right[j]! - sigma) * b;
        curvature += sigma * (1 - sigma) * b * b;
      }
      out.value = value - Math.log(odds);
      out.slope = slope;
      out.curvature = curvature;
    };
    for (let r = 0; r < raters; r++) {
      from = this.#raterStart[r]!;
      to = this.#raterStart[r + 1]!;
      if (from < to) this.ability[r] = ascend(ofAbility, this.ability[r]!, at);
    }
    const { mean: easinessMean, sd: easinessSd } = this.#priors.easiness;
    const ability = this.ability;
    const ofEasiness = (logBeta: number, out: Local): void => {
      const z = (logBeta - easinessMean) / easinessSd;
      const b = Math.exp(logBeta);
      let value = -0.5 * z * z;
      let pull = 0;
      let curvature = 1 / (easinessSd * easinessSd);
      let odds = 1;
      for (let j = from; j < to; j++) {
        const x = ability[rater[j]!]! * b;
        const e = Math.exp(-Math.abs(x));
        const sigma = x > 0 ? 1 / (1 + e) : e / (1 + e);
        value += right[j]! * x - (x > 0 ? x : 0);
        odds *= 1 + e;
        if (odds > OVERFLOW) {
          value -= Math.log(odds);
          odds = 1;
        }
        pull += (right[j]! - sigma) * x;
        curvature += sigma * (1 - sigma) * x * x;
      }
      out.value = value - Math.log(odds);
      out.slope = pull - z / easinessSd;
      // The exact curvature is less by `pull`; where that would not be positive, the expected one is taken.
      out.curvature = curvature - pull > 0 ? curvature - pull : curvature;
    };
    for (let i = 0; i < items; i++) {
      from = start[i]!;
      to = start[i + 1]!;
      if (from === to) continue;
      this.easiness[i] = ascend(ofEasiness, this.easiness[i]!, at);
      beta[i] = Math.exp(this.easiness[i]!);
    }
  }
}

/**
 * GLAD (Whitehill, Ruvolo, Wu, Bergsma and Movellan 2009): rater r is right on item i with probability σ(αᵣβᵢ), ability
 * times easiness, and a wrong label falls on each other class alike. Maximum a posteriori by generalised EM (Newton
 * steps on the expected log posterior instead of the paper's plain gradient: same stationary points). The posterior has
 * several local maxima; this is the one reached from the prior means. Class probabilities are given, not estimated.
 * **Assumes** independent errors once difficulty is accounted for. Throws a RangeError for an index outside `sizes`.
 */
export function glad(labels: Labels, sizes: LabelSizes, options: GladOptions = {}): GladResult {
  const { iterations = 500, tolerance = 1e-9, level = 0.95, start } = options;
  const declared = labelTable(labels, sizes);
  const { table, narrow, widen } = usedClasses(declared);
  const { classes } = declared;
  if (options.prior !== undefined && options.prior.length !== classes) {
    throw new RangeError(`expected ${classes} class probabilities, got ${options.prior.length}`);
  }
  const priors: Priors = {
    ability: options.abilityPrior ?? { mean: 1, sd: 1 },
    easiness: options.easinessPrior ?? { mean: 1, sd: 1 },
    classes: narrow(
      options.prior === undefined ? new Float64Array(classes).fill(1 / classes) : Float64Array.from(options.prior),
    ),
  };
  const model = new Glad(table, priors, start);
  model.expect();
  const trace = climb(
    () => {
      model.maximise();
      const logLikelihood = model.expect();
      return { logLikelihood, objective: logLikelihood + model.logPrior() };
    },
    { iterations, tolerance },
  );
  const assumes = truthAssumptions('independent-errors', 'wrong-classes-alike', 'uniform-classes', 'mostly-right');
  const found = { method: 'glad' as const, flat: widen(model.flat), prior: widen(priors.classes), assumes, ...trace };
  const result = truthResult(declared, found, level);
  return { ...result, ability: model.ability, easiness: model.easiness };
}
