import { type Connectivity, connectivity } from './connectivity.ts';
import { centre, denseInformation, type InformationSolver, iterativeInformation } from './information.ts';
import { type Expansion, maximise } from './newton.ts';
import { PreferenceInference } from './preference-inference.ts';
import { rankingDerivatives, rankingsLogLikelihood } from './ranking-likelihood.ts';
import { impliedComparisons, type Ranking, type RankingColumns, rankingColumns } from './rankings.ts';

export interface PlackettLuceOptions {
  /** Precision of a normal prior on log-worths: the penalty is (ridge / 2)·Σθ², that is α = ridge / 2 in choix. */
  readonly ridge?: number;
  /**
   * Wins and losses of every item, this many of each, against an imagined item: connects any rankings and shrinks a
   * little (a ridge holds the imagined item too). 0 is maximum likelihood; the R package PlackettLuce takes 0.5 unless told otherwise.
   */
  readonly npseudo?: number;
  readonly method?: 'auto' | 'dense' | 'sparse';
}

export interface PlackettLuceFit {
  /** Log-worths, mean 0. */
  readonly strengths: Float64Array;
  /** Log δ of each number of tied items that occurs: above 0, ties are commoner than between equals of δ = 1. */
  readonly ties: readonly { readonly order: number; readonly logDelta: number }[];
  /** Of the rankings given, without prior and pseudo-rankings. */
  readonly logLikelihood: number;
  /** Free parameters: log-worths less one, and ties. */
  readonly degrees: number;
  /** Choices that could have gone otherwise times the ways they could, less the parameters: of the residual deviance. */
  readonly residualDegrees: number;
  /** Rankings: the sum of their weights. */
  readonly n: number;
  readonly connectivity: Connectivity;
  readonly method: 'dense' | 'sparse';
  readonly iterations: number;
  readonly gradient: number;
  /** Standard errors from rankings, prior and pseudo-rankings together; ties are named `tie2`, `tie3`, … */
  readonly inference: PreferenceInference;
  /** Standard errors from the rankings alone, at the same estimate, as the R package gives. */
  readonly dataInference: PreferenceInference;
}

/** Number of subsets of `size` items with at most `orders` allowed sizes. */
function subsets(size: number, orders: readonly number[]): number {
  let total = 0;
  for (const k of orders) {
    let ways = k > size ? 0 : 1;
    for (let j = 0; j < k && ways > 0; j++) ways = (ways * (size - j)) / (j + 1);
    total += ways;
  }
  return total;
}

/** Solver with the information of rankings: `nodes` worths, then log δ of the tie orders. */
function solverOf(
  { items, starts }: RankingColumns,
  { blocks, blockStarts, border, corner }: ReturnType<typeof rankingDerivatives>,
  { nodes, ridge, dense }: { nodes: number; ridge: number; dense: boolean },
): InformationSolver {
  const rankings = starts.length - 1;
  if (dense) {
    const add = (matrix: Float64Array, width: number) => {
      for (let r = 0; r < rankings; r++) {
        const [start, end, at] = [starts[r]!, starts[r + 1]!, blockStarts[r]!];
        for (let i = start; i < end; i++) {
          const row = items[i]! * width;
          for (let j = start; j < end; j++) {
            matrix[row + items[j]!]! += blocks[at + (i - start) * (end - start) + j - start]!;
          }
        }
      }
    };
    return denseInformation(nodes, add, { border, corner, ridge });
  }
  const diagonal = new Float64Array(nodes).fill(ridge);
  for (let r = 0; r < rankings; r++) {
    const [start, end, at] = [starts[r]!, starts[r + 1]!, blockStarts[r]!];
    for (let i = start; i < end; i++) diagonal[items[i]!]! += blocks[at + (i - start) * (end - start + 1)]!;
  }
  const apply = (x: Float64Array, out: Float64Array) => {
    for (let i = 0; i < nodes; i++) out[i] = ridge * x[i]!;
    for (let r = 0; r < rankings; r++) {
      const [start, end] = [starts[r]!, starts[r + 1]!];
      let at = blockStarts[r]!;
      for (let i = start; i < end; i++) {
        let sum = 0;
        for (let j = start; j < end; j++) sum += blocks[at++]! * x[items[j]!]!;
        out[items[i]!]! += sum;
      }
    }
  };
  return iterativeInformation(nodes, { apply, diagonal }, { border, corner });
}

/**
 * Log-worths of items from rankings of any subsets of them, with ties and unordered rests (Plackett 1975, Luce 1959; ties
 * after Turner et al. 2020; pairs and top choices are rankings too). Newton's method on a concave likelihood. Ties that
 * never occur get no parameter and no probability. Without prior or pseudo-rankings the rankings must connect the items;
 * where no finite maximum exists the result says why. Malformed rankings throw a RangeError.
 */
export function plackettLuce(
  rankings: readonly Ranking[],
  items: number,
  { ridge = 0, npseudo = 0, method = 'auto' }: PlackettLuceOptions = {},
): PlackettLuceFit | { readonly undefined: string } {
  const data = rankingColumns(rankings, items);
  const made: { left: number; size: number; weight: number }[] = [];
  for (const [r, groups] of data.groups.entries()) {
    let left = data.starts[r + 1]! - data.starts[r]!;
    for (const size of groups) {
      if (left > 1 && data.weight[r]! > 0) made.push({ left, size, weight: data.weight[r]! });
      left -= size;
    }
  }
  const n = data.weight.reduce((sum, w) => sum + w, 0);
  const tieOrders = [...new Set(made.map((c) => c.size))].filter((size) => size > 1).sort((a, b) => a - b);
  const ways = made.reduce((sum, c) => sum + c.weight * (subsets(c.left, [1, ...tieOrders]) - 1), 0);
  if (made.length === 0) return { undefined: 'no ranking has two items to choose from' };
  if (!made.some((c) => c.size === 1))
    return { undefined: 'every choice is a tie, so the tie parameters have no finite maximum' };
  const connected = connectivity(impliedComparisons(rankings, items));
  if (ridge === 0 && npseudo === 0 && !connected.connected) {
    return {
      undefined: `${connected.reason}; no finite maximum of the likelihood exists: give npseudo or a prior (ridge)`,
    };
  }

  const ghost = npseudo > 0;
  const nodes = items + Number(ghost);
  const pseudo: Ranking[] = [];
  for (let i = 0; ghost && i < items; i++) {
    pseudo.push({ groups: [[i], [items]], weight: npseudo }, { groups: [[items], [i]], weight: npseudo });
  }
  const all = ghost ? rankingColumns([...rankings, ...pseudo], nodes) : data;
  const used = method === 'auto' ? (items <= 400 ? 'dense' : 'sparse') : method;
  const dense = used === 'dense';
  const m = tieOrders.length;
  const split = (at: Float64Array) => ({ theta: at.subarray(0, nodes), tieOrders, logDelta: at.subarray(nodes) });
  const penalty = (at: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < nodes; i++) sum += (ridge / 2) * at[i]! ** 2;
    return sum;
  };
  const expand = (at: Float64Array): Expansion => {
    const out = rankingDerivatives(all, nodes, m);
    const objective = rankingsLogLikelihood(all, split(at), out) - penalty(at);
    for (let i = 0; i < nodes; i++) out.gradient[i]! -= ridge * at[i]!;
    centre(out.gradient, nodes);
    return { objective, gradient: out.gradient, solver: solverOf(all, out, { nodes, ridge, dense }) };
  };
  const value = (at: Float64Array) => rankingsLogLikelihood(all, split(at)) - penalty(at);
  const maximum = maximise({ value, expand }, new Float64Array(nodes + m));
  if (!maximum.converged) {
    return {
      undefined: `Newton's method did not converge in ${maximum.iterations} steps: no finite maximum may exist; give npseudo or a prior (ridge)`,
    };
  }
  const { at, iterations, slope } = maximum;
  const names = tieOrders.map((k) => `tie${k}`);
  const own = new Float64Array(items + m);
  own.set(at.subarray(0, items));
  own.set(at.subarray(nodes), items);
  centre(own, items);
  const dataDerivatives = rankingDerivatives(data, items, m);
  const logLikelihood = rankingsLogLikelihood(
    data,
    { theta: own.subarray(0, items), tieOrders, logDelta: own.subarray(items) },
    dataDerivatives,
  );
  const solver = solverOf(data, dataDerivatives, { nodes: items, ridge: 0, dense });
  const common = { contestants: items, tie: false, n };
  const ghostly = ghost ? [null] : [];
  const whole = new Float64Array(at);
  centre(whole, items);
  const degrees = items - 1 + m;
  return {
    strengths: own.slice(0, items),
    ties: tieOrders.map((order, k) => ({ order, logDelta: own[items + k]! })),
    logLikelihood,
    degrees,
    residualDegrees: ways - degrees,
    n,
    connectivity: connected,
    method: used,
    iterations,
    gradient: slope,
    inference: new PreferenceInference({
      ...common,
      solver: maximum.solver,
      parameters: whole,
      coefficients: [...ghostly, ...names],
    }),
    dataInference: new PreferenceInference({ ...common, solver, parameters: own, coefficients: names }),
  };
}
