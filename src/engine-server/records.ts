import type { ModelSpec } from '../engine/index.ts';
import type { EngineService } from './service.ts';
import { pathOf, type StateCard } from './states.ts';
import type { Training } from './training.ts';

/** What the protocol says of models and saved states. */

const loraFields = (spec: ModelSpec, adapters: StateCard['adapters']) =>
  spec.lora === undefined || adapters === null
    ? { is_lora: false }
    : {
        is_lora: true,
        lora_rank: spec.lora.rank,
        train_attn: adapters.attention,
        train_mlp: adapters.feedForward,
        // The output projection has no adapters here.
        train_unembed: false,
      };

export const modelInfo = ({ id, baseModel, spec, adapters }: Training, tokenizerId: string | undefined) => {
  const { is_lora, lora_rank } = { lora_rank: undefined, ...loraFields(spec, adapters) };
  return {
    type: 'get_info',
    model_id: id,
    model_name: baseModel,
    model_data: { arch: 'transformer', model_name: baseModel, ...(tokenizerId && { tokenizer_id: tokenizerId }) },
    is_lora,
    ...(lora_rank !== undefined && { lora_rank }),
  };
};

export const weightsInfo = ({ baseModel, spec, adapters }: StateCard) => ({
  base_model: baseModel,
  ...loraFields(spec, adapters),
});

export const checkpointRecord = (card: StateCard) => ({
  checkpoint_id: `${card.kind}/${card.name}`,
  checkpoint_type: card.kind === 'weights' ? 'training' : 'sampler',
  time: card.time,
  tinker_path: pathOf(card),
  size_bytes: card.bytes,
  public: false,
  expires_at: card.expires,
  user_metadata: card.userMetadata,
});

/** A run: a model that is there, or was and left saved states. */
function runRecord(run: string, cards: readonly StateCard[], training: Training | undefined, now: string) {
  const { baseModel, spec, adapters, userMetadata } = (training ?? cards[0])!;
  const { is_lora, lora_rank } = { lora_rank: undefined, ...loraFields(spec, adapters) };
  const last = (kind: StateCard['kind']) => {
    const card = cards.findLast((each) => each.kind === kind);
    return card === undefined ? null : checkpointRecord(card);
  };
  return {
    training_run_id: run,
    base_model: baseModel,
    model_owner: 'local',
    is_lora,
    ...(lora_rank !== undefined && { lora_rank }),
    corrupted: false,
    last_request_time: training === undefined ? cards.at(-1)!.time : now,
    last_checkpoint: last('weights'),
    last_sampler_checkpoint: last('sampler_weights'),
    user_metadata: userMetadata,
  };
}

/** Every run, the newest first. */
export function runRecords({ states, trainings }: EngineService, now: string) {
  const cards = new Map<string, StateCard[]>();
  for (const card of states.list()) cards.set(card.run, [...(cards.get(card.run) ?? []), card]);
  const live = new Map(trainings.all.map((training) => [training.id, training]));
  return [...new Set([...cards.keys(), ...live.keys()])]
    .map((run) => runRecord(run, cards.get(run) ?? [], live.get(run), now))
    .sort((a, b) => (a.last_request_time < b.last_request_time ? 1 : -1));
}
