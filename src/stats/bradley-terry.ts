import { sigmoid } from './functions.ts';

/** Outcomes between two contestants, by index. `first` is the one shown first (or at home). */
export interface Contest {
  readonly first: number;
  readonly second: number;
  readonly firstWins: number;
  readonly secondWins: number;
  readonly ties?: number;
}

export interface BradleyTerryOptions {
  /** Strength of a normal prior on log-strengths (precision); 0 is maximum likelihood and needs a connected comparison graph. */
  readonly ridge?: number;
  /** Estimate a bonus for being first. */
  readonly order?: boolean;
}

export interface BradleyTerryResult {
  /** Log-strengths, mean 0. */
  readonly strengths: number[];
  /** Log-odds bonus of the first position; 0 when not estimated. */
  readonly order: number;
  /** Davidson's tie parameter ν; 0 when there are no ties. */
  readonly tie: number;
  readonly logLikelihood: number;
  /** Inverse observed information, parameters in the order strengths (last one minus the others), order, log ν. */
  readonly standardErrors: number[];
  /** Every contestant can be reached from every other through wins or ties: the condition for a finite maximum. */
  readonly connected: boolean;
}

/** Probabilities of first wins, second wins, tie (Davidson 1970): πᵢ : πⱼ : ν√(πᵢπⱼ) with the order bonus on the first. */
export function outcomeProbabilities(difference: number, tie: number): readonly [number, number, number] {
  if (tie === 0) return [sigmoid(difference), sigmoid(-difference), 0];
  const [a, b] = [Math.exp(difference / 2), Math.exp(-difference / 2)];
  const total = a + b + tie;
  return [a / total, b / total, tie / total];
}

/** Whether the win graph is strongly connected: forward and backward reach from contestant 0. */
function stronglyConnected(contests: readonly Contest[], n: number): boolean {
  const reach = (forward: boolean) => {
    const next = Array.from({ length: n }, () => new Set<number>());
    for (const c of contests) {
      const tie = (c.ties ?? 0) > 0;
      if (c.firstWins > 0 || tie) next[forward ? c.first : c.second]!.add(forward ? c.second : c.first);
      if (c.secondWins > 0 || tie) next[forward ? c.second : c.first]!.add(forward ? c.first : c.second);
    }
    const seen = new Set([0]);
    const stack = [0];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const to of next[at]!) {
        if (!seen.has(to)) {
          seen.add(to);
          stack.push(to);
        }
      }
    }
    return seen.size === n;
  };
  return n > 0 && reach(true) && reach(false);
}

/** Solves A x = b by Gaussian elimination with partial pivoting; A is changed. */
function solve(matrix: number[][], rhs: number[]): number[] {
  const n = rhs.length;
  const a = matrix.map((row, i) => [...row, rhs[i]!]);
  for (let col = 0; col < n; col++) {
    let pivot = col;
    for (let row = col + 1; row < n; row++) if (Math.abs(a[row]![col]!) > Math.abs(a[pivot]![col]!)) pivot = row;
    [a[col], a[pivot]] = [a[pivot]!, a[col]!];
    for (let row = col + 1; row < n; row++) {
      const factor = a[row]![col]! / a[col]![col]!;
      for (let k = col; k <= n; k++) a[row]![k]! -= factor * a[col]![k]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    let sum = a[row]![n]!;
    for (let k = row + 1; k < n; k++) sum -= a[row]![k]! * x[k]!;
    x[row] = sum / a[row]![row]!;
  }
  return x;
}

/**
 * Bradley–Terry strengths (1952) with ties by Davidson (1970) and a term for position, by damped Newton steps. The
 * last contestant is the baseline while fitting; strengths are returned centred. Meant for up to some hundred contestants.
 */
export function bradleyTerry(
  contests: readonly Contest[],
  contestants: number,
  { ridge = 0, order = false }: BradleyTerryOptions = {},
): BradleyTerryResult {
  const hasTies = contests.some((c) => (c.ties ?? 0) > 0);
  const free = contestants - 1;
  const orderAt = order ? free : -1;
  const tieAt = hasTies ? free + Number(order) : -1;
  const size = free + Number(order) + Number(hasTies);
  const theta = new Array<number>(size).fill(0);
  const strength = (t: readonly number[], i: number) => (i === free ? 0 : t[i]!);

  const evaluate = (t: readonly number[], derivatives: boolean) => {
    const gradient = new Array<number>(size).fill(0);
    const information = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    let value = 0;
    const nu = hasTies ? Math.exp(t[tieAt]!) : 0;
    for (const c of contests) {
      const counts = [c.firstWins, c.secondWins, c.ties ?? 0] as const;
      const difference = strength(t, c.first) - strength(t, c.second) + (order ? t[orderAt]! : 0);
      const p = outcomeProbabilities(difference, nu);
      for (const k of [0, 1, 2] as const) if (counts[k] > 0) value += counts[k] * Math.log(p[k]);
      if (!derivatives) continue;
      const n = counts[0] + counts[1] + counts[2];
      // Scores of the log-linear form: difference enters as ±½ (0 for a tie) and log ν as 1 for a tie.
      const half = hasTies ? 0.5 : 1;
      const observed = hasTies ? half * (counts[0] - counts[1]) : counts[0];
      const expected = hasTies ? half * (p[0] - p[1]) : p[0];
      const gDifference = observed - n * expected;
      const vDifference = hasTies ? 0.25 * (p[0] + p[1] - (p[0] - p[1]) ** 2) : p[0] * p[1];
      const entries: [number, number][] = [];
      if (c.first !== free) entries.push([c.first, 1]);
      if (c.second !== free) entries.push([c.second, -1]);
      if (order) entries.push([orderAt, 1]);
      for (const [i, si] of entries) {
        gradient[i]! += si * gDifference;
        for (const [j, sj] of entries) information[i]![j]! += n * si * sj * vDifference;
        if (hasTies) {
          const covariance = -half * (p[0] - p[1]) * p[2];
          information[i]![tieAt]! += n * si * covariance;
          information[tieAt]![i]! += n * si * covariance;
        }
      }
      if (hasTies) {
        gradient[tieAt]! += counts[2] - n * p[2];
        information[tieAt]![tieAt]! += n * p[2] * (1 - p[2]);
      }
    }
    for (let i = 0; i < free; i++) {
      value -= (ridge / 2) * t[i]! ** 2;
      gradient[i]! -= ridge * t[i]!;
      information[i]![i]! += ridge;
    }
    return { value, gradient, information };
  };

  let now = evaluate(theta, true);
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = solve(now.information, now.gradient);
    let scale = 1;
    let next = theta.map((v, i) => v + step[i]!);
    while (scale > 1e-8 && !(evaluate(next, false).value >= now.value - 1e-12)) {
      scale /= 2;
      next = theta.map((v, i) => v + scale * step[i]!);
    }
    for (const [i, v] of next.entries()) theta[i] = v;
    now = evaluate(theta, true);
    if (Math.max(...step.map(Math.abs)) < 1e-10) break;
  }
  const standardErrors = theta.map((_, i) => {
    const unit = theta.map((_, j) => Number(i === j));
    return Math.sqrt(solve(now.information, unit)[i]!);
  });
  const raw = Array.from({ length: contestants }, (_, i) => strength(theta, i));
  const centre = raw.reduce((a, b) => a + b, 0) / contestants;
  return {
    strengths: raw.map((v) => v - centre),
    order: order ? theta[orderAt]! : 0,
    tie: hasTies ? Math.exp(theta[tieAt]!) : 0,
    logLikelihood: now.value,
    standardErrors,
    connected: stronglyConnected(contests, contestants),
  };
}
