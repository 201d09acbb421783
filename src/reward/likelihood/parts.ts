import type { Candidate } from '../observation.ts';

/** A piece of a reply, by its characters: end exclusive. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Longer replies are read in as many parts of several words: each part is a text that the reward has to score. */
const MOST_PARTS = 48;

/** Words of a text as its parts, several to a part where there are many. White space belongs to the word after it. */
export function wordParts(text: string): Part[] {
  const ends = [...text.matchAll(/\S+/g)].map((match) => match.index + match[0].length);
  const count = Math.min(MOST_PARTS, ends.length);
  const last = Array.from({ length: count }, (_, k) => ends[Math.round(((k + 1) * ends.length) / count) - 1]!);
  return last.map((end, k) => ({ start: k === 0 ? 0 : last[k - 1]!, end }));
}

/** Steps of a text as its parts: lines that are not empty, as `stepsOf` counts them. */
export function stepParts(text: string): Part[] {
  const lines = [...text.matchAll(/[^\n]+/g)].filter((match) => match[0].trim() !== '');
  return lines.map((match, k) => ({
    start: k === 0 ? 0 : lines[k - 1]!.index + lines[k - 1]![0].length,
    end: match.index + match[0].length,
  }));
}

/**
 * The text up to each place between parts, the empty text first and the whole reply last: what a part adds to the reward is the
 * difference of two of them, so that the parts sum to the reply's reward (over that of saying nothing).
 */
export const placesOf = (prompt: string, reply: string, parts: readonly Part[]): Candidate[] => [
  { prompt, reply: '', unfinished: true },
  ...parts.map(
    ({ end }, k): Candidate =>
      k === parts.length - 1 ? { prompt, reply } : { prompt, reply: reply.slice(0, end), unfinished: true },
  ),
];

/** What each part adds, from rewards at the places. */
export const partRewards = (atPlaces: Float64Array): Float64Array =>
  Float64Array.from({ length: atPlaces.length - 1 }, (_, k) => atPlaces[k + 1]! - atPlaces[k]!);

/** Slopes by the places, from slopes by what each part adds. */
export function placeSlopes(byPart: Float64Array): Float64Array {
  const slopes = new Float64Array(byPart.length + 1);
  for (const [k, slope] of byPart.entries()) {
    slopes[k]! -= slope;
    slopes[k + 1]! += slope;
  }
  return slopes;
}
