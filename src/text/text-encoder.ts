import { Tokenizer as Runtime } from '@huggingface/tokenizers';
import { type AddedToken, addedTokenSplitter } from './added-tokens.ts';
import { TemplateError } from './chat-template.ts';
import { normalizerOf, normalizerWithin } from './normalizers.ts';
import { own } from './own.ts';
import { type Place, preTokenizerOf } from './pre-tokenizers.ts';
import { isSet, type Json, shown, unsupported } from './tokenizer-parts.ts';

/** Text to ids and back by a `tokenizer.json`. Its model and decoder run in a library; what cuts the text is here. */
export interface TextEncoder {
  encode(text: string, place: Place): number[];
  decode(ids: readonly number[], place: Place): string;
  idOf(token: string): number | undefined;
  has(id: number): boolean;
  readonly largestId: number;
}

const MODELS = ['BPE', 'Unigram', 'WordPiece', 'WordLevel'];
const POST_PROCESSORS = ['TemplateProcessing', 'ByteLevel', 'BertProcessing', 'RobertaProcessing', 'Sequence'];

/** Settings of the model that change what it does and that the library passes over. */
function requireKnownModel(model: Json): void {
  if (model.type !== undefined && !MODELS.includes(String(model.type)))
    throw unsupported('model', String(model.type), MODELS);
  const passedOver = ['dropout', 'continuing_subword_prefix'].filter(
    (key) => model.type === 'BPE' && isSet(own(model, key)),
  );
  if (model.type === 'Unigram' && model.byte_fallback === true) passedOver.push('byte_fallback');
  if (passedOver.length > 0) {
    const [key] = passedOver;
    throw new TemplateError(
      `tokenizer.json: model: ${key} is ${shown(own(model, key!))}, which is not supported; expected it unset`,
    );
  }
}

/** A decoder that keeps the space at the beginning, for ids that go on from others. */
function decoderWithin(decoder: unknown): unknown {
  const json = decoder as Json | null;
  if (json?.type === 'Sequence') return { ...json, decoders: (json.decoders as unknown[]).map(decoderWithin) };
  if (json?.type === 'Strip') return { ...json, start: 0 };
  if (json?.type === 'Metaspace') {
    return { type: 'Replace', pattern: { String: json.replacement ?? '▁' }, content: ' ' };
  }
  return decoder;
}

/** The same tokenizer with another decoder; its vocabulary is shared. */
function withDecoder(runtime: Runtime, decoder: unknown): Runtime {
  const model = { type: 'BPE', vocab: {}, merges: [] };
  const quiet = { normalizer: null, pre_tokenizer: null, post_processor: null, added_tokens: [] };
  const other = new Runtime({ version: '1.0', ...quiet, model, decoder }, {});
  if (other.decoder !== null) Object.assign(other.decoder, { added_tokens: runtime.decoder?.added_tokens ?? [] });
  return Object.assign(Object.create(Object.getPrototypeOf(runtime) as object) as Runtime, runtime, {
    decoder: other.decoder,
  });
}

/** Whether the text of a section gets a mark of its own beginning: a space or `▁` before it. */
function marksSections(json: Json): boolean {
  const marks = (part: unknown): boolean => {
    const { type, ...settings } = (part ?? {}) as Json;
    if (type === 'Sequence') return ((settings.normalizers ?? settings.pretokenizers) as unknown[]).some(marks);
    if (type === 'Prepend') return true;
    if (type === 'ByteLevel') return settings.add_prefix_space !== false;
    return (
      type === 'Metaspace' && (settings.prepend_scheme ?? 'always') === 'always' && settings.add_prefix_space !== false
    );
  };
  return marks(json.normalizer) || marks(json.pre_tokenizer);
}

/**
 * Reads a `tokenizer.json`. The tokens in `left` are neither split off nor in the vocabulary, so that no text makes them.
 * What it asks for and what is not understood is refused by name.
 */
export function textEncoder(json: Json, left: readonly AddedToken[]): TextEncoder {
  const names = new Set(left.map(({ content }) => content));
  const model = json.model as Json;
  requireKnownModel(model);
  const { vocab } = model;
  const kept =
    typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab)
      ? Object.fromEntries(Object.entries(vocab).filter(([token]) => !names.has(token)))
      : vocab;
  const added = ((json.added_tokens ?? []) as AddedToken[]).filter((token) => !names.has(token.content));
  const quiet = { normalizer: null, pre_tokenizer: null, post_processor: null };
  const parts = { version: json.version, model: { ...model, vocab: kept }, ...quiet, added_tokens: added };
  const config = { unk_token: model.unk_token };
  const runtime = new Runtime({ ...parts, decoder: json.decoder ?? null }, config);
  const goingOn = withDecoder(runtime, decoderWithin(json.decoder ?? null));
  const normalize = normalizerOf(json.normalizer as Json | null);
  const normalizeWithin = normalizerWithin(json.normalizer as Json | null);
  const cut = preTokenizerOf(json.pre_tokenizer as Json | null);
  const sectionsOf = addedTokenSplitter(added, normalize);
  const unknown = runtime.model!.unk_token_id;
  const sectionsMarked = marksSections(json);
  let largestId = -1;
  for (const id of runtime.get_vocab(true).values()) largestId = Math.max(largestId, id);
  const placeAt = (place: Place, at: number): Place => (at === 0 ? place : 'section');

  const tokens = (text: string, place: Place): number[] =>
    cut([text], place).flatMap((piece) =>
      runtime.model!._call([piece]).flatMap((token: string) => runtime.token_to_id(token) ?? unknown ?? []),
    );
  return {
    encode(text, place) {
      const normalizing = (piece: string, at: number) =>
        placeAt(place, at) === 'within' ? normalizeWithin(piece) : normalize(piece);
      return sectionsOf(text, normalizing).flatMap((section) =>
        'token' in section ? [section.token.id] : tokens(section.text, placeAt(place, section.at)),
      );
    },
    decode(ids, place) {
      const strips = place === 'start' || (place === 'section' && sectionsMarked);
      const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      return ids.length === 0 ? '' : (strips ? runtime : goingOn).decode([...ids], options);
    },
    idOf: (token) => runtime.token_to_id(token),
    has: (id) => runtime.id_to_token(id) !== undefined,
    largestId,
  };
}

/** Tokens that a post-processor puts before a single text, by their ids: its beginning mark, as of a base model. */
export function leadingTokens(post: unknown, idOf: (token: string) => number | undefined): number[] {
  const json = post as Json | null | undefined;
  if (json === null || json === undefined) return [];
  switch (json.type) {
    case 'ByteLevel':
      return [];
    case 'Sequence':
      return (json.processors as unknown[]).flatMap((processor) => leadingTokens(processor, idOf));
    case 'BertProcessing':
    case 'RobertaProcessing':
      return [(json.cls as [string, number])[1]];
    case 'TemplateProcessing': {
      const single = json.single as Json[];
      const at = single.findIndex((part) => 'Sequence' in part);
      const special = json.special_tokens as Readonly<Record<string, { readonly ids: readonly number[] }>>;
      return single.slice(0, Math.max(0, at)).flatMap((part) => {
        const id = String((part.SpecialToken as Json).id);
        return own(special, id)?.ids ?? idOf(id) ?? [];
      });
    }
    default:
      throw unsupported('post_processor', String(json.type), POST_PROCESSORS);
  }
}
