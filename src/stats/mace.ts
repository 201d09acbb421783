import { digamma } from './digamma.ts';
import { logGamma } from './distributions.ts';
import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { Uniform } from './random.ts';
import type { ClimbOptions, RaterAccuracy, TruthResult } from './truth.ts';
import { climb, rowsOf, truthAssumptions, truthResult, uncertainProportion } from './truth-fit.ts';
import { usedClasses } from './used-classes.ts';
import { voteStep } from './vote-step.ts';

/** Parameters per rater: probability of knowing, and the class shares of a guess. */
export interface MaceParameters {
  readonly competence: ArrayLike<number>;
  readonly strategy: readonly ArrayLike<number>[];
}

export interface MaceOptions extends ClimbOptions {
  /** `vb`: variational Bayes under the priors below (the paper's better one). `em`: maximum likelihood with smoothing. */
  readonly by?: 'vb' | 'em';
  /** Pseudo-counts of `em`: per rater on knowing and on guessing, and on each class of the strategy. 0.01 / classes. */
  readonly smoothing?: number;
  /** Priors of `vb`: Beta of knowing and of guessing, and the symmetric Dirichlet of the strategies. */
  readonly priors?: { readonly knows: number; readonly guesses: number; readonly strategy: number };
  readonly start?: MaceParameters;
  /** Further starts at random parameters; the best objective wins. */
  readonly restarts?: { readonly count: number; readonly uniform: Uniform };
  readonly level?: number;
}

export interface MaceResult extends TruthResult {
  readonly by: 'vb' | 'em';
  /** Probability that a rater knows the class of an item rather than guesses: θ of the paper (posterior mean for `vb`). */
  readonly competence: Float64Array;
  /** The same with intervals that allow for not knowing which labels were guesses. */
  readonly raterCompetence: readonly RaterAccuracy[];
  /** Class shares of a rater's guesses: ξ of the paper. */
  readonly strategy: Float64Array[];
}

/** Keeps a guess possible, so that one label of a rater who always knew cannot outvote everyone. */
const EDGE = 1e-12;
const inside = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p));

interface Settings {
  readonly by: 'vb' | 'em';
  readonly smoothing: number;
  readonly priors: { readonly knows: number; readonly guesses: number; readonly strategy: number };
}

class Mace {
  readonly flat: Float64Array;
  readonly competence: Float64Array;
  /** Flat raters × classes. */
  readonly strategy: Float64Array;
  /** Expected number of known and guessed labels, the latter per class too. */
  readonly #known: Float64Array;
  readonly #guessed: Float64Array;
  /** Factor of a label when its rater guesses, per rater and class; and when the rater knows, per rater. */
  readonly #guess: Float64Array;
  readonly #know: Float64Array;
  readonly #weight: Float64Array;
  readonly #prior: Float64Array;
  readonly #table: LabelTable;
  readonly #settings: Settings;

  constructor(table: LabelTable, start: MaceParameters | undefined, settings: Settings) {
    const { items, raters, classes, n } = table;
    this.#table = table;
    this.#settings = settings;
    this.flat = new Float64Array(items * classes);
    this.competence = new Float64Array(raters).fill(0.5);
    this.strategy = new Float64Array(raters * classes).fill(1 / classes);
    if (start !== undefined) {
      if (start.competence.length !== raters || start.strategy.length !== raters) {
        throw new RangeError(`expected start parameters of ${raters} raters, got ${start.competence.length}`);
      }
      this.competence.set(start.competence);
      for (let r = 0; r < raters; r++) this.strategy.set(start.strategy[r]!, r * classes);
    }
    this.#known = new Float64Array(raters);
    this.#guessed = new Float64Array(raters * classes);
    this.#guess = new Float64Array(raters * classes);
    this.#know = new Float64Array(raters);
    for (let r = 0; r < raters; r++) this.#factors(r, this.competence[r]!, 1 - this.competence[r]!);
    this.#weight = new Float64Array(n);
    this.#prior = new Float64Array(classes).fill(1 / classes);
  }

  #factors(r: number, know: number, guess: number): void {
    const { classes } = this.#table;
    this.#know[r] = know;
    for (let a = r * classes; a < (r + 1) * classes; a++) this.#guess[a] = Math.max(EDGE, guess * this.strategy[a]!);
  }

  /** Posteriors and expected counts under the current factors. Returns the log of the sum over classes of all factors. */
  expect(): number {
    const { items, raters, classes, start, rater, label } = this.#table;
    const [know, guess, weight, flat] = [this.#know, this.#guess, this.#weight, this.flat];
    const logGuess = guess.map(Math.log);
    const gain = new Float64Array(raters * classes);
    const sure = new Float64Array(raters * classes);
    for (let r = 0; r < raters; r++) {
      for (let a = r * classes; a < (r + 1) * classes; a++) {
        gain[a] = Math.log(guess[a]! + know[r]!) - logGuess[a]!;
        sure[a] = know[r]! / (guess[a]! + know[r]!);
      }
    }
    let base = 0;
    for (let j = 0; j < rater.length; j++) {
      const a = rater[j]! * classes + label[j]!;
      weight[j] = gain[a]!;
      base += logGuess[a]!;
    }
    const total = base + voteStep(this.#table, { weight, prior: this.#prior }, flat);
    this.#known.fill(0);
    this.#guessed.fill(0);
    for (let i = 0; i < items; i++) {
      for (let j = start[i]!; j < start[i + 1]!; j++) {
        const a = rater[j]! * classes + label[j]!;
        const knew = flat[i * classes + label[j]!]! * sure[a]!;
        this.#known[rater[j]!]! += knew;
        this.#guessed[a]! += 1 - knew;
      }
    }
    return total;
  }

  /** New parameters from the expected counts. Returns what the priors add to the objective. */
  maximise(): number {
    return this.#settings.by === 'vb' ? this.#maximiseByVariation() : this.#maximiseLikelihood();
  }

  #maximiseLikelihood(): number {
    const { raters, classes } = this.#table;
    const { smoothing } = this.#settings;
    let logPrior = 0;
    for (let r = 0; r < raters; r++) {
      let guessed = 0;
      for (let a = r * classes; a < (r + 1) * classes; a++) guessed += this.#guessed[a]!;
      const known = this.#known[r]!;
      const n = known + guessed + 2 * smoothing;
      const competence = n === 0 ? 0.5 : (known + smoothing) / n;
      this.competence[r] = competence;
      const total = guessed + classes * smoothing;
      for (let a = r * classes; a < (r + 1) * classes; a++) {
        this.strategy[a] = total === 0 ? 1 / classes : (this.#guessed[a]! + smoothing) / total;
        if (smoothing > 0) logPrior += smoothing * Math.log(Math.max(EDGE, this.strategy[a]!));
      }
      if (smoothing > 0) logPrior += smoothing * (Math.log(inside(competence)) + Math.log1p(-inside(competence)));
      this.#factors(r, competence, 1 - competence);
    }
    return logPrior;
  }

  /** q(θ) Beta and q(ξ) Dirichlet; factors are exp E[log]. Returns minus their divergence from the priors. */
  #maximiseByVariation(): number {
    const { raters, classes } = this.#table;
    const { knows, guesses, strategy } = this.#settings.priors;
    const priorTerm =
      logGamma(knows + guesses) -
      logGamma(knows) -
      logGamma(guesses) +
      logGamma(classes * strategy) -
      classes * logGamma(strategy);
    let gain = 0;
    for (let r = 0; r < raters; r++) {
      let guessed = 0;
      for (let a = r * classes; a < (r + 1) * classes; a++) guessed += this.#guessed[a]!;
      const known = this.#known[r]!;
      const all = digamma(known + guessed + knows + guesses);
      const logKnow = digamma(known + knows) - all;
      const logGuess = digamma(guessed + guesses) - all;
      this.competence[r] = (known + knows) / (known + guessed + knows + guesses);
      gain += priorTerm - known * logKnow - guessed * logGuess;
      gain += logGamma(known + knows) + logGamma(guessed + guesses) - logGamma(known + guessed + knows + guesses);
      const total = guessed + classes * strategy;
      gain -= logGamma(total);
      this.#know[r] = Math.exp(logKnow);
      for (let a = r * classes; a < (r + 1) * classes; a++) {
        const count = this.#guessed[a]! + strategy;
        const logShare = digamma(count) - digamma(total);
        gain += logGamma(count) - this.#guessed[a]! * logShare;
        this.strategy[a] = count / total;
        this.#guess[a] = Math.exp(logGuess + logShare);
      }
    }
    return gain;
  }

  /** Competence with the interval of a proportion whose cases are only known with probability. */
  intervals(level: number): RaterAccuracy[] {
    const { items, raters, classes, start, rater, label, perRater } = this.#table;
    const sum = new Float64Array(raters);
    const spread = new Float64Array(raters);
    for (let i = 0; i < items; i++) {
      for (let j = start[i]!; j < start[i + 1]!; j++) {
        const r = rater[j]!;
        const guess = this.#guess[r * classes + label[j]!]!;
        const knew = (this.flat[i * classes + label[j]!]! * this.#know[r]!) / (guess + this.#know[r]!);
        sum[r]! += knew;
        spread[r]! += knew * (1 - knew);
      }
    }
    return Array.from(perRater, (n, r): RaterAccuracy => {
      if (n === 0) return { n, undefined: 'the rater gave no label' };
      const found = uncertainProportion({ n, sum: sum[r]!, spread: spread[r]! }, level);
      return found === null ? { n, undefined: 'nothing tells knowing from guessing in these labels' } : { n, ...found };
    });
  }
}

const randomStart = ({ raters, classes }: LabelSizes, uniform: Uniform): MaceParameters => ({
  competence: Float64Array.from({ length: raters }, uniform),
  strategy: Array.from({ length: raters }, () => {
    const shares = Array.from({ length: classes }, () => 1 + 1.5 * uniform());
    const sum = shares.reduce((a, b) => a + b, 0);
    return shares.map((v) => v / sum);
  }),
});

/**
 * MACE (Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013): a rater knows the class of an item with probability θ, and
 * otherwise guesses with class shares ξ that do not depend on the item. By variational Bayes unless told otherwise: its
 * `objectives` are the evidence lower bound, and `logLikelihoods` the bound's part without the priors. Starts at
 * θ = ½ and uniform ξ, where posteriors follow the votes, and at random parameters if asked. **Assumes** independent
 * errors, and classes equally common. Throws a RangeError for an index outside `sizes`.
 */
export function mace(labels: Labels, sizes: LabelSizes, options: MaceOptions = {}): MaceResult {
  const { by = 'vb', iterations = 500, tolerance = 1e-10, start, restarts, level = 0.95 } = options;
  const declared = labelTable(labels, sizes);
  const { table, narrow, widen } = usedClasses(declared);
  const { smoothing = 0.01 / table.classes, priors = { knows: 0.5, guesses: 0.5, strategy: 10 } } = options;
  if (!(smoothing >= 0)) throw new RangeError(`expected smoothing of 0 or more pseudo-counts, got ${smoothing}`);
  const fitFrom = (from: MaceParameters | undefined) => {
    const model = new Mace(table, from, { by, smoothing, priors });
    model.expect();
    const trace = climb(
      () => {
        const fromPriors = model.maximise();
        const logLikelihood = model.expect();
        return { logLikelihood, objective: logLikelihood + fromPriors };
      },
      { iterations, tolerance },
    );
    return { model, trace };
  };
  const first = start && {
    competence: start.competence,
    strategy: start.strategy.map((row) => narrow(Float64Array.from(row))),
  };
  let best = fitFrom(first);
  for (let r = 0; r < (restarts?.count ?? 0); r++) {
    const next = fitFrom(randomStart(table, restarts!.uniform));
    if ((next.trace.objectives.at(-1) ?? -Infinity) > (best.trace.objectives.at(-1) ?? -Infinity)) best = next;
  }
  const { model, trace } = best;
  const prior = widen(new Float64Array(table.classes).fill(1 / table.classes));
  const assumes = truthAssumptions('independent-errors', 'items-alike', 'guessing-ignores-item', 'uniform-classes');
  const result = truthResult(declared, { method: 'mace', flat: widen(model.flat), prior, assumes, ...trace }, level);
  return {
    ...result,
    by,
    competence: model.competence,
    raterCompetence: model.intervals(level),
    strategy: rowsOf(widen(model.strategy), declared.classes),
  };
}
