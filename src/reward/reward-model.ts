import type { Candidate } from './observation.ts';
import type { GroupOfRaters, Groups } from './people/groups.ts';
import type { People } from './people/people.ts';
import type { Worth } from './people/worth.ts';

/** A score in normalised reward units; `spread` is the ensemble's standard deviation where there is an ensemble. */
export interface Score {
  readonly mean: number;
  readonly spread?: number;
  /** What the reply is worth to whoever is asked, where people are taken to differ; its mean is that before any risk rule. */
  readonly people?: Worth;
  /** The spread is above what the risk rule allows: the mean is no more than a typical reply gets, and orders nothing. */
  readonly abstained?: true;
}

/** Replies by prompt on which scores are normalised. */
export type ReferenceReplies = readonly { readonly prompt: string; readonly replies: readonly string[] }[];

/**
 * A reward model r̂_φ: a pure function of text. Its normaliser (mean and scale on reference replies) lives inside, so
 * every path sees the same numbers. Only differences on one prompt are identified by comparisons.
 */
export interface RewardModel {
  readonly id: string;
  readonly family: string;
  /** Log-odds of one unit of score: what the normaliser divided by. Probabilities of preferences need it, ranks do not. */
  readonly logOdds: number;
  score(prompt: string, replies: readonly string[]): Promise<Score[]>;
  dispose(): Promise<void>;
}

/** A reward as it was fitted: beside its scores what it gives each candidate of an answer, and what else explains answers. */
export interface FittedReward extends RewardModel {
  /** Rewards in log-odds, before the normaliser; also of texts that go on. */
  values(candidates: readonly Candidate[]): Promise<number[]>;
  /** What explains answers beside the reward and is no part of it, by name. */
  readonly nuisances: ReadonlyMap<string, number>;
  /** The people who gave the answers, where each was fitted beside the reward. */
  readonly people?: People;
  /** The groups of raters that have a reward each, and whose this one is. */
  readonly groups?: Groups;
  readonly group?: GroupOfRaters;
}
