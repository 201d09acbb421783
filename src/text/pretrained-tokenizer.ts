import { Tokenizer as Runtime } from '@huggingface/tokenizers';
import { type Message, PLAIN_TEMPLATE, parseTemplate, renderChat, TemplateError } from './chat-template.ts';
import { patternsBelow, probesOf } from './pattern-probe.ts';
import type { Tokenizer } from './tokenizer.ts';
import { checkTokenizer, type TokenizerExtent } from './tokenizer-bounds.ts';
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
  // Marks that a post-processor puts around a text are the chat template's to write here.
  return new Runtime({ ...json, added_tokens: added, model: { ...model, vocab }, post_processor: null }, config);
}

/** The text of a special token in `tokenizer_config.json`: a string, or an object with its content. */
function specialName(config: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
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
function refuseEndless({ normalizer, pre_tokenizer, decoder }: Runtime): void {
  for (const pattern of patternsBelow([normalizer, pre_tokenizer, decoder])) {
    const probes = probesOf(pattern.source);
    let [done, before, spells] = [0, -1, 0];
    const over = new Error('over');
    const spell = () => {
      for (; done < probes.length; done++) probes[done]!.match(pattern);
    };
    while (done < probes.length) {
      spells += 1;
      if (done === before || spells > MOST_SPELLS) {
        const source = JSON.stringify(pattern.source.slice(0, 100));
        const what = `the pattern ${source} goes over short texts for ever`;
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

/** The ids of texts, and texts of ids, within bounds of time and size. */
function boundedRuntime(runtime: Runtime, { growth, patterns }: TokenizerExtent) {
  const bounded = <T>(length: number, work: () => T): T => {
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
  return {
    encode: (text: string): number[] =>
      text === '' ? [] : bounded(text.length, () => runtime.encode(text, { add_special_tokens: false }).ids),
    decode: (ids: number[]): string =>
      bounded(ids.length, () =>
        runtime.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
      ),
  };
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
  const read = () => textRuntime({ added_tokens: [], ...json.tokenizer }, config, controls);
  const runtime = attempt('cannot be read', () => within(LOAD_MS, read, late));
  if (extent.patterns.length > 0) refuseEndless(runtime);
  const bounded = boundedRuntime(runtime, extent);
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
  const { encode } = bounded;
  const decode = (ids: ArrayLike<number>): string => {
    const kept = Array.from(ids).filter((id) => !controlIds.has(id) && runtime.id_to_token(id) !== undefined);
    return kept.length === 0 ? '' : bounded.decode(kept);
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
  let vocabularySize = 0;
  for (const ids of [runtime.get_vocab(true).values(), controlIds])
    for (const id of ids) vocabularySize = Math.max(vocabularySize, id + 1);
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
    vocabularySize,
    eos,
    stop: [...new Set([eos, ...(json.stop ?? [])])],
    toJSON: () => ({ ...json }),
  };
}
