import { type Interval, quantile, type Rng } from '../stats/index.ts';

/**
 * Distances between rewards that no optimum can tell apart: both make rewards canonical, so that a constant, a factor and shaping by
 * a potential fall away, and compare what is left by D = √((1 − ρ) / 2), ρ being Pearson's correlation over transitions. 0: the same
 * order of policies everywhere; 1/√2: nothing in common; 1: opposites.
 */

/** √((1 − ρ)/2) of two weighted columns; NaN where one of them is constant (Gleave et al. 2021, Definition 4.6). */
export function pearsonDistance(a: readonly number[], b: readonly number[], weights?: readonly number[]): number {
  return distanceOf(momentsOf(a, b, weights ?? a.map(() => 1)));
}

interface Moments {
  readonly weight: number;
  readonly a: number;
  readonly b: number;
  readonly aa: number;
  readonly bb: number;
  readonly ab: number;
}
const NOTHING: Moments = { weight: 0, a: 0, b: 0, aa: 0, bb: 0, ab: 0 };

function momentsOf(a: readonly number[], b: readonly number[], weights: readonly number[]): Moments {
  let all = NOTHING;
  for (const [i, weight] of weights.entries()) {
    const [x, y] = [a[i]!, b[i]!];
    all = sumOf(all, {
      weight,
      a: weight * x,
      b: weight * y,
      aa: weight * x * x,
      bb: weight * y * y,
      ab: weight * x * y,
    });
  }
  return all;
}

const sumOf = (p: Moments, q: Moments, times = 1): Moments => ({
  weight: p.weight + times * q.weight,
  a: p.a + times * q.a,
  b: p.b + times * q.b,
  aa: p.aa + times * q.aa,
  bb: p.bb + times * q.bb,
  ab: p.ab + times * q.ab,
});

function distanceOf({ weight, a, b, aa, bb, ab }: Moments): number {
  const [va, vb] = [aa / weight - (a / weight) ** 2, bb / weight - (b / weight) ** 2];
  // What rounding leaves of a constant is no variance.
  if (!(va > 1e-12 * (aa / weight) && vb > 1e-12 * (bb / weight))) return Number.NaN;
  const correlation = (ab / weight - (a * b) / (weight * weight)) / Math.sqrt(va * vb);
  return Math.sqrt(Math.max(0, 1 - correlation) / 2);
}

/** A finite decision process: rewards by state, action and next state, flat as (s · actions + a) · states + s′. */
export interface TabularProcess {
  readonly states: number;
  readonly actions: number;
  readonly discount: number;
  /** Distribution of states and of actions under which rewards are made canonical. */
  readonly stateShares: readonly number[];
  readonly actionShares: readonly number[];
  /** Probabilities of next states, flat as rewards are; DARD reads them. */
  readonly transitions: readonly number[];
}

/** E over actions and next states of R(s, A, S′), the next state drawn by `next(s, a, s′)`. */
function expectedFrom(
  { states, actions, actionShares }: TabularProcess,
  reward: readonly number[],
  next: (state: number, action: number, to: number) => number,
): number[] {
  return Array.from({ length: states }, (_, s) => {
    let sum = 0;
    for (let a = 0; a < actions; a++)
      for (let to = 0; to < states; to++)
        sum += actionShares[a]! * next(s, a, to) * reward[(s * actions + a) * states + to]!;
    return sum;
  });
}

/** R + E[γR(s′, A, S′) − R(s, A, S′) − γR(S, A, S′)], S, A and S′ drawn apart (Gleave et al. 2021, Definition 4.1). */
export function epicCanonical(process: TabularProcess, reward: readonly number[]): number[] {
  const { states, actions, discount, stateShares } = process;
  const from = expectedFrom(process, reward, (_s, _a, to) => stateShares[to]!);
  const all = from.reduce((sum, value, s) => sum + stateShares[s]! * value, 0);
  return reward.map((value, at) => {
    const [s, to] = [Math.floor(at / (actions * states)), at % states];
    return value + discount * from[to]! - from[s]! - discount * all;
  });
}

/**
 * R + E[γR(s′, A, S″) − R(s, A, S′) − γR(S′, A, S″)], S′ drawn from the transitions of s and S″ from those of s′ (Wulfe et al. 2022,
 * Definition 4): rewards are asked about transitions that the process can make, or nearly.
 */
export function dardCanonical(process: TabularProcess, reward: readonly number[]): number[] {
  const { states, actions, discount, actionShares, transitions } = process;
  const chance = (s: number, a: number, to: number) => transitions[(s * actions + a) * states + to]!;
  const from = expectedFrom(process, reward, chance);
  // Where each state leads under the shares of actions.
  const reached = (s: number, to: number) => actionShares.reduce((sum, share, a) => sum + share * chance(s, a, to), 0);
  const crossed = (s: number, to: number) => {
    let sum = 0;
    for (let middle = 0; middle < states; middle++)
      for (let a = 0; a < actions; a++)
        for (let end = 0; end < states; end++)
          sum +=
            reached(s, middle) * actionShares[a]! * chance(to, a, end) * reward[(middle * actions + a) * states + end]!;
    return sum;
  };
  return reward.map((value, at) => {
    const [s, to] = [Math.floor(at / (actions * states)), at % states];
    return value + discount * from[to]! - from[s]! - discount * crossed(s, to);
  });
}

/** What two rewards say of the replies to a prompt. A reply ends the episode: shaping can add a number of the prompt, no more. */
export interface ComparedReplies {
  /** Chance of each reply. */
  readonly shares: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** What they say of replies drawn from all prompts, as replies to this one: EPIC draws actions whatever the state. */
  readonly elsewhere: { readonly a: readonly number[]; readonly b: readonly number[] };
}

export interface DistanceEstimate {
  readonly distance: number;
  readonly interval: Interval;
  /** Prompts, which are drawn whole, and replies to them. */
  readonly prompts: number;
  readonly replies: number;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Moments of the canonical rewards of each prompt, all prompts counting alike. */
const canonicalMoments = (
  prompts: readonly ComparedReplies[],
  offsets: (prompt: ComparedReplies) => readonly [number, number],
): Moments[] =>
  prompts.map((prompt) => {
    const [offA, offB] = offsets(prompt);
    return momentsOf(
      prompt.a.map((value) => value - offA),
      prompt.b.map((value) => value - offB),
      prompt.shares,
    );
  });

/** Replicates of an interval. */
const REPLICATES = 1000;

function estimated(moments: readonly Moments[], rng: Rng): Pick<DistanceEstimate, 'distance' | 'interval'> {
  const drawn: number[] = [];
  for (let r = 0; r < REPLICATES; r++) {
    let all = NOTHING;
    for (const _ of moments) all = sumOf(all, moments[rng.integer(moments.length)]!);
    const distance = distanceOf(all);
    if (Number.isFinite(distance)) drawn.push(distance);
  }
  const interval =
    moments.length < 2 || drawn.length === 0
      ? { low: 0, high: 1, level: 0.95 }
      : { low: quantile(drawn, 0.025), high: quantile(drawn, 0.975), level: 0.95 };
  return { distance: distanceOf(moments.reduce((all, own) => sumOf(all, own), NOTHING)), interval };
}

/**
 * EPIC and DARD between two rewards of replies. Both subtract what a prompt is worth: EPIC by replies of all prompts, as Gleave et al.
 * draw actions, DARD by the prompt's own replies. Percentile bootstrap over prompts; one prompt says nothing of others.
 */
export function rewardDistances(
  prompts: readonly ComparedReplies[],
  rng: Rng,
): { readonly epic: DistanceEstimate; readonly dard: DistanceEstimate } {
  const counts = { prompts: prompts.length, replies: prompts.reduce((sum, { a }) => sum + a.length, 0) };
  const weighted = (shares: readonly number[], values: readonly number[]) =>
    values.reduce((sum, value, i) => sum + shares[i]! * value, 0);
  const epic = canonicalMoments(prompts, ({ elsewhere }) => [meanOf(elsewhere.a), meanOf(elsewhere.b)]);
  const dard = canonicalMoments(prompts, ({ shares, a, b }) => [weighted(shares, a), weighted(shares, b)]);
  return {
    epic: { ...estimated(epic, rng.fork('epic')), ...counts },
    dard: { ...estimated(dard, rng.fork('dard')), ...counts },
  };
}
