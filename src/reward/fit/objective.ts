import type { AnswerKind } from '../../feedback/index.ts';
import { UsageError } from '../../run/index.ts';
import type { Objective } from '../../stats/index.ts';
import { LIKELIHOODS, likelihoodOf, type Nuisance, type Term } from '../likelihood/index.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';

/** Nuisances of all observations of all kinds. */
export function nuisancesOf(observations: readonly Observation[], options: { readonly position: boolean }): Nuisance[] {
  const found = new Map<string, Nuisance>();
  for (const kind of Object.keys(LIKELIHOODS) as AnswerKind[]) {
    const own = observations.filter((observation) => observation.kind === kind);
    if (own.length === 0) continue;
    for (const nuisance of likelihoodOf(own[0]!).nuisances(own, options)) found.set(nuisance.name, nuisance);
  }
  return [...found.values()];
}

/** An observation with the places of its candidates in a list without repetitions. */
export interface Indexed {
  readonly observation: Observation;
  readonly at: readonly number[];
}

/** All candidates once, and who speaks about which. Nothing is pooled: a text is scored once, every answer keeps its own term. */
export function indexCandidates(observations: readonly Observation[]): {
  readonly candidates: Candidate[];
  readonly indexed: Indexed[];
} {
  const places = new Map<string, number>();
  const candidates: Candidate[] = [];
  const indexed = observations.map((observation) => ({
    observation,
    at: observation.candidates.map((candidate) => {
      const key = candidateKey(candidate);
      let place = places.get(key);
      if (place === undefined) {
        place = candidates.push(candidate) - 1;
        places.set(key, place);
      }
      return place;
    }),
  }));
  return { candidates, indexed };
}

/** Sum of the terms at rewards by candidate; `each` receives every term with the places of its candidates. */
export function sumTerms(
  indexed: readonly Indexed[],
  rewards: ArrayLike<number>,
  nuisances: ReadonlyMap<string, number>,
  each: (term: Term, at: readonly number[]) => void,
): number {
  let loss = 0;
  for (const { observation, at } of indexed) {
    const own = Float64Array.from(at, (place) => rewards[place]!);
    const term = likelihoodOf(observation).term(own, observation, nuisances);
    loss += term.loss;
    each(term, at);
  }
  return loss;
}

/** Features of a candidate that are not zero. */
export interface SparseFeatures {
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface LinearObjective {
  /** Penalised negative log-likelihood per judgment; parameters are weights, then nuisances in the order given. */
  readonly objective: Objective;
  readonly nuisances: readonly Nuisance[];
  /** Zero weights and the nuisances' starts. */
  readonly start: Float64Array;
}

/**
 * The one objective of every linear reward: Σ terms + ridge/2·|w|² + Σ precision/2·(nuisance − start)², over the weight of the
 * observations, with rewards w·x of whatever features.
 */
export function linearObjective(
  observations: readonly Observation[],
  featuresOf: (candidate: Candidate) => SparseFeatures,
  { size, ridge, position }: { readonly size: number; readonly ridge: number; readonly position: boolean },
): LinearObjective {
  const { candidates, indexed } = indexCandidates(observations);
  const features = candidates.map(featuresOf);
  const nuisances = nuisancesOf(observations, { position });
  const placeOf = new Map(nuisances.map(({ name }, k) => [name, size + k]));
  const total = observations.reduce((sum, { weight }) => sum + weight, 0);
  const rewards = new Float64Array(candidates.length);
  const slopes = new Float64Array(candidates.length);
  const objective: Objective = (x, gradient) => {
    for (const [c, { indices, values }] of features.entries()) {
      let sum = 0;
      for (let i = 0; i < indices.length; i++) sum += x[indices[i]!]! * values[i]!;
      rewards[c] = sum;
    }
    slopes.fill(0);
    const at = new Map(nuisances.map(({ name }, k) => [name, x[size + k]!]));
    let value = sumTerms(indexed, rewards, at, ({ dRewards, dNuisances }, places) => {
      for (const [k, place] of places.entries()) slopes[place]! += dRewards[k]!;
      for (const [name, slope] of dNuisances) gradient[placeOf.get(name)!]! += slope;
    });
    for (const [c, { indices, values }] of features.entries()) {
      const slope = slopes[c]!;
      if (slope !== 0) for (let i = 0; i < indices.length; i++) gradient[indices[i]!]! += slope * values[i]!;
    }
    for (let i = 0; i < size; i++) {
      value += (ridge / 2) * x[i]! ** 2;
      gradient[i]! += ridge * x[i]!;
    }
    for (const [k, { start, precision }] of nuisances.entries()) {
      const off = x[size + k]! - start;
      value += (precision / 2) * off * off;
      gradient[size + k]! += precision * off;
    }
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= total;
    return value / total;
  };
  const start = new Float64Array(size + nuisances.length);
  for (const [k, nuisance] of nuisances.entries()) start[size + k] = nuisance.start;
  return { objective, nuisances, start };
}

/** Refuses a fit without a single answer. */
export function refuseNothing(observations: readonly Observation[]): void {
  if (observations.every(({ weight }) => weight === 0)) {
    const fitted = Object.keys(LIKELIHOODS);
    throw new UsageError(
      'observations',
      `expected answers to fit a reward to (${fitted.join(', ')}), got none; collect some first`,
    );
  }
}
