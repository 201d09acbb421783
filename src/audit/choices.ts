import { type Item, type Judgment, toPairs } from '../feedback/index.ts';
import { dot, fitLogistic, hashString, type LogisticRow, type Rng } from '../stats/index.ts';
import { words } from '../text/index.ts';

/**
 * Judgments as choices between texts, for probes that have to assume a reward: what two replies differ in is a short list of
 * traits that any text has, none of which looks at who chose what. A reward is linear in them.
 */
export interface Choice {
  readonly itemId: string;
  readonly raterId: string;
  /** Probability that the first reply is preferred: 1, 0, ½ for a tie. */
  readonly target: number;
  readonly weight: number;
  /** 1 where the first reply stood first, −1 where the second did, 0 where that is not known. */
  readonly place: number;
  /** Traits of the first reply less those of the second. */
  readonly traits: Float64Array;
  /** What of these differences lies in the later part of the texts. */
  readonly late: Float64Array;
  /** Traits of both replies together. */
  readonly both: Float64Array;
}

/** Word patterns that become traits: the ones that most often tell two replies apart. */
const MOST_PATTERNS = 24;
/** Items that a pattern must tell apart. */
const LEAST_ITEMS = 5;
const SENTENCE = /[^.!?\n]+[.!?]*/g;

interface Part {
  readonly said: ReadonlySet<string>;
  readonly words: number;
}
interface Read {
  readonly whole: Part;
  /** Up to the answer proper. */
  readonly beginning: Part;
}

/** The words of a sentence, and each two that stand side by side. */
function partOf(sentence: string): Part {
  const tokens = words(sentence);
  const said = new Set<string>();
  for (const [i, token] of tokens.entries()) {
    said.add(token);
    if (i > 0) said.add(`${tokens[i - 1]} ${token}`);
  }
  return { said, words: tokens.length };
}

/** Texts read once each, sentence by sentence. */
function reader() {
  const known = new Map<string, readonly Part[]>();
  return (text: string): readonly Part[] => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const read = (text.match(SENTENCE) ?? []).map(partOf);
    known.set(text, read);
    return read;
  };
}

const joined = (parts: readonly Part[]): Part => ({
  said: parts.length === 1 ? parts[0]!.said : new Set(parts.flatMap(({ said }) => [...said])),
  words: parts.reduce((sum, part) => sum + part.words, 0),
});

/** A reply as a whole, and as far as its answer proper goes: the sentence that has most in common with prompt and facts. */
function readAgainst(sentences: readonly Part[], about: ReadonlySet<string>): Read {
  let [answer, most] = [0, -1];
  for (const [i, { said }] of sentences.entries()) {
    let common = 0;
    for (const pattern of said) common += Number(about.has(pattern));
    if (common > most) [answer, most] = [i, common];
  }
  return { whole: joined(sentences), beginning: joined(sentences.slice(0, answer + 1)) };
}

/** Two replies as the same question was answered, each asked about once whoever judged it. */
interface TextPair {
  readonly key: string;
  readonly first: Read;
  readonly second: Read;
  /** Patterns of the facts and of the prompt. */
  readonly facts: ReadonlySet<string>;
  readonly prompt: ReadonlySet<string>;
}

/** The patterns that tell replies apart in most pairs; of several that always stand together, one. */
function tellingPatterns(pairs: readonly TextPair[]): string[] {
  const told = new Map<string, { count: number; where: number }>();
  for (const [i, { first, second }] of pairs.entries()) {
    // Patterns that tell the same pairs apart have the same sum of these numbers, others hardly ever.
    const mark = hashString(String(i));
    for (const [mine, other, sign] of [
      [first.whole.said, second.whole.said, 1],
      [second.whole.said, first.whole.said, -1],
    ] as const) {
      for (const pattern of mine) {
        if (other.has(pattern)) continue;
        const entry = told.get(pattern) ?? { count: 0, where: 0 };
        entry.count += 1;
        entry.where += sign * mark;
        told.set(pattern, entry);
      }
    }
  }
  const seen = new Set<number>();
  return [...told]
    .filter(([, { count }]) => count >= LEAST_ITEMS)
    .sort(([a, one], [b, two]) => two.count - one.count || (a < b ? -1 : 1))
    .filter(([, { where }]) => {
      if (seen.has(where)) return false;
      seen.add(where);
      return true;
    })
    .slice(0, MOST_PATTERNS)
    .map(([pattern]) => pattern);
}

const shareIn = (patterns: ReadonlySet<string>, said: ReadonlySet<string>): number => {
  if (patterns.size === 0) return 0;
  let found = 0;
  for (const pattern of patterns) found += Number(said.has(pattern));
  return found / patterns.size;
};

/** Traits of a text, or of its beginning, as the reply to a prompt. */
function traitsOf({ said, words: size }: Part, pair: TextPair, patterns: readonly string[]) {
  const facts = shareIn(pair.facts, said);
  return Float64Array.of(
    facts,
    Number(facts === 1),
    shareIn(pair.prompt, said),
    Math.log1p(size),
    ...patterns.map((pattern) => Number(said.has(pattern))),
  );
}

/** Comparisons of judgments as choices. What is no comparison of two texts is left out; the count of it is the caller's. */
export function choicesOf(items: readonly Item[], judgments: readonly Judgment[]): Choice[] {
  const { pairs } = toPairs(items, judgments);
  const byId = new Map(items.map((item) => [item.id, item]));
  const read = reader();
  const texts = new Map<string, TextPair>();
  const keys = pairs.map((pair) => {
    const key = `${pair.itemId}\u0000${pair.first}\u0000${pair.second}`;
    if (!texts.has(key)) {
      const item = byId.get(pair.itemId)!;
      const [facts, prompt] = [read((item.facts ?? []).join('\n')), read(item.prompt)].map((p) => joined(p).said);
      const about = new Set([...facts!, ...prompt!]);
      const [first, second] = [pair.first, pair.second].map((text) => readAgainst(read(text), about));
      texts.set(key, { key, first: first!, second: second!, facts: facts!, prompt: prompt! });
    }
    return key;
  });
  const all = [...texts.values()];
  const patterns = tellingPatterns(all);
  const rows = all.map((pair) => {
    const [first, second] = [pair.first, pair.second].map(({ whole, beginning }) => ({
      whole: traitsOf(whole, pair, patterns),
      beginning: traitsOf(beginning, pair, patterns),
    }));
    const traits = first!.whole.map((v, k) => v - second!.whole[k]!);
    return {
      traits,
      late: traits.map((v, k) => v - (first!.beginning[k]! - second!.beginning[k]!)),
      both: first!.whole.map((v, k) => v + second!.whole[k]!),
    };
  });
  // One unit for traits of all kinds: what they usually differ by.
  const size = rows[0]?.traits.length ?? 0;
  const scale = Float64Array.from({ length: size }, (_, k) => {
    const square = rows.reduce((sum, { traits }) => sum + traits[k]! ** 2, 0) / rows.length;
    return square > 0 ? 1 / Math.sqrt(square) : 0;
  });
  const scaled = rows.map(({ traits, late, both }) => ({
    traits: traits.map((v, k) => v * scale[k]!),
    late: late.map((v, k) => v * scale[k]!),
    both: both.map((v, k) => v * scale[k]!),
  }));
  const placeOf = new Map(all.map(({ key }, i) => [key, i]));
  return pairs.map(({ itemId, raterId, target, weight, firstShownFirst }, i) => ({
    itemId,
    raterId,
    target,
    weight,
    place: firstShownFirst === null ? 0 : firstShownFirst ? 1 : -1,
    ...scaled[placeOf.get(keys[i]!)!]!,
  }));
}

/**
 * Weights of a reward, most probable under independent normal priors around `centre` (or zero). Answers about the same two texts
 * are taken together, which changes nothing: the loss is linear in them.
 */
export function fitWeights(
  choices: readonly Choice[],
  { size, ridge, centre }: { readonly size: number; readonly ridge: number; readonly centre?: Float64Array },
): Float64Array {
  const pooled = new Map<Float64Array, { preferred: number; weight: number }>();
  for (const { traits, target, weight } of choices) {
    const row = pooled.get(traits) ?? { preferred: 0, weight: 0 };
    row.preferred += target * weight;
    row.weight += weight;
    pooled.set(traits, row);
  }
  const rows = [...pooled].flatMap(([features, { preferred, weight }]): LogisticRow[] =>
    weight > 0 ? [{ features, target: Math.min(1, preferred / weight), weight }] : [],
  );
  return fitLogistic(rows, size, { ridge, ...(centre !== undefined && { centre }) });
}

/** A fold for every item, dealt evenly by `rng`. */
export function itemFolds(choices: readonly Choice[], folds: number, rng: Rng): Map<string, number> {
  const ids = rng.shuffle([...new Set(choices.map(({ itemId }) => itemId))]);
  return new Map(ids.map((id, i) => [id, i % folds]));
}

/** Score of the first reply less that of the second. */
export const scoreOf = ({ traits }: Choice, weights: Float64Array): number => dot(traits, weights);

/** 1 where a score orders the two as the rater did, 0 where not, ½ where it does not decide. */
export const creditOf = (score: number, target: number): number =>
  Math.abs(score) < 1e-12 ? 0.5 : Number(score > 0 === target > 0.5);
