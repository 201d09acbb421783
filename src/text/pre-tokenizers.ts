import { ByteLevelPreTokenizer, type Json, patternOf, readPart, settingsOf, unsupported } from './tokenizer-parts.ts';

/** Pre-tokenizers of `tokenizer.json`: how a text is cut before its pieces become tokens, as the `tokenizers` library does it. */

/** Where a piece of text stands: at the very beginning, after a token that was cut out, or going on from text before it. */
export type Place = 'start' | 'section' | 'within';

export type PreTokenizer = (pieces: readonly string[], place: Place) => string[];

/** What becomes of a match and of the text between matches. */
const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behavior = (typeof BEHAVIORS)[number];

interface Segment {
  text: string;
  readonly match: boolean;
}

function segmentsOf(text: string, pattern: RegExp, invert: boolean): Segment[] {
  const segments: Segment[] = [];
  const push = (start: number, end: number, match: boolean) => {
    if (end > start) segments.push({ text: text.slice(start, end), match: match !== invert });
  };
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    push(at, found.index, false);
    at = found.index + found[0].length;
    push(found.index, at, true);
  }
  push(at, text.length, false);
  return segments;
}

/** Cuts a text at matches of a pattern. */
export function splitText(
  text: string,
  pattern: RegExp,
  { behavior, invert = false }: { readonly behavior: Behavior; readonly invert?: boolean },
): string[] {
  const segments = segmentsOf(text, pattern, invert);
  if (behavior === 'Removed') return segments.filter(({ match }) => !match).map((segment) => segment.text);
  if (behavior === 'Isolated') return segments.map((segment) => segment.text);
  const out: { text: string; match: boolean }[] = [];
  const inOrder = behavior === 'MergedWithNext' ? segments.reverse() : segments;
  let before = false;
  for (const { text: part, match } of inOrder) {
    const last = out.at(-1);
    const joins = behavior === 'Contiguous' ? match === before : match && !before;
    if (last !== undefined && joins) last.text = behavior === 'MergedWithNext' ? part + last.text : last.text + part;
    else out.push({ text: part, match });
    before = match;
  }
  const pieces = out.map((segment) => segment.text);
  return behavior === 'MergedWithNext' ? pieces.reverse() : pieces;
}

function behaviorOf(value: unknown, part: string): Behavior {
  const name = BEHAVIORS.find((known) => known === value);
  if (name === undefined) throw unsupported(`behavior of ${part}`, String(value), BEHAVIORS);
  return name;
}

const WORDS =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
const WHITE = /\p{White_Space}/gu;
const DIGIT = /[\p{Nd}\p{Nl}\p{No}]/gu;
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu;

const cutting =
  (pattern: RegExp, options: Parameters<typeof splitText>[2]): PreTokenizer =>
  (pieces) =>
    pieces.flatMap((piece) => splitText(piece, pattern, options));

/** Every kind that is understood; another is refused by its name. */
const KINDS: Readonly<Record<string, (json: Json) => PreTokenizer>> = {
  Sequence(json) {
    const { pretokenizers } = settingsOf(json, { pretokenizers: [] });
    const steps = (pretokenizers as Json[]).map(preTokenizerOf);
    return (pieces, place) => steps.reduce<readonly string[]>((out, step) => step(out, place), pieces) as string[];
  },
  ByteLevel(json) {
    const settings = settingsOf(json, { add_prefix_space: true, trim_offsets: true, use_regex: true });
    const bytes = new ByteLevelPreTokenizer({
      type: 'ByteLevel',
      add_prefix_space: false,
      trim_offsets: true,
      use_regex: settings.use_regex !== false,
    });
    const begins = (piece: string, goesOn: boolean) =>
      settings.add_prefix_space !== true || goesOn || piece.startsWith(' ') ? piece : ` ${piece}`;
    return (pieces, place) =>
      pieces.flatMap((piece, i) => bytes.pre_tokenize_text(begins(piece, place === 'within' && i === 0)));
  },
  Metaspace(json) {
    const settings = settingsOf(json, {
      replacement: '▁',
      prepend_scheme: json.add_prefix_space === false ? 'never' : 'always',
      add_prefix_space: true,
      split: true,
      str_rep: null,
    });
    const mark = String(settings.replacement);
    const scheme = settings.prepend_scheme;
    const pattern = patternOf({ String: mark }, 'Metaspace');
    const begins = (place: Place) =>
      (scheme === 'always' && place !== 'within') || (scheme === 'first' && place === 'start');
    return (pieces, place) =>
      pieces.flatMap((piece, i) => {
        const marked = piece.replaceAll(' ', mark);
        const first = i === 0 ? begins(place) : scheme === 'always';
        const whole = first && !marked.startsWith(mark) ? mark + marked : marked;
        return settings.split === false ? [whole] : splitText(whole, pattern, { behavior: 'MergedWithNext' });
      });
  },
  Split(json) {
    const { pattern, behavior, invert } = settingsOf(json, { pattern: null, behavior: 'Isolated', invert: false });
    return cutting(patternOf(pattern, 'pre_tokenizer Split'), {
      behavior: behaviorOf(behavior, 'Split'),
      invert: invert === true,
    });
  },
  Digits(json) {
    const { individual_digits: each } = settingsOf(json, { individual_digits: false });
    return cutting(DIGIT, { behavior: each === true ? 'Isolated' : 'Contiguous' });
  },
  Punctuation(json) {
    const { behavior } = settingsOf(json, { behavior: 'Isolated' });
    return cutting(PUNCTUATION, { behavior: behaviorOf(behavior, 'Punctuation') });
  },
  CharDelimiterSplit(json) {
    const { delimiter } = settingsOf(json, { delimiter: ' ' });
    return cutting(patternOf({ String: String(delimiter) }, 'CharDelimiterSplit'), { behavior: 'Removed' });
  },
  Whitespace: () => cutting(WORDS, { behavior: 'Removed', invert: true }),
  WhitespaceSplit: () => cutting(WHITE, { behavior: 'Removed' }),
};

/** The pre-tokenizer that a `tokenizer.json` describes; `null` leaves a text whole. */
export function preTokenizerOf(json: Json | null | undefined): PreTokenizer {
  if (json === null || json === undefined) return (pieces) => [...pieces];
  return readPart('pre_tokenizer', json, KINDS);
}
