import { mean } from '../stats/index.ts';

/** What a reply earned token by token, beside what the critic expected. */
export interface Estimated {
  /** Reward of each token; the score is part of that of the last one. */
  readonly rewards_T: ArrayLike<number>;
  /** Value of the state in which each token was chosen; behind the last token there is nothing to come. */
  readonly values_T: ArrayLike<number>;
}

/**
 * Generalised advantages (Schulman et al. 2016, Eq. 16): A_t = Σ_l (γλ)^l δ_{t+l}, δ_t = r_t + γ V_{t+1} − V_t. With λ = 1 they are
 * the reward still to come less the value; with λ = 0 the error of one step. Returns are A + V: what a critic is to learn.
 */
export function generalisedAdvantages(
  { rewards_T, values_T }: Estimated,
  { gamma, lambda }: { readonly gamma: number; readonly lambda: number },
): { readonly advantages_T: Float64Array; readonly returns_T: Float64Array } {
  const advantages_T = new Float64Array(rewards_T.length);
  const returns_T = new Float64Array(rewards_T.length);
  let [next, after] = [0, 0];
  for (let t = rewards_T.length - 1; t >= 0; t--) {
    const error = rewards_T[t]! + gamma * after - values_T[t]!;
    next = error + gamma * lambda * next;
    after = values_T[t]!;
    advantages_T[t] = next;
    returns_T[t] = next + after;
  }
  return { advantages_T, returns_T };
}

/** Rows brought to mean 0 and deviation 1 over all of them together; all zero where they are all the same. */
export function whitened(rows: readonly ArrayLike<number>[]): Float64Array[] {
  const all = rows.flatMap((row) => Array.from(row));
  const same = all.every((value) => value === all[0]);
  const centre = mean(all);
  const deviation = Math.sqrt(mean(all.map((value) => (value - centre) ** 2))) + 1e-8;
  return rows.map((row) => Float64Array.from(row, (value) => (same ? 0 : (value - centre) / deviation)));
}
