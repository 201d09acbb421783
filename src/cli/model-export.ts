import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readCheckpoint } from '../engine-embedded/index.ts';
import { languageOnnx, mergeAdapters, ONNX_BYTES, parameterCount, rewardOnnx } from '../model/index.ts';
import { readJsonObject, writeAdapter, writePretrained } from '../model/node.ts';
import type { Normaliser } from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic, writeJson } from '../run/node.ts';
import {
  createTokenizer,
  isPretrainedTokenizer,
  type PretrainedTokenizer,
  SPECIAL_TOKENS,
  specialName,
} from '../text/index.ts';

export const EXPORT_FORMATS = ['safetensors', 'adapter', 'onnx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

type Json = Record<string, unknown>;

/** The checkpoint that a place means: itself, or the last one of a run's policy. */
export function checkpointAt(place: string): string {
  if (existsSync(join(place, 'state.json'))) return place;
  const folder = join(place, 'checkpoints');
  const steps = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => name.match(/^policy-(\d+)$/)?.[1] ?? [])
    : [];
  const last = Math.max(...steps.map(Number));
  if (steps.length > 0) return join(folder, `policy-${last}`);
  if (existsSync(join(folder, 'base', 'state.json'))) return join(folder, 'base');
  throw new UsageError(
    'checkpoint',
    `${place}: expected a checkpoint, or a run folder with one; got neither. A reward model's lie in reward/model/member-0`,
  );
}

/** What stands beside a checkpoint: its tokenizer, and a reward model's normaliser. */
function companions(checkpoint: string): { tokenizer?: Json; normaliser?: Normaliser } {
  const beside = join(dirname(checkpoint), 'tokenizer.json');
  if (existsSync(beside)) return { tokenizer: readJsonObject(beside) };
  const card = join(dirname(checkpoint), 'card.json');
  if (!existsSync(card)) return {};
  const { text, members } = readJsonObject(card) as unknown as {
    text?: { tokenizer: Json };
    members: readonly { folder?: string; normaliser: Normaliser }[];
  };
  const member = members.find(({ folder }) => folder !== undefined && checkpoint.endsWith(folder));
  return { ...(text && { tokenizer: text.tokenizer }), ...(member && { normaliser: member.normaliser }) };
}

interface SpecialIds {
  readonly bos?: number | undefined;
  /** Every id at which a reply ends; one alone as a number, as most programs expect it. */
  readonly eos: number | readonly number[];
  readonly pad?: number | undefined;
}

/** Stops as they stand in `config.json` and `generation_config.json`. */
const oneOrAll = (ids: readonly number[]): number | readonly number[] => (ids.length === 1 ? ids[0]! : ids);

/** The id of a special token that a `tokenizer_config.json` names. */
function namedId({ tokenizer, config }: PretrainedTokenizer, key: string): number | undefined {
  const content = specialName(config, key);
  const added = (tokenizer.added_tokens ?? []) as readonly { id: number; content: string }[];
  return added.find((token) => token.content === content)?.id;
}

/** `generation_config.json`: the settings that came with the model, ending where replies end here. */
function writeGeneration(out: string, settings: Json, { bos, eos, pad }: SpecialIds): void {
  const ids = {
    eos_token_id: eos,
    ...(bos !== undefined && { bos_token_id: bos }),
    ...(pad !== undefined && { pad_token_id: pad }),
  };
  writeJson(join(out, 'generation_config.json'), { ...settings, ...ids });
}

/** Files of a tokenizer as published, and the ids of its special tokens. */
function writeTokenizer(out: string, json: Json): SpecialIds {
  const eos = oneOrAll(createTokenizer(json).stop);
  if (isPretrainedTokenizer(json)) {
    const { tokenizer, config, chatTemplate, generation } = json;
    writeJson(join(out, 'tokenizer.json'), tokenizer);
    writeJson(join(out, 'tokenizer_config.json'), { ...config, ...(chatTemplate && { chat_template: chatTemplate }) });
    const ids = { bos: namedId(json, 'bos_token'), eos, pad: namedId(json, 'pad_token') };
    writeGeneration(out, generation ?? {}, ids);
    return ids;
  }
  const { vocab } = json.model as { vocab: Record<string, number> };
  const [padToken, bosToken, assistantToken, eosToken] = SPECIAL_TOKENS;
  writeJson(join(out, 'tokenizer.json'), json);
  writeJson(join(out, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    pad_token: padToken,
    bos_token: bosToken,
    eos_token: eosToken,
    chat_template: `{{ bos_token }}{% for m in messages %}{{ m.content }}{% if m.role == 'user' %}${assistantToken}{% else %}{{ eos_token }}{% endif %}{% endfor %}`,
  });
  const ids = { bos: vocab[bosToken]!, eos, pad: vocab[padToken]! };
  writeGeneration(out, {}, ids);
  return ids;
}

/**
 * Writes a trained model for other programs: `safetensors` as transformers loads it, `adapter` as PEFT does, `onnx` as
 * onnxruntime-web does. Adapters are merged but for `adapter`. Returns the files' folder and what was written.
 */
export function exportModel(
  place: string,
  out: string,
  options: { readonly format: ExportFormat; readonly base?: string | undefined },
): { checkpoint: string; format: ExportFormat; out: string; parameters: number; kind: 'language' | 'reward' } {
  const checkpoint = checkpointAt(place);
  if (existsSync(out) && onPath(out, () => readdirSync(out)).length > 0) {
    throw new UsageError('out', `${out}: expected an empty or new folder; choose another --out`);
  }
  const { spec, weights } = readCheckpoint(checkpoint);
  const { tokenizer, normaliser } = companions(checkpoint);
  const kind = spec.scalarHead === true ? 'reward' : 'language';
  const { format } = options;
  if (format === 'adapter') {
    if (spec.lora === undefined) throw new UsageError('adapter', `${checkpoint}: has no adapters; export safetensors`);
    if (options.base === undefined) {
      throw new UsageError(
        'base',
        '--format adapter: expected --base with the hub id or folder of the model it belongs to',
      );
    }
    writeAdapter(out, { spec, weights }, options.base);
    return { checkpoint, format, out, parameters: parameterCount(spec), kind };
  }
  const merged = mergeAdapters({ spec, weights });
  const parameters = parameterCount(merged.spec);
  onPath(out, () => mkdirSync(out, { recursive: true }));
  const tokens = tokenizer === undefined ? {} : writeTokenizer(out, tokenizer);
  if (format === 'safetensors') {
    writePretrained(out, { ...merged, tokens });
    if (normaliser !== undefined) {
      const config = join(out, 'config.json');
      writeJson(config, { ...readJsonObject(config), reward_normaliser: normaliser });
    }
  } else {
    if (4 * parameters > ONNX_BYTES) {
      throw new UsageError(
        'size',
        `${checkpoint}: ${parameters} weights are more than one ONNX file holds; export safetensors`,
      );
    }
    const bytes =
      kind === 'reward'
        ? rewardOnnx(merged.spec, merged.weights, normaliser)
        : languageOnnx(merged.spec, merged.weights);
    writeFileAtomic(join(out, 'model.onnx'), bytes);
  }
  return { checkpoint, format, out, parameters, kind };
}
