import { hashString } from '../stats/index.ts';
import { words } from '../text/index.ts';

/** Sparse features of a text: hashed n-grams and a few dense surface measures, by index with values. */
export interface Features {
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** Hash space of n-grams; surface measures follow behind it. */
export const HASHED = 1 << 15;

const CONNECTIVES = new Set(
  'because however therefore although thus since while whereas moreover furthermore if then so but also example'.split(
    ' ',
  ),
);
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
const per = (k: number, n: number) => k / Math.max(1, n);

/** Surface measures that carry over between topics: length, rhythm, variety, care in writing. */
export const SURFACE: Readonly<Record<string, (text: string, tokens: readonly string[]) => number>> = {
  logWords: (_, tokens) => Math.log1p(tokens.length),
  squaredLogWords: (_, tokens) => Math.log1p(tokens.length) ** 2,
  sentences: (text) => Math.log1p(count(text, /[.!?]+/g)),
  wordLength: (_, tokens) => per(tokens.join('').length, tokens.length),
  longWords: (_, tokens) => per(tokens.filter((t) => t.length > 7).length, tokens.length),
  variety: (_, tokens) => per(new Set(tokens).size, tokens.length),
  wordsPerSentence: (text, tokens) => Math.log1p(tokens.length / Math.max(1, count(text, /[.!?]+/g))),
  commas: (text, tokens) => per(count(text, /,/g), tokens.length),
  questions: (text) => Math.log1p(count(text, /\?/g)),
  exclamations: (text) => Math.log1p(count(text, /!/g)),
  capitals: (text) => per(count(text, /\p{Lu}/gu), text.length),
  shouting: (text, tokens) => per(count(text, /\b\p{Lu}{3,}\b/gu), tokens.length),
  lowerStart: (text) => Number(/^\s*\p{Ll}/u.test(text)),
  digits: (text) => Math.log1p(count(text, /\d+/g)),
  quotes: (text) => Math.log1p(count(text, /["“”]/g)),
  links: (text) => Number(/https?:|www\./.test(text)),
  connectives: (_, tokens) => Math.log1p(tokens.filter((t) => CONNECTIVES.has(t)).length),
  firstPerson: (_, tokens) => per(tokens.filter((t) => t === 'i' || t === 'my' || t === 'me').length, tokens.length),
  secondPerson: (_, tokens) => per(tokens.filter((t) => t === 'you' || t === 'your').length, tokens.length),
  repeatedMarks: (text) => Number(/[.!?,]{2,}/.test(text)),
  endsWithMark: (text) => Number(/[.!?"”)]\s*$/.test(text)),
};
const SURFACE_NAMES = Object.keys(SURFACE);
/** Number of features in all. */
export const FEATURES = HASHED + SURFACE_NAMES.length;
export const surfaceIndex = (name: string): number => HASHED + SURFACE_NAMES.indexOf(name);

/** Word n-grams up to `order` (presence, scaled to unit length), then the surface measures. */
export function extractFeatures(text: string, order = 2): Features {
  const tokens = words(text);
  const grams = new Set<number>();
  for (let i = 0; i < tokens.length; i++) {
    for (let n = 1; n <= order && n <= i + 1; n++)
      grams.add(hashString(tokens.slice(i + 1 - n, i + 1).join(' ')) % HASHED);
  }
  const scale = 1 / Math.sqrt(Math.max(1, grams.size));
  const dense = Object.values(SURFACE).map((measure) => measure(text, tokens));
  return {
    indices: Int32Array.from([...grams, ...dense.map((_, i) => HASHED + i)]),
    values: Float64Array.from([...[...grams].map(() => scale), ...dense]),
  };
}

/** What was seen in fitting: outside it a reward knows nothing, and is held to what it knows at the border. */
export interface SeenRange {
  /** Fewest word n-grams of a text. A shorter one would give each of its words more weight than any word had. */
  readonly fewestGrams: number;
  /** Lowest and highest value of each surface measure, in the order of `SURFACE`. */
  readonly surface: readonly (readonly [low: number, high: number])[];
}

const MEASURES = SURFACE_NAMES.length;

/** The range of some texts' features. */
export function seenRange(features: readonly Features[]): SeenRange {
  const surface = SURFACE_NAMES.map((): [number, number] => [Infinity, -Infinity]);
  let fewestGrams = Infinity;
  for (const { values } of features) {
    const grams = values.length - MEASURES;
    if (grams > 0) fewestGrams = Math.min(fewestGrams, grams);
    for (const [k, range] of surface.entries()) {
      range[0] = Math.min(range[0], values[grams + k]!);
      range[1] = Math.max(range[1], values[grams + k]!);
    }
  }
  return { fewestGrams: Number.isFinite(fewestGrams) ? fewestGrams : 1, surface };
}

/** Features held to a range: n-grams at most as heavy as in its shortest text, measures between lowest and highest. */
export function holdToRange({ indices, values }: Features, { fewestGrams, surface }: SeenRange): Features {
  const grams = values.length - MEASURES;
  const shrink = Math.sqrt(Math.min(1, Math.max(1, grams) / fewestGrams));
  const held = values.map((value, i) => {
    const range = surface[i - grams];
    return range === undefined ? value * shrink : Math.min(range[1], Math.max(range[0], value));
  });
  return { indices, values: held };
}
