import { Tokenizer as Runtime } from '@huggingface/tokenizers';
import { type Message, PLAIN_TEMPLATE, parseTemplate, renderChat, TemplateError } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';
import { within } from './within.ts';

/** A published tokenizer with its chat template, as one JSON value that a run can keep. */
export interface PretrainedTokenizer {
  readonly format: 'pretrained-tokenizer-1';
  /** `tokenizer.json`. */
  readonly tokenizer: Record<string, unknown>;
  /** `tokenizer_config.json`: names of the special tokens. */
  readonly config: Record<string, unknown>;
  /** Jinja; the plain template where the model has none. */
  readonly chatTemplate?: string | undefined;
  /** Ids at which generation ends, beside the eos token (`generation_config.json`). */
  readonly stop?: readonly number[] | undefined;
  /** A system message before every prompt. */
  readonly system?: string | undefined;
  /** Variables of the template, for example `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export const isPretrainedTokenizer = (
  json: Record<string, unknown>,
): json is Record<string, unknown> & PretrainedTokenizer => json.format === 'pretrained-tokenizer-1';

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
}

/** Tokens that steer a model: the special ones, and those spelled like a mark (`<think>`, `[INST]`). Text must not make them. */
const isControl = ({ content, special }: AddedToken) => special || /^(<.+>|\[.+\])$/s.test(content);

/** The tokenizer for text alone: control tokens are neither split off nor in the vocabulary. */
function textRuntime(json: Record<string, unknown>, config: Record<string, unknown>, controls: readonly AddedToken[]) {
  const names = new Set(controls.map(({ content }) => content));
  const model = json.model as { vocab?: unknown };
  const vocab =
    typeof model.vocab === 'object' && model.vocab !== null && !Array.isArray(model.vocab)
      ? Object.fromEntries(Object.entries(model.vocab).filter(([token]) => !names.has(token)))
      : model.vocab;
  const added = (json.added_tokens as AddedToken[]).filter((token) => !names.has(token.content));
  return new Runtime({ ...json, added_tokens: added, model: { ...model, vocab } }, config);
}

/** The text of a special token in `tokenizer_config.json`: a string, or an object with its content. */
function specialName(config: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
  const name = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
  return typeof name === 'string' ? name : undefined;
}

/** The patterns by which a tokenizer cuts a text are a stranger's, and may take for ever on some texts. */
const MOST_MS = 60_000;
const late = () =>
  new TemplateError(`the tokenizer took longer than ${MOST_MS / 1000} s over one text; use another tokenizer`);

/** Runs a published tokenizer. Prompts go through its chat template as one user message. */
export function createPretrainedTokenizer(json: PretrainedTokenizer): Tokenizer {
  const { config } = json;
  const added = ((json.tokenizer.added_tokens ?? []) as AddedToken[]).filter(({ content }) => content.length > 1);
  const controls = added.filter(isControl);
  const byName = new Map(controls.map((token) => [token.content, token]));
  const controlIds = new Set(controls.map(({ id }) => id));
  const runtime = within(MOST_MS, () => textRuntime({ added_tokens: [], ...json.tokenizer }, config, controls), late);
  const eosName = specialName(config, 'eos_token');
  const eos = eosName === undefined ? undefined : (byName.get(eosName)?.id ?? runtime.token_to_id(eosName));
  if (eos === undefined) {
    throw new TemplateError(
      `tokenizer_config.json: eos_token is ${String(eosName)}; expected a token of tokenizer.json`,
    );
  }
  const template = parseTemplate(json.chatTemplate ?? PLAIN_TEMPLATE);
  const names = ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const;
  const variables = {
    ...Object.fromEntries(names.map((key) => [key, specialName(config, key) ?? ''])),
    ...json.variables,
  };
  const encode = (text: string): number[] =>
    text === '' ? [] : within(MOST_MS, () => runtime.encode(text, { add_special_tokens: false }).ids, late);
  const decode = (ids: ArrayLike<number>): string => {
    const kept = Array.from(ids).filter((id) => !controlIds.has(id) && runtime.id_to_token(id) !== undefined);
    return kept.length === 0
      ? ''
      : runtime.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  };
  const encodeChat = (prompt: string): number[] => {
    const system: Message[] = json.system === undefined ? [] : [{ role: 'system', content: json.system }];
    const pieces = renderChat(template, [...system, { role: 'user', content: prompt }], {
      controls: [...byName.keys()],
      variables,
    });
    return pieces.flatMap((piece, i) => {
      if ('control' in piece) return [byName.get(piece.control)!.id];
      const [before, after] = [pieces[i - 1], pieces[i + 1]];
      let { text } = piece;
      if (before !== undefined && 'control' in before && byName.get(before.control)!.rstrip === true)
        text = text.trimStart();
      if (after !== undefined && 'control' in after && byName.get(after.control)!.lstrip === true)
        text = text.trimEnd();
      return encode(text);
    });
  };
  return {
    encode: (text) => Int32Array.from(encode(text)),
    decode,
    encodePrompt(prompt, most) {
      let ids = encodeChat(prompt);
      // Tokens at a cut may join anew, so the length is measured after each one.
      for (let content = encode(prompt); ids.length > most; ) {
        if (content.length === 0) {
          throw new TemplateError(
            `the chat template alone takes ${ids.length} of ${most} tokens; allow longer prompts`,
          );
        }
        content = content.slice(Math.min(content.length, ids.length - most));
        ids = encodeChat(decode(content));
      }
      return Int32Array.from(ids);
    },
    vocabularySize: 1 + Math.max(...runtime.get_vocab(true).values(), ...controlIds),
    eos,
    stop: [...new Set([eos, ...(json.stop ?? [])])],
    toJSON: () => ({ ...json }),
  };
}
