import type { Engine, LoraConfig, ModelSpec } from '../engine/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import { closeReference, openReference, type Reference } from './reference.ts';

/** A supervised model that rewards start from. */
export interface RewardBase {
  readonly engine: Engine;
  /** Its description, with adapters where a configuration asks for them. */
  spec(lora: LoraConfig | undefined): ModelSpec;
  /** Where its weights are saved. */
  readonly folder: string;
  readonly codec: DialogueCodec;
  /** The model itself for rewards that are relative to it: loaded on first use, one for all members. */
  reference(): Promise<Reference>;
  /** Gives the reference back, where it was used. Members relative to it score no more. */
  dispose(): Promise<void>;
}

/** A base to fit rewards from. `spec` describes the model, by itself and with adapters. */
export function rewardBase(parts: Pick<RewardBase, 'engine' | 'spec' | 'folder' | 'codec'>): RewardBase {
  let opened: Promise<Reference> | undefined;
  return {
    ...parts,
    reference() {
      opened ??= openReference(parts.engine, parts.spec(undefined), parts.folder);
      return opened;
    },
    async dispose() {
      if (opened !== undefined) await closeReference(await opened);
      opened = undefined;
    },
  };
}
