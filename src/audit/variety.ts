import { mean } from '../stats/index.ts';
import { wordsAndMarks } from '../text/index.ts';

/** Distinct n-grams of one to three tokens. */
export function gramsOf(text: string): Set<string> {
  const tokens = wordsAndMarks(text);
  const grams = new Set<string>();
  for (let i = 0; i < tokens.length; i++) {
    let gram = tokens[i]!;
    grams.add(gram);
    for (let n = 1; n < 3 && i + n < tokens.length; n++) {
      gram += ` ${tokens[i + n]!}`;
      grams.add(gram);
    }
  }
  return grams;
}

/** How varied some replies to one prompt are, by their distinct n-grams (n = 1, 2, 3). */
export interface Variety {
  /** Mean distinct n-grams of one reply: what grows with length. */
  readonly alone: number;
  /** Distinct n-grams of all replies together beyond those of one: zero where all say the same. */
  readonly beyond: number;
  /** Different replies, letter case and spaces apart. */
  readonly classes: number;
}

export function varietyOf(texts: readonly string[]): Variety {
  const sets = texts.map(gramsOf);
  const all = new Set<string>();
  for (const grams of sets) for (const gram of grams) all.add(gram);
  const alone = mean(sets.map((grams) => grams.size));
  return {
    alone,
    beyond: all.size - alone,
    classes: new Set(texts.map((text) => wordsAndMarks(text).join(' '))).size,
  };
}

/** How many replies' worth of different n-grams some replies hold: 1 where all say the same, their number where none shares any. */
export function distinctReplies(texts: readonly string[]): number {
  const { alone, beyond } = varietyOf(texts);
  return alone === 0 ? 1 : 1 + beyond / alone;
}
