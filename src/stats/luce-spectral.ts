import { connectivity } from './connectivity.ts';
import { impliedComparisons, type Ranking, rankingColumns } from './rankings.ts';

/** Stationary distribution of a continuous-time Markov chain with the given rates (row to column), by elimination (Grassmann, Taksar and Heyman 1985: no subtraction). */
function stationary(rates: Float64Array, size: number): Float64Array {
  const q = Float64Array.from(rates);
  const out = new Float64Array(size);
  for (let k = size - 1; k > 0; k--) {
    let leaving = 0;
    for (let j = 0; j < k; j++) leaving += q[k * size + j]!;
    out[k] = leaving;
    for (let i = 0; i < k; i++) {
      const through = q[i * size + k]! / leaving;
      for (let j = 0; j < k; j++) if (j !== i) q[i * size + j]! += through * q[k * size + j]!;
    }
  }
  const pi = new Float64Array(size);
  pi[0] = 1;
  for (let k = 1; k < size; k++) {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += pi[i]! * q[i * size + k]!;
    pi[k] = sum / out[k]!;
  }
  return pi;
}

/**
 * Luce spectral ranking (Maystre and Grossglauser 2015): log-worths, mean 0, from the stationary distribution of a chain
 * that moves from every item to the one chosen over it. One round (the default) is a fast consistent estimate; repeated
 * with the last worths as weights it converges to maximum likelihood, another way than Newton's. For rankings without ties
 * of some hundred items. Says why when the rankings do not connect the items or hold ties.
 */
export function luceSpectralRanking(
  rankings: readonly Ranking[],
  items: number,
  { rounds = 1, tolerance = 1e-12 }: { rounds?: number; tolerance?: number } = {},
): { strengths: Float64Array; rounds: number } | { readonly undefined: string } {
  const { items: flat, starts, weight, groups } = rankingColumns(rankings, items);
  if (groups.some((sizes) => sizes.some((size) => size > 1))) {
    return { undefined: 'spectral ranking has no ties: use plackettLuce' };
  }
  const connected = connectivity(impliedComparisons(rankings, items));
  if (!connected.connected) return { undefined: connected.reason! };
  let strengths = new Float64Array(items);
  let done = 0;
  for (let change = Infinity; done < rounds && change > tolerance; done++) {
    const worth = strengths.map(Math.exp);
    const rates = new Float64Array(items * items);
    for (const [r, sizes] of groups.entries()) {
      let total = 0;
      for (let k = starts[r]!; k < starts[r + 1]!; k++) total += worth[flat[k]!]!;
      for (let at = starts[r]!; at < starts[r]! + sizes.length; at++) {
        for (let k = at + 1; k < starts[r + 1]!; k++) rates[flat[k]! * items + flat[at]!]! += weight[r]! / total;
        total -= worth[flat[at]!]!;
      }
    }
    const next = stationary(rates, items).map(Math.log);
    const mean = next.reduce((a, b) => a + b, 0) / items;
    change = 0;
    for (let i = 0; i < items; i++) {
      next[i]! -= mean;
      change = Math.max(change, Math.abs(next[i]! - strengths[i]!));
    }
    strengths = next;
  }
  return { strengths, rounds: done };
}
