import type { z } from 'zod';
import type { Engine, ModelSpec, TrainableModel } from '../engine/index.ts';
import type { Checkpoints } from '../engine/node.ts';
import type { Progress } from '../run/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import type { WorthForm } from './fit/distribution.ts';
import type { NuisanceState } from './fit/nuisance-steps.ts';
import type { Observation } from './observation.ts';
import type { Refits } from './people/fit-people.ts';
import type { Reference } from './reference.ts';
import type { RewardBase } from './reward-base.ts';
import type { FittedReward, ReferenceReplies } from './reward-model.ts';

/** What fitting one member may use. */
export interface FitContext {
  readonly position: boolean;
  readonly reference: ReferenceReplies;
  readonly seed: number;
  readonly progress: Progress;
  /** Name of the work in progress and records. */
  readonly stage: string;
  /** For families that are networks. */
  readonly base?: RewardBase;
  readonly checkpoints?: Checkpoints<NuisanceState>;
  /** Fit how worths are distributed over people, in this form; only of families that can. */
  readonly worth?: WorthForm;
}

/** Where one member is saved. */
export interface SaveContext {
  /** Folder of the reward model. */
  readonly folder: string;
  /** Subfolder for the member's own weights. */
  readonly name: string;
  /** Saves a model that members share into a subfolder, once. */
  shared(name: string, model: TrainableModel): Promise<void>;
}

/** What loading one member may use. */
export interface LoadContext {
  /** Folder of the reward model. */
  readonly folder: string;
  /** The engine, made on first use. */
  engine(): Engine;
  /** Of the base model that was saved with the members; throws where there is none. */
  codec(): DialogueCodec;
  /** The model in a subfolder that members share, loaded on first use and disposed of with them. */
  shared(spec: ModelSpec, folder: string): Promise<Reference>;
}

/** A family of reward models: how it is configured, fitted, and kept. */
export interface Family<C extends z.ZodObject, M extends FittedReward, S extends z.ZodObject> {
  readonly id: string;
  readonly title: string;
  /** Keys that only this family reads. */
  readonly config: C;
  /** Whether fitting needs a base model. */
  readonly needsBase: boolean;
  /** Whether log-probabilities of tokens are all that it reads of a network: then a server can compute it. */
  readonly logprobsOnly: boolean;
  /** Whether a reward depends on the prompt beside the reply. */
  readonly seesPrompt: boolean;
  /** Whether rewards of replies to different prompts share a level, which ratings, labels and critiques speak of. */
  readonly levels: boolean;
  /** Whether a single member knows how unsure its scores are. */
  readonly ownSpread: boolean;
  /** Whether it can fit a distribution of worths over people. */
  readonly worths: boolean;
  fit(observations: readonly Observation[], config: z.infer<C>, context: FitContext): Promise<M>;
  /** Fits to the same answers again and again, of what is made of them once; without it, from the beginning each time. */
  refits?(observations: readonly Observation[], config: z.infer<C>, context: FitContext): Promise<Refits>;
  /** What of a member is written into the card; the rest goes beside it. */
  readonly card: S;
  save(member: M, context: SaveContext): Promise<z.infer<S>>;
  load(card: z.infer<S>, context: LoadContext): Promise<M>;
}

/** Takes its types from its parts. */
export const defineFamily = <C extends z.ZodObject, M extends FittedReward, S extends z.ZodObject>(
  family: Family<C, M, S>,
): Family<C, M, S> => family;
