import type { AddedToken } from './added-tokens.ts';
import {
  type Message,
  type Piece,
  PLAIN_TEMPLATE,
  parseTemplate,
  renderChat,
  requireRead,
  TemplateError,
} from './chat-template.ts';
import type { Place } from './pre-tokenizers.ts';
import { leadingTokens, type TextEncoder, textEncoder } from './text-encoder.ts';
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
  /** Ids at which generation ends, beside the eos token (`generation_config.json`, or `config.json` without one). */
  readonly stop?: readonly number[] | undefined;
  /** `generation_config.json`, to be handed on with the model. */
  readonly generation?: Readonly<Record<string, unknown>> | undefined;
  /** A system message before every prompt. */
  readonly system?: string | undefined;
  /** Variables of the template, for example `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export const isPretrainedTokenizer = (
  json: Record<string, unknown>,
): json is Record<string, unknown> & PretrainedTokenizer => json.format === 'pretrained-tokenizer-1';

/** Tokens that steer a model: the special ones, and those spelled like a mark (`<think>`, `[INST]`). Text must not make them. */
const isControl = ({ content, special }: AddedToken) => special || /^(<.+>|\[.+\])$/s.test(content);

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

/** Names of special tokens that templates are given, those that are set. */
const SPECIAL_NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Tokens that begin a text of a model without a template: those of the post-processor, or where `tokenizer_config.json` says
 * whether marks of beginning and end are added, what it says (as transformers 5 has it).
 */
function beginningOf({ tokenizer, config }: PretrainedTokenizer, encoder: TextEncoder): number[] {
  if (config.add_bos_token === undefined && config.add_eos_token === undefined) {
    return leadingTokens(tokenizer.post_processor, encoder.idOf);
  }
  const bos = config.add_bos_token === true ? specialName(config, 'bos_token') : undefined;
  return bos === undefined ? [] : [encoder.idOf(bos)].filter((id) => id !== undefined);
}

/** Runs a published tokenizer. Prompts go through its chat template as one user message. */
export function createPretrainedTokenizer(json: PretrainedTokenizer): Tokenizer {
  const { config } = json;
  const added = ((json.tokenizer.added_tokens ?? []) as AddedToken[]).filter(({ content }) => content.length > 1);
  const controls = added.filter(isControl);
  const byName = new Map(controls.map((token) => [token.content, token]));
  const controlIds = new Set(controls.map(({ id }) => id));
  const encoder = within(MOST_MS, () => textEncoder(json.tokenizer, controls), late);
  const idOf = (token: string) => byName.get(token)?.id ?? encoder.idOf(token);
  const eosName = specialName(config, 'eos_token');
  const eos = eosName === undefined ? undefined : idOf(eosName);
  if (eos === undefined) {
    throw new TemplateError(
      `tokenizer_config.json: eos_token is ${String(eosName)}; expected a token of tokenizer.json`,
    );
  }
  const template = parseTemplate(json.chatTemplate ?? PLAIN_TEMPLATE);
  requireRead(template, json.variables ?? {});
  const specials = SPECIAL_NAMES.flatMap((key) => {
    const name = specialName(config, key);
    return name === undefined ? [] : [[key, name]];
  });
  const given = { ...Object.fromEntries(specials), ...json.variables };
  const beginning = json.chatTemplate === undefined ? beginningOf(json, { ...encoder, idOf }) : [];
  const encode = (text: string, place: Place): number[] =>
    text === '' ? [] : within(MOST_MS, () => encoder.encode(text, place), late);
  const decode = (ids: ArrayLike<number>, place: Place): string =>
    encoder.decode(
      Array.from(ids).filter((id) => !controlIds.has(id) && encoder.has(id)),
      place,
    );
  const piecesOf = (prompt: string) => {
    const system: Message[] = json.system === undefined ? [] : [{ role: 'system', content: json.system }];
    return renderChat(template, [...system, { role: 'user', content: prompt }], {
      controls: [...byName.keys()],
      variables: given,
    });
  };
  const controlOf = (piece: Piece | undefined) =>
    piece !== undefined && 'control' in piece ? byName.get(piece.control) : undefined;
  const encodeChat = (prompt: string): number[] => {
    const pieces = piecesOf(prompt);
    const ids = pieces.flatMap((piece, i) => {
      if ('control' in piece) return [byName.get(piece.control)!.id];
      let { text } = piece;
      if (controlOf(pieces[i - 1])?.rstrip === true) text = text.trimStart();
      if (controlOf(pieces[i + 1])?.lstrip === true) text = text.trimEnd();
      return encode(text, i === 0 ? 'start' : 'section');
    });
    return [...beginning, ...ids];
  };
  // A reply goes on from where the template left off: in the middle of a text, or after a control token.
  let before: { readonly token: AddedToken | undefined } | undefined;
  const lastControl = () => {
    before ??= { token: controlOf(piecesOf('x').at(-1)) };
    return before.token;
  };
  const replyPlace = (): Place => (lastControl() === undefined ? 'within' : 'section');
  return {
    encode: (text) => Int32Array.from(encode(text, 'start')),
    decode: (ids) => decode(ids, 'start'),
    encodePrompt(prompt, most) {
      let ids = encodeChat(prompt);
      // Tokens at a cut may join anew, so the length is measured after each one.
      for (let content = encode(prompt, 'start'); ids.length > most; ) {
        if (content.length === 0) {
          throw new TemplateError(
            `the chat template alone takes ${ids.length} of ${most} tokens; allow longer prompts`,
          );
        }
        content = content.slice(Math.min(content.length, ids.length - most));
        ids = encodeChat(decode(content, 'start'));
      }
      return Int32Array.from(ids);
    },
    encodeReply: (reply) =>
      Int32Array.from(encode(lastControl()?.rstrip === true ? reply.trimStart() : reply, replyPlace())),
    decodeReply: (ids) => decode(ids, replyPlace()),
    vocabularySize: 1 + Math.max(encoder.largestId, ...controlIds),
    eos,
    stop: [...new Set([eos, ...(json.stop ?? [])])],
    toJSON: () => ({ ...json }),
  };
}
