import { type Comparisons, logOddsAt, type RatedComparisons } from './comparisons.ts';
import { logSumExp, softplus } from './functions.ts';

/**
 * Rated comparisons by distinct question: few contestants meet in few ways however many raters answer, and a mixture
 * needs each question's log-odds only once. With covariates or many contestants every contest is its own question.
 */
export interface Cells {
  /** The questions, with their counts left at 0. */
  readonly questions: Comparisons;
  /** Question of each contest. */
  readonly questionOf: Int32Array;
  /** Wins and losses of the first side by contest, ties folded in as half. */
  readonly wins: Float64Array;
  readonly losses: Float64Array;
  readonly rater: Int32Array;
  readonly raters: number;
}

export function cellsOf(data: RatedComparisons): Cells {
  const { contestants, first, second, firstWins, secondWins, ties, covariates, rater, raters } = data;
  const fold = (counts: Float64Array) => (ties ? counts.map((c, e) => c + ties[e]! / 2) : counts);
  const common = { wins: fold(firstWins), losses: fold(secondWins), rater, raters };
  const merge = contestants > 0 && !covariates?.length && contestants ** 2 <= first.length;
  const questionOf = new Int32Array(first.length);
  if (!merge) {
    for (let e = 0; e < questionOf.length; e++) questionOf[e] = e;
    const none = new Float64Array(first.length);
    const questions = {
      contestants,
      first,
      second,
      firstWins: none,
      secondWins: none,
      ...(covariates && { covariates }),
    };
    return { ...common, questions, questionOf };
  }
  const number = new Int32Array(contestants ** 2).fill(-1);
  const [firsts, seconds]: [number[], number[]] = [[], []];
  for (let e = 0; e < first.length; e++) {
    const key = first[e]! * contestants + second[e]!;
    if (number[key] === -1) {
      number[key] = firsts.length;
      firsts.push(first[e]!);
      seconds.push(second[e]!);
    }
    questionOf[e] = number[key]!;
  }
  const none = new Float64Array(firsts.length);
  const questions = {
    contestants,
    first: Int32Array.from(firsts),
    second: Int32Array.from(seconds),
    firstWins: none,
    secondWins: none,
  };
  return { ...common, questions, questionOf };
}

/** The questions with all raters' answers, each weighted by its rater's membership. */
export function answersOf(cells: Cells, membership: (rater: number) => number): Comparisons {
  const { questions, questionOf, wins, losses, rater } = cells;
  const firstWins = new Float64Array(questions.first.length);
  const secondWins = new Float64Array(questions.first.length);
  for (let e = 0; e < questionOf.length; e++) {
    const weight = membership(rater[e]!);
    firstWins[questionOf[e]!]! += weight * wins[e]!;
    secondWins[questionOf[e]!]! += weight * losses[e]!;
  }
  return { ...questions, firstWins, secondWins };
}

/** Log Σ_g π_g exp(ℓ_rg) by rater, and the probability of each group by rater. */
export function marginals(cells: Cells, shares: readonly number[], parameters: readonly Float64Array[]) {
  const { questions, questionOf, wins, losses, rater, raters } = cells;
  const byGroup = parameters.map((at) => {
    const odds = logOddsAt(questions, at);
    const won = odds.map((d) => -softplus(-d));
    const out = new Float64Array(raters);
    for (let e = 0; e < questionOf.length; e++) {
      const q = questionOf[e]!;
      // log σ(−d) = log σ(d) − d
      out[rater[e]!]! += (wins[e]! + losses[e]!) * won[q]! - losses[e]! * odds[q]!;
    }
    return out;
  });
  const logLikelihood = new Float64Array(raters);
  const memberships: Float64Array[] = [];
  const logs = new Float64Array(shares.length);
  for (let r = 0; r < raters; r++) {
    for (let g = 0; g < logs.length; g++) logs[g] = Math.log(shares[g]!) + byGroup[g]![r]!;
    const total = logSumExp(logs);
    logLikelihood[r] = total;
    memberships.push(logs.map((v) => Math.exp(v - total)));
  }
  return { memberships, logLikelihood };
}
