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
import { own } from './own.ts';
import { probesOf } from './pattern-probe.ts';
import type { Place } from './pre-tokenizers.ts';
import { leadingTokens, type TextEncoder, textEncoder } from './text-encoder.ts';
import type { Tokenizer } from './tokenizer.ts';
import { checkTokenizer, type TokenizerExtent } from './tokenizer-bounds.ts';
import { patternOf, shown } from './tokenizer-parts.ts';
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
export function specialName(config: Record<string, unknown>, key: string): string | undefined {
  const value = own(config, key);
  const name = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
  return typeof name === 'string' ? name : undefined;
}

/** What a stranger's tokenizer may take: patterns of its own may go over some texts in the square of their length. */
const LOAD_MS = 120_000;
const SPELL_MS = 400;
const MOST_SPELLS = 100;
const TEXT_MS = 10_000;
const MS_A_CHARACTER = 0.1;
/** Characters of a text after its normalizers. */
const MOST_CHARACTERS = 64_000_000;
/** From so many characters on, a text is watched over whatever cuts it. */
const LONG = 10_000;

/** Does what a stranger's tokenizer says; what goes wrong in it is told in a line. */
function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TemplateError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(`tokenizer.json: ${what}: ${why}; use another tokenizer`, { cause });
  }
}

/**
 * Refuses a tokenizer with a pattern that some short text keeps busy for ever: for a whole spell, in which a machine with
 * much else to do is through with thousands of them.
 */
function refuseEndless(sources: readonly string[]): void {
  for (const source of new Set(sources)) {
    const pattern = patternOf({ Regex: source }, 'pattern');
    const probes = probesOf(pattern.source);
    let [done, before, spells] = [0, -1, 0];
    const over = new Error('over');
    const spell = () => {
      for (; done < probes.length; done++) probes[done]!.match(pattern);
    };
    while (done < probes.length) {
      spells += 1;
      if (done === before || spells > MOST_SPELLS) {
        const what = `the pattern ${JSON.stringify(pattern.source.slice(0, 100))} goes over short texts for ever`;
        throw new TemplateError(`tokenizer.json: ${what}; use another tokenizer`);
      }
      before = done;
      try {
        within(SPELL_MS, spell, () => over);
      } catch (error) {
        if (error !== over) throw error;
      }
    }
  }
}

/** Encodes or decodes a text of a length, within bounds of time and size. */
function boundedBy({ growth, patterns }: TokenizerExtent) {
  return <T>(length: number, work: () => T): T => {
    if (length * growth > MOST_CHARACTERS)
      throw new TemplateError(
        `a text of ${length} characters is more than the tokenizer takes at once; expected at most ${Math.floor(MOST_CHARACTERS / growth)}`,
      );
    if (patterns.length === 0 && length < LONG) return attempt('a text cannot be read', work);
    const ms = Math.ceil(TEXT_MS + MS_A_CHARACTER * length);
    const late = () =>
      new TemplateError(
        `the tokenizer took longer than ${ms / 1000} s over one text of ${length} characters; use another tokenizer`,
      );
    return attempt('a text cannot be read', () => within(ms, work, late));
  };
}

/** Lists of more special tokens that are none. */
function requireLists(config: Record<string, unknown>): void {
  for (const key of ['additional_special_tokens', 'extra_special_tokens']) {
    const value = own(config, key);
    if (typeof value === 'object' || value === undefined) continue;
    throw new Error(`${key}: expected a list of tokens, got ${shown(value)}`);
  }
}

/** Names of special tokens that templates are given, those that are set. */
const SPECIAL_NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Tokens that begin a text of a model without a template: those of the post-processor, or where `tokenizer_config.json` says
 * whether marks of beginning and end are added, what it says (as transformers 5 has it).
 */
function beginningOf({ tokenizer, config }: PretrainedTokenizer, idOf: TextEncoder['idOf']): number[] {
  if (config.add_bos_token === undefined && config.add_eos_token === undefined) {
    return leadingTokens(tokenizer.post_processor, idOf);
  }
  const bos = config.add_bos_token === true ? specialName(config, 'bos_token') : undefined;
  return bos === undefined ? [] : [idOf(bos)].filter((id) => id !== undefined);
}

/** What an assistant says where the end of its turn is looked for: words that no template looks at. */
const SAID = 'Eleven grey herons';

/**
 * The mark at which a template ends an assistant's turn: the control token that follows what was said, or what is spelled like
 * one; undefined where a template has none, or takes no assistant's message at the end.
 */
function turnEndOf(render: (messages: readonly Message[]) => readonly Piece[]): string | undefined {
  let pieces: readonly Piece[];
  try {
    pieces = render([
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: SAID },
    ]);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
  const at = pieces.findLastIndex((piece) => 'text' in piece && piece.text.includes(SAID));
  const piece = pieces[at];
  if (piece === undefined || !('text' in piece)) return undefined;
  const rest = piece.text.slice(piece.text.lastIndexOf(SAID) + SAID.length).trim();
  if (rest !== '') return /^<[|/]?[a-z_ ]+\|?>/i.exec(rest)?.[0];
  const next = pieces[at + 1];
  return next !== undefined && 'control' in next ? next.control : undefined;
}

/** Runs a published tokenizer. Prompts go through its chat template as one user message. */
export function createPretrainedTokenizer(json: PretrainedTokenizer): Tokenizer {
  const { config } = json;
  const extent = checkTokenizer(json.tokenizer);
  const added = ((json.tokenizer.added_tokens ?? []) as AddedToken[]).filter(({ content }) => content.length > 1);
  const controls = added.filter(isControl);
  const byName = new Map(controls.map((token) => [token.content, token]));
  const controlIds = new Set(controls.map(({ id }) => id));
  const late = () =>
    new TemplateError(`the tokenizer took longer than ${LOAD_MS / 1000} s to be read; use another tokenizer`);
  const read = () => {
    requireLists(config);
    return textEncoder(json.tokenizer, controls);
  };
  const encoder = attempt('cannot be read', () => within(LOAD_MS, read, late));
  refuseEndless(extent.patterns);
  const bounded = boundedBy(extent);
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
  const beginning = json.chatTemplate === undefined ? beginningOf(json, idOf) : [];
  const encode = (text: string, place: Place): number[] =>
    text === '' ? [] : bounded(text.length, () => encoder.encode(text, place));
  const decode = (ids: ArrayLike<number>, place: Place): string => {
    const kept = Array.from(ids).filter((id) => !controlIds.has(id) && encoder.has(id));
    return bounded(kept.length, () => encoder.decode(kept, place));
  };
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
  // A reply ends where the template ends a turn, also where the eos token is another and no setting says so.
  let stops: readonly number[] | undefined;
  const stopIds = (): readonly number[] => {
    const own = [eos, ...(json.stop ?? [])];
    if (json.chatTemplate === undefined) return [...new Set(own)];
    const end = turnEndOf((messages) =>
      renderChat(template, messages, {
        controls: [...byName.keys()],
        variables: { ...given, add_generation_prompt: false },
      }),
    );
    const id = end === undefined ? undefined : idOf(end);
    if (end !== undefined && id === undefined)
      throw new TemplateError(
        `the chat template ends a turn with ${end}, which is no token of tokenizer.json, so that no reply could end there; add it there, or mend the template`,
      );
    return [...new Set([...own, ...(id === undefined ? [] : [id])])];
  };
  // A reply goes on from where the template left off: in the middle of a text, or after a control token.
  let before: { readonly token: AddedToken | undefined } | undefined;
  const lastControl = () => {
    before ??= { token: controlOf(piecesOf('x').at(-1)) };
    return before.token;
  };
  const replyPlace = (): Place => (lastControl() === undefined ? 'within' : 'section');
  let vocabularySize = encoder.largestId + 1;
  for (const id of controlIds) vocabularySize = Math.max(vocabularySize, id + 1);
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
    vocabularySize,
    eos,
    get stop() {
      stops ??= stopIds();
      return stops;
    },
    toJSON: () => ({ ...json }),
  };
}
