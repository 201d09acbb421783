import type { AnswerKind } from '../../feedback/index.ts';
import { UsageError } from '../../run/index.ts';
import { dot, type Objective } from '../../stats/index.ts';
import { LIKELIHOODS, likelihoodOf, type Nuisance, type Nuisances, POSITION, type Term } from '../likelihood/index.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import { type LapsingTerm, withLapses } from '../people/lapses.ts';
import { addPlain, type Indexed, plainPairs } from './plain-pairs.ts';

/** Nuisances of all observations of all kinds. */
export function nuisancesOf(observations: readonly Observation[], options: { readonly position: boolean }): Nuisance[] {
  const found = new Map<string, Nuisance>();
  const present = new Set(observations.map(({ kind }) => kind));
  for (const kind of Object.keys(LIKELIHOODS) as AnswerKind[]) {
    const own = observations.filter((observation) => observation.kind === kind);
    if (own.length === 0) continue;
    for (const nuisance of likelihoodOf(own[0]!).nuisances(own, options)) found.set(nuisance.name, nuisance);
  }
  // Raters are surer in some kinds of answers than in others: the first kind sets the scale of log-odds.
  const [, ...others] = (Object.keys(LIKELIHOODS) as AnswerKind[]).filter((kind) => present.has(kind));
  for (const kind of others) found.set(loudness(kind), { name: loudness(kind), start: 0, precision: 1 });
  return [...found.values()];
}

/** Name of the logarithm by which the rewards are louder in one kind of answers than in the first that there is. */
const loudness = (kind: AnswerKind): string => `loudness/${kind}`;

/** The term of an observation by what its rater heard of each candidate: the reward, as loud as it is, and a bonus. */
export interface HeardTerm extends LapsingTerm {
  /** What was heard of the rewards alone. */
  readonly felt: Float64Array;
  /** Factor that made it. */
  readonly factor: number;
}

/** The term of an observation, with slopes by what was heard and not yet by the rewards. */
export function heardTermOf(observation: Observation, rewards: Float64Array, nuisances: Nuisances): HeardTerm {
  const { hearing, kind } = observation;
  const factor = Math.exp(nuisances.get(loudness(kind)) ?? 0) * (hearing?.rationality ?? 1);
  const felt = rewards.map((reward) => factor * reward);
  const heard = hearing === undefined ? felt : felt.map((own, k) => own + hearing.bonus[k]!);
  const attentive = likelihoodOf(observation).term(heard, observation, nuisances);
  return { ...withLapses(attentive, observation, nuisances), felt, factor };
}

/** The term of an observation at rewards of its candidates, as loud as they are in its kind and as its rater hears them. */
export function termOf(observation: Observation, rewards: Float64Array, nuisances: Nuisances): Term {
  const name = loudness(observation.kind);
  const loud = nuisances.has(name);
  if (!loud && observation.hearing === undefined)
    return likelihoodOf(observation).term(rewards, observation, nuisances);
  const { loss, dRewards, dNuisances, felt, factor } = heardTermOf(observation, rewards, nuisances);
  return {
    loss,
    dRewards: dRewards.map((slope) => factor * slope),
    dNuisances: loud ? [...dNuisances, [name, dot(dRewards, felt)]] : dNuisances,
  };
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
  for (const own of indexed) {
    const term = termAt(own, rewards, nuisances);
    loss += term.loss;
    each(term, own.at);
  }
  return loss;
}

/** The term of an observation at rewards of all candidates. */
function termAt({ observation, at }: Indexed, rewards: ArrayLike<number>, nuisances: Nuisances): Term {
  const own = new Float64Array(at.length);
  for (let k = 0; k < own.length; k++) own[k] = rewards[at[k]!]!;
  return termOf(observation, own, nuisances);
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
  const pairs = plainPairs(indexed, new Set(placeOf.keys()));
  const objective: Objective = (x, gradient) => {
    for (const [c, { indices, values }] of features.entries()) {
      let sum = 0;
      for (let i = 0; i < indices.length; i++) sum += x[indices[i]!]! * values[i]!;
      rewards[c] = sum;
    }
    slopes.fill(0);
    const at = new Map(nuisances.map(({ name }, k) => [name, x[size + k]!]));
    const position = { value: at.get(POSITION) ?? 0, slope: 0 };
    let value = 0;
    for (let e = 0; e < indexed.length; e++) {
      if (pairs.first[e]! >= 0) {
        value += addPlain(pairs, e, { rewards, slopes, position });
        continue;
      }
      const { loss, dRewards, dNuisances } = termAt(indexed[e]!, rewards, at);
      value += loss;
      for (const [k, place] of indexed[e]!.at.entries()) slopes[place]! += dRewards[k]!;
      for (const [name, slope] of dNuisances) {
        if (name === POSITION) position.slope += slope;
        else gradient[placeOf.get(name)!]! += slope;
      }
    }
    if (at.has(POSITION)) gradient[placeOf.get(POSITION)!]! += position.slope;
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

/** Step of the differences below: slopes are smooth on the scale of a log-odds. */
const STEP = 1e-4;

/** Negative Hessian of an observation's log-likelihood by the rewards of its candidates (row-major), from central differences. */
export function curvature(observation: Observation, rewards: Float64Array, nuisances: Nuisances): Float64Array {
  const size = rewards.length;
  const bend = new Float64Array(size * size);
  for (const [i, reward] of rewards.entries()) {
    const above = termOf(observation, rewards.with(i, reward + STEP), nuisances).dRewards;
    const below = termOf(observation, rewards.with(i, reward - STEP), nuisances).dRewards;
    for (let j = 0; j < size; j++) bend[i * size + j] = (above[j]! - below[j]!) / (2 * STEP);
  }
  return bend;
}

/**
 * Negative Hessian of the log-likelihood by the weights of a linear reward, nuisances held (row-major): Σ XᵀHX, H by the rewards of
 * each observation's candidates, from central differences of its slopes.
 */
export function observedInformation(
  observations: readonly Observation[],
  featuresOf: (candidate: Candidate) => Float64Array,
  { weights, nuisances }: { readonly weights: Float64Array; readonly nuisances: Nuisances },
): Float64Array {
  const { candidates, indexed } = indexCandidates(observations);
  const rows = candidates.map(featuresOf);
  const rewards = rows.map((row) => dot(row, weights));
  // By candidate what the others' features add up to: H sums over answers first, features are multiplied once.
  const couplings = candidates.map(() => new Map<number, number>());
  for (const { observation, at } of indexed) {
    const bend = curvature(
      observation,
      Float64Array.from(at, (place) => rewards[place]!),
      nuisances,
    );
    for (const [i, place] of at.entries())
      for (const [j, other] of at.entries())
        couplings[place]!.set(other, (couplings[place]!.get(other) ?? 0) + bend[i * at.length + j]!);
  }
  const size = weights.length;
  const information = new Float64Array(size * size);
  const row = new Float64Array(size);
  for (const [c, coupling] of couplings.entries()) {
    row.fill(0);
    for (const [other, bend] of coupling) for (let k = 0; k < size; k++) row[k]! += bend * rows[other]![k]!;
    const own = rows[c]!;
    for (let i = 0; i < size; i++) {
      const x = own[i]!;
      if (x !== 0) for (let j = 0; j <= i; j++) information[i * size + j]! += x * row[j]!;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) information[j * size + i] = information[i * size + j]!;
  return information;
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
