import { logSumExp } from '../stats/index.ts';

/** Exact tools on an enumerable reply space: log-probabilities of a policy beside rewards of the same replies. */

/** Probabilities of the KL-regularised optimum π* ∝ π₀·e^{r/β}, as log-probabilities. */
export function tilt(logprobs: readonly number[], rewards: readonly number[], beta: number): number[] {
  const unnormalised = logprobs.map((lp, i) => lp + rewards[i]! / beta);
  const norm = logSumExp(unnormalised);
  return unnormalised.map((v) => v - norm);
}

/** KL(p‖q) in nats. */
export function kl(p: readonly number[], q: readonly number[]): number {
  return p.reduce((sum, lp, i) => (lp === -Infinity ? sum : sum + Math.exp(lp) * (lp - q[i]!)), 0);
}

/** Entropy in nats. */
export const entropy = (p: readonly number[]): number =>
  -p.reduce((sum, lp) => (lp === -Infinity ? sum : sum + Math.exp(lp) * lp), 0);

/** E_p[values]. */
export const expectation = (p: readonly number[], values: readonly number[]): number =>
  p.reduce((sum, lp, i) => sum + Math.exp(lp) * values[i]!, 0);

/** P(a reply drawn from p has a higher value than one from q), ties counting half. */
export function winRate(p: readonly number[], q: readonly number[], values: readonly number[]): number {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  let below = 0;
  let wins = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    let [tiedP, tiedQ] = [0, 0];
    while (j < order.length && values[order[j]!] === values[order[i]!]) {
      tiedP += Math.exp(p[order[j]!]!);
      tiedQ += Math.exp(q[order[j]!]!);
      j++;
    }
    wins += tiedP * (below + tiedQ / 2);
    below += tiedQ;
    i = j;
  }
  return wins;
}

/**
 * Exact distribution of the best of n draws by reward: F(r)ⁿ − F(r⁻)ⁿ per reward level, shared within a level in
 * proportion to base probability (ties broken at random). Not the bound ln n − (n − 1)/n.
 */
export function bestOfNExact(logprobs: readonly number[], rewards: readonly number[], n: number): number[] {
  const order = rewards.map((_, i) => i).sort((a, b) => rewards[a]! - rewards[b]!);
  const out = new Array<number>(rewards.length).fill(-Infinity);
  let before = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    let level = 0;
    while (j < order.length && rewards[order[j]!] === rewards[order[i]!]) level += Math.exp(logprobs[order[j++]!]!);
    const after = Math.min(1, before + level);
    const mass = after ** n - before ** n;
    for (let k = i; k < j; k++) out[order[k]!] = Math.log(mass) + logprobs[order[k]!]! - Math.log(level);
    before = after;
    i = j;
  }
  return out;
}

/** β at which the tilt reaches a KL from base, by bisection in log β; Infinity for 0. */
export function betaForKl(logprobs: readonly number[], rewards: readonly number[], target: number): number {
  if (target <= 0) return Number.POSITIVE_INFINITY;
  const spent = klOfTilt(logprobs, rewards);
  let [low, high] = [-12, 12];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (spent(Math.exp(middle)) > target) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** KL of the tilt from base as a function of β: `kl(tilt(…), logprobs)` to the bit, without a new array for every β. */
function klOfTilt(logprobs: readonly number[], rewards: readonly number[]): (beta: number) => number {
  const base = Float64Array.from(logprobs);
  const paid = Float64Array.from(rewards);
  const tilted = new Float64Array(base.length);
  return (beta) => {
    for (let i = 0; i < base.length; i++) tilted[i] = base[i]! + paid[i]! / beta;
    const norm = logSumExp(tilted);
    let sum = 0;
    for (let i = 0; i < base.length; i++) {
      const lp = tilted[i]! - norm;
      if (lp !== -Infinity) sum += Math.exp(lp) * (lp - base[i]!);
    }
    return sum;
  };
}

/** A space of replies as exact tools take it: base log-probabilities beside rewards. */
export interface RewardedSpace {
  readonly logprobs: readonly number[];
  readonly rewards: readonly number[];
}

/** The one β at which the tilts of several prompts have a mean KL, by bisection; Infinity for 0. */
export function sharedBeta(spaces: readonly RewardedSpace[], target: number): number {
  if (target <= 0) return Number.POSITIVE_INFINITY;
  const spent = spaces.map(({ logprobs, rewards }) => klOfTilt(logprobs, rewards));
  let [low, high] = [-12, 12];
  for (let i = 0; i < 40; i++) {
    const beta = Math.exp((low + high) / 2);
    if (spent.reduce((sum, own) => sum + own(beta), 0) / spaces.length > target) low = (low + high) / 2;
    else high = (low + high) / 2;
  }
  return Math.exp((low + high) / 2);
}

/**
 * The policy of the highest mean reward over several prompts at a mean KL: one β for all of them, so that KL is spent where it
 * pays most. Log-probabilities of each prompt's replies; the base policy's own for 0.
 */
export function tiltAtMeanKl(spaces: readonly RewardedSpace[], target: number): number[][] {
  if (target <= 0) return spaces.map(({ logprobs }) => [...logprobs]);
  const beta = sharedBeta(spaces, target);
  return spaces.map(({ logprobs, rewards }) => tilt(logprobs, rewards, beta));
}
