import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, own } from '../run/index.ts';
import { readRegularFile } from '../run/node.ts';
import { GENERATION_KEYS } from './hub-config-settings.ts';
import { readJsonObject } from './pretrained.ts';
import { each, idle, isUnset, only, requireUnderstood, type Settings, shown, taken, unset } from './understood.ts';

/** The text side of a published folder: tokenizer, chat template, special tokens, and where generation stops. */

const TEMPLATE_BYTES = 4 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];
const LISTED = ['additional_special_tokens', 'extra_special_tokens'];

/** Every key of `tokenizer_config.json` that is understood. */
const TOKENIZER_CONFIG: Settings = {
  ...each([...NAMED, ...LISTED, 'add_bos_token', 'add_eos_token', 'added_tokens_decoder', 'chat_template'], taken),
  ...each(['add_prefix_space', 'tokenizer_class'], taken),
  ...each(['split_special_tokens', 'do_lower_case', 'do_lowercase_and_remove_accent', 'remove_space'], unset),
  strip_accents: unset,
  keep_accents: only(true, null),
  ...each(
    [
      'padding_side',
      'padding',
      'pad_to_multiple_of',
      'pad_token_type_id',
      'model_input_names',
      'return_token_type_ids',
    ],
    idle('of batches, which are made here'),
  ),
  ...each(
    ['model_max_length', 'max_length', 'max_len', 'truncation_side', 'truncation_strategy', 'truncation', 'stride'],
    idle('of cutting, which is done here by maxContext'),
  ),
  ...each(
    ['clean_up_tokenization_spaces', 'spaces_between_special_tokens', 'errors'],
    idle('of decoding for display; a reply is decoded as it was encoded'),
  ),
  ...each(
    ['legacy', 'sp_model_kwargs', 'use_fast', 'vocab_file', 'merges_file', 'tokenizer_file', 'special_tokens_map_file'],
    idle('of making tokenizer.json from other files, which is done'),
  ),
  ...each(
    ['name_or_path', 'processor_class', 'backend', 'is_local', 'local_files_only', 'init_inputs', 'tokenizer_type'],
    idle('where it came from'),
  ),
  ...each(
    ['unsloth_fixed', 'response_schema', 'use_default_system_prompt', 'vocab_size'],
    idle('notes of other programs'),
  ),
};

/** A file of a folder that not every model has. */
function optionalJson(folder: string, file: string): Json | undefined {
  const path = join(folder, file);
  return existsSync(path) ? readJsonObject(path) : undefined;
}

/** The text of a special token: a string, or an object with its content. */
function contentOf(value: unknown): string | undefined {
  const text = typeof value === 'object' && value !== null ? (value as Json).content : value;
  return typeof text === 'string' ? text : undefined;
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
}

/** Ids of tokens by their text: the model's, and the added ones. */
function vocabularyOf(tokenizer: Json): Map<string, number> {
  const { vocab } = (tokenizer.model ?? {}) as Json;
  const entries: (readonly [string, number])[] = Array.isArray(vocab)
    ? vocab.map((entry, id) => [String((entry as unknown[])[0]), id] as const)
    : (Object.entries((vocab ?? {}) as Json) as [string, number][]);
  const added = ((tokenizer.added_tokens ?? []) as AddedToken[]).map(({ content, id }) => [content, id] as const);
  return new Map([...entries, ...added]);
}

/** Tokens that the settings name are tokens of `tokenizer.json`; those that it has without a mark are marked, as transformers does. */
function withNamedTokens(tokenizer: Json, config: Json, path: string): Json {
  const vocabulary = vocabularyOf(tokenizer);
  const added = (tokenizer.added_tokens ?? []) as AddedToken[];
  const marked = new Set(added.map(({ content }) => content));
  const lists = LISTED.flatMap((key) => {
    const value = own(config, key);
    return typeof value === 'object' && value !== null
      ? Object.values(value).map((token) => [key, token] as const)
      : [];
  });
  const more: object[] = [];
  for (const [key, value] of [...NAMED.map((name) => [name, own(config, name)] as const), ...lists]) {
    const content = contentOf(value);
    if (content === undefined || marked.has(content)) continue;
    const id = vocabulary.get(content);
    if (id === undefined) {
      throw new DataError(
        'tokenizer',
        `${path}: ${key} is ${shown(content)}; expected a token of tokenizer.json; save the tokenizer again`,
      );
    }
    marked.add(content);
    more.push({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  }
  return more.length === 0 ? tokenizer : { ...tokenizer, added_tokens: [...added, ...more] };
}

/** What `tokenizer_config.json` says about added tokens is what `tokenizer.json` says. */
function requireSameTokens(tokenizer: Json, config: Json, path: string): void {
  const added = new Map(((tokenizer.added_tokens ?? []) as AddedToken[]).map((token) => [token.content, token]));
  for (const [id, value] of Object.entries((config.added_tokens_decoder ?? {}) as Json)) {
    const token = (value ?? {}) as Json;
    const there = added.get(String(token.content)) as (AddedToken & Json) | undefined;
    const differing =
      there === undefined
        ? 'is no added token of tokenizer.json'
        : there.id !== Number(id)
          ? `has id ${there.id} in tokenizer.json`
          : ['single_word', 'lstrip', 'rstrip', 'special']
              .filter((key) => (own(token, key) ?? false) !== (own(there, key) ?? false))
              .map((key) => `has another ${key} in tokenizer.json`)[0];
    if (differing !== undefined) {
      throw new DataError(
        'tokenizer',
        `${path}: added_tokens_decoder: ${shown(token.content)} of id ${shown(id)} ${differing}; save the tokenizer again`,
      );
    }
  }
}

/** A prefix space that the settings ask for and `tokenizer.json` does not, or the other way round. */
function requireSamePrefix(tokenizer: Json, config: Json, path: string): void {
  const asked = config.add_prefix_space;
  if (
    typeof asked !== 'boolean' ||
    /^(PreTrainedTokenizerFast|TokenizersBackend)$/.test(String(config.tokenizer_class))
  ) {
    return;
  }
  const parts = (part: unknown): Json[] => {
    const json = (part ?? {}) as Json;
    return json.type === 'Sequence' ? ((json.pretokenizers ?? []) as unknown[]).flatMap(parts) : [json];
  };
  const bytes = parts(tokenizer.pre_tokenizer).find(({ type }) => type === 'ByteLevel');
  const got = bytes === undefined ? asked : bytes.add_prefix_space !== false;
  if (got === asked) return;
  throw new DataError(
    'tokenizer',
    `${path}: add_prefix_space is ${asked}, but ${got} in tokenizer.json; expected the same; save the tokenizer again`,
  );
}

/** The chat template of a folder, in any of the three places where it is published. */
function chatTemplateIn(folder: string, config: Json): string | undefined {
  const file = join(folder, 'chat_template.jinja');
  if (existsSync(file)) return readRegularFile(file, TEMPLATE_BYTES).toString('utf8');
  const json = join(folder, 'chat_template.json');
  const [path, given] = existsSync(json)
    ? [json, readJsonObject(json).chat_template]
    : [join(folder, 'tokenizer_config.json'), config.chat_template];
  if (typeof given === 'string') return given;
  if (isUnset(given)) return undefined;
  const named = Array.isArray(given) ? (given as { name?: unknown; template?: unknown }[]) : [];
  const template = named.find(({ name }) => name === 'default')?.template;
  if (typeof template === 'string') return template;
  const names = named.map(({ name }) => shown(name)).join(', ');
  throw new DataError(
    'template',
    `${path}: chat_template: expected a text, or one named "default"; got ${names || shown(given)}`,
  );
}

/** Ids at which generation ends, from a setting that is one id or several. */
function stopsOf(value: unknown, where: string): number[] | undefined {
  if (value === undefined || value === null) return undefined;
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  if (ids.every((id) => Number.isSafeInteger(id) && (id as number) >= 0)) return ids as number[];
  throw new DataError('generation', `${where}: eos_token_id is ${shown(value)}; expected a token id, or several`);
}

/**
 * Settings of generation and the ids at which it ends. `generation_config.json` goes before `config.json`, as in transformers; what
 * it leaves out is looked for there.
 */
function generationIn(folder: string): { generation: Json; stop: number[] } {
  const [file, config] = [optionalJson(folder, 'generation_config.json'), optionalJson(folder, 'config.json') ?? {}];
  const path = join(folder, file === undefined ? 'config.json' : 'generation_config.json');
  const legacy = Object.fromEntries(
    GENERATION_KEYS.filter((key) => !isUnset(own(config, key))).map((key) => [key, config[key]]),
  );
  const generation = file ?? legacy;
  if (!isUnset(generation.stop_strings)) {
    throw new DataError(
      'generation',
      `${path}: stop_strings is ${shown(generation.stop_strings)}, which is not supported; expected stops as eos_token_id`,
    );
  }
  const stop =
    stopsOf(generation.eos_token_id, path) ?? stopsOf(config.eos_token_id, join(folder, 'config.json')) ?? [];
  return { generation, stop };
}

/** Special tokens that only the older `special_tokens_map.json` names, or of which the model's settings give the id. */
function namedElsewhere(folder: string, config: Json, found: { tokenizer: Json; stop: readonly number[] }): Json {
  const map = optionalJson(folder, 'special_tokens_map.json') ?? {};
  const missing = NAMED.filter((key) => isUnset(own(config, key)) && !isUnset(own(map, key)));
  const named = { ...config, ...Object.fromEntries(missing.map((key) => [key, own(map, key)])) } as Json;
  if (!isUnset(named.eos_token) || found.stop.length === 0) return named;
  const eos = [...vocabularyOf(found.tokenizer)].find(([, id]) => id === found.stop[0])?.[0];
  return eos === undefined ? named : { ...named, eos_token: eos };
}

/**
 * A published tokenizer with its chat template and its stops, as `createTokenizer` of the text part takes it. A setting that is not
 * understood and one that two files give differently is refused by its name.
 */
export function readPretrainedTokenizer(folder: string): Record<string, unknown> {
  const path = join(folder, 'tokenizer.json');
  if (!existsSync(path)) {
    throw new DataError('tokenizer', `${folder}: expected tokenizer.json; save the model with its fast tokenizer`);
  }
  const read: Json = readJsonObject(path);
  const configPath = join(folder, 'tokenizer_config.json');
  const given = optionalJson(folder, 'tokenizer_config.json') ?? {};
  requireUnderstood(given, TOKENIZER_CONFIG, (text) => new DataError('tokenizer', `${configPath}: ${text}`));
  const { generation, stop } = generationIn(folder);
  const config = namedElsewhere(folder, given, { tokenizer: read, stop });
  const tokenizer = withNamedTokens(read, config, configPath);
  requireSameTokens(tokenizer, config, configPath);
  requireSamePrefix(tokenizer, config, configPath);
  return {
    format: 'pretrained-tokenizer-1',
    tokenizer,
    config,
    chatTemplate: chatTemplateIn(folder, config),
    stop,
    ...(!isUnset(generation) && { generation }),
  };
}
