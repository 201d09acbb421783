import { TemplateError } from './chat-template.ts';
import { own } from './own.ts';
import { type Json, shown } from './tokenizer-parts.ts';

/**
 * What a `tokenizer.json` may ask for, looked at before anything is made of it: it came with a model, from whoever published
 * that. Sizes are well above those of published tokenizers.
 */
const MOST = {
  tokens: 2_000_000,
  merges: 4_000_000,
  added: 100_000,
  id: 10_000_000,
  tokenCharacters: 10_000,
  components: 64,
  patternCharacters: 20_000,
  contentCharacters: 100,
  wordCharacters: 10_000,
  /** Characters out of one, by normalizers and pre-tokenizers one after another. */
  growth: 256,
};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
function refuse(place: string, want: string, got: unknown): never {
  throw new TemplateError(`tokenizer.json: ${place}: expected ${want}, got ${shown(got)}; use another tokenizer`);
}

function wholeNumber(value: unknown, place: string, [least, most]: readonly [number, number]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuse(place, `a whole number from ${least} to ${most}`, value);
}
function text(value: unknown, place: string, most: number): string {
  if (typeof value === 'string' && value.length <= most) return value;
  return typeof value === 'string'
    ? refuse(place, `at most ${most} characters`, value.length)
    : refuse(place, 'a text', value);
}
function list(value: unknown, place: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) return refuse(place, 'a list', value);
  return value.length <= most ? value : refuse(place, `at most ${most} entries`, value.length);
}

/** Of a vocabulary as `{ token: id }` or as `[[token, score], …]`. */
function checkVocabulary(vocab: unknown): void {
  const place = 'model.vocab';
  if (Array.isArray(vocab)) {
    for (const entry of list(vocab, place, MOST.tokens)) {
      const [token, score] = list(entry, place, 2);
      text(token, place, MOST.tokenCharacters);
      if (typeof score !== 'number') refuse(place, 'a score of each token', score);
    }
    return;
  }
  if (!isJson(vocab)) refuse(place, 'tokens with their ids', vocab);
  const tokens = Object.entries(vocab);
  if (tokens.length > MOST.tokens) refuse(place, `at most ${MOST.tokens} tokens`, tokens.length);
  for (const [token, id] of tokens) {
    text(token, place, MOST.tokenCharacters);
    wholeNumber(id, `${place}: ${shown(token)}`, [0, MOST.id]);
  }
}

function checkModel(model: unknown): void {
  if (!isJson(model)) refuse('model', 'an object', model);
  checkVocabulary(own(model, 'vocab'));
  for (const merge of list(own(model, 'merges') ?? [], 'model.merges', MOST.merges)) {
    const parts = Array.isArray(merge) ? list(merge, 'model.merges', 2) : [merge];
    for (const part of parts) text(part, 'model.merges', 2 * MOST.tokenCharacters);
  }
  for (const key of ['max_input_chars_per_word', 'unk_id'] as const) {
    const value = own(model, key) ?? 0;
    wholeNumber(value, `model.${key}`, [0, key === 'unk_id' ? MOST.id : MOST.wordCharacters]);
  }
  for (const key of ['unk_token', 'continuing_subword_prefix', 'end_of_word_suffix'] as const)
    text(own(model, key) ?? '', `model.${key}`, MOST.contentCharacters);
}

/** Whether a pattern might match nothing and then be replaced between any two characters; too often yes rather than no. */
const mayMatchNothing = (source: string) => /[*?^$|]|\\b|\\B|\{0/i.test(source);

/** How many characters a component makes of one at most; what is not listed here makes no more than a few. */
function growthOf(component: Json, place: string): number {
  const content = own(component, 'content');
  const pattern = own(component, 'pattern');
  if (pattern !== undefined && !isJson(pattern)) return refuse(`${place}.pattern`, 'Regex or String', pattern);
  const regex = pattern === undefined ? undefined : own(pattern, 'Regex');
  const literal = pattern === undefined ? undefined : own(pattern, 'String');
  if (regex !== undefined) text(regex, `${place}.pattern`, MOST.patternCharacters);
  if (literal !== undefined) text(literal, `${place}.pattern`, MOST.patternCharacters);
  if (pattern !== undefined && regex === undefined && literal === undefined)
    return refuse(`${place}.pattern`, 'Regex or String', pattern);
  if (content === undefined || content === null) return 1;
  const { length } = text(content, `${place}.content`, MOST.contentCharacters);
  if (typeof regex === 'string') return Math.max(1, length) + (mayMatchNothing(regex) ? length : 0);
  if (typeof literal !== 'string') return 1;
  return literal === '' ? 1 + length : Math.max(1, Math.ceil(length / literal.length));
}

/** Components of one kind with those inside them; the product of their growth. */
function checkComponents(value: unknown, place: string): { growth: number; patterns: string[] } {
  const patterns: string[] = [];
  let [growth, count] = [1, 0];
  const visit = (component: unknown, at: string): void => {
    if (component === null || component === undefined) return;
    if (!isJson(component)) refuse(at, 'an object with a type', component);
    count += 1;
    if (count > MOST.components) refuse(place, `at most ${MOST.components} components`, count);
    text(own(component, 'type'), `${at}.type`, 100);
    growth *= growthOf(component, at);
    const pattern = own(component, 'pattern');
    if (isJson(pattern) && typeof own(pattern, 'Regex') === 'string') patterns.push(own(pattern, 'Regex') as string);
    if (own(component, 'type') === 'FixedLength')
      wholeNumber(own(component, 'length'), `${at}.length`, [1, MOST.wordCharacters]);
    for (const key of ['start', 'stop'] as const)
      wholeNumber(own(component, key) ?? 0, `${at}.${key}`, [0, MOST.contentCharacters]);
    for (const key of ['prepend', 'replacement', 'str_rep', 'prefix', 'suffix', 'pad_token', 'word_delimiter_token'])
      text(own(component, key) ?? '', `${at}.${key}`, MOST.contentCharacters);
    growth *= Math.max(1, text(own(component, 'str_rep') ?? own(component, 'replacement') ?? '', at, 100).length);
    for (const key of ['normalizers', 'pretokenizers', 'decoders']) {
      const inner = own(component, key);
      if (inner === undefined) continue;
      for (const [i, part] of list(inner, `${at}.${key}`, MOST.components).entries()) visit(part, `${at}.${key}.${i}`);
    }
  };
  visit(value, place);
  if (!(growth <= MOST.growth)) refuse(place, `at most ${MOST.growth} characters made of one`, growth);
  return { growth, patterns };
}

/** What of a tokenizer bounds its work: how much a text grows, and the patterns that it brought. */
export interface TokenizerExtent {
  readonly growth: number;
  readonly patterns: readonly string[];
}

/** Refuses a `tokenizer.json` whose sizes or components no published tokenizer has, by name, with a `TemplateError`. */
export function checkTokenizer(json: Json): TokenizerExtent {
  checkModel(own(json, 'model'));
  for (const [i, token] of list(own(json, 'added_tokens') ?? [], 'added_tokens', MOST.added).entries()) {
    const place = `added_tokens.${i}`;
    if (!isJson(token)) refuse(place, 'an object', token);
    wholeNumber(own(token as Json, 'id'), `${place}.id`, [0, MOST.id]);
    text(own(token as Json, 'content'), `${place}.content`, MOST.tokenCharacters);
  }
  const part = (key: string) => checkComponents(own(json, key), key);
  const [normalizer, preTokenizer, decoder] = [part('normalizer'), part('pre_tokenizer'), part('decoder')];
  const growth = normalizer.growth * preTokenizer.growth;
  if (growth > MOST.growth) refuse('normalizer and pre_tokenizer', `at most ${MOST.growth} characters of one`, growth);
  return { growth, patterns: [normalizer, preTokenizer, decoder].flatMap(({ patterns }) => patterns) };
}
