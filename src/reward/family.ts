import type { z } from 'zod';
import type { Engine, LoraConfig, ModelSpec } from '../engine/index.ts';
import type { Checkpoints } from '../engine/node.ts';
import type { Progress } from '../run/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import type { NuisanceState } from './fit/nuisance-steps.ts';
import type { Observation } from './observation.ts';
import type { ReferenceReplies, RewardModel } from './reward-model.ts';

/** A supervised model that rewards can start from. */
export interface RewardBase {
  /** Its description, with adapters where a configuration asks for them. */
  spec(lora: LoraConfig | undefined): ModelSpec;
  /** Where its weights are saved. */
  readonly folder: string;
  readonly codec: DialogueCodec;
}

/** What fitting one member may use. */
export interface FitContext {
  readonly position: boolean;
  readonly reference: ReferenceReplies;
  readonly seed: number;
  readonly progress: Progress;
  /** Name of the work in progress and records. */
  readonly stage: string;
  /** For families that are networks. */
  readonly network?: { readonly engine: Engine; readonly base: RewardBase };
  readonly checkpoints?: Checkpoints<NuisanceState>;
}

/** What loading one member may use. */
export interface LoadContext {
  /** Folder of the reward model. */
  readonly folder: string;
  /** The engine, made on first use. */
  engine(): Engine;
  /** Of the base model that was saved with the members; throws where there is none. */
  codec(): DialogueCodec;
}

/** A family of reward models: how it is configured, fitted, and kept. */
export interface Family<C extends z.ZodObject, M extends RewardModel, S extends z.ZodObject> {
  readonly id: string;
  readonly title: string;
  /** Keys that only this family reads. */
  readonly config: C;
  /** Whether fitting needs `network`. */
  readonly needsBase: boolean;
  /** Whether a reward depends on the prompt beside the reply. */
  readonly seesPrompt: boolean;
  fit(observations: readonly Observation[], config: z.infer<C>, context: FitContext): Promise<M>;
  /** What of a member is written into the card; the rest goes into `folder` under `name`. */
  readonly card: S;
  save(member: M, folder: string, name: string): Promise<z.infer<S>>;
  load(card: z.infer<S>, context: LoadContext): Promise<M>;
}

/** Takes its types from its parts. */
export const defineFamily = <C extends z.ZodObject, M extends RewardModel, S extends z.ZodObject>(
  family: Family<C, M, S>,
): Family<C, M, S> => family;
