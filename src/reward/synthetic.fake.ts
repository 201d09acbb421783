import type { PreferencePair } from '../feedback/index.ts';
import { createRng, sigmoid } from '../stats/index.ts';

const NOUNS = ['boat', 'pier', 'gull', 'rope', 'wave', 'sand', 'fish', 'sail'];

/** Comparisons in which "good" is worth 2 and "bad" −2, first place a bonus, and nothing else matters. */
export function syntheticPairs(seed: number, n: number, position = 0): PreferencePair[] {
  const rng = createRng(seed);
  const reply = () => {
    const words = Array.from({ length: 4 + rng.integer(6) }, () => NOUNS[rng.integer(NOUNS.length)]!);
    return [...words, ['good', 'bad', 'plain'][rng.integer(3)]!].join(' ');
  };
  const worth = (text: string) => (text.includes('good') ? 2 : text.includes('bad') ? -2 : 0);
  return Array.from({ length: n }, (_, i) => {
    const [first, second, shown] = [reply(), reply(), rng.uniform() < 0.5];
    const p = sigmoid(worth(first) - worth(second) + (shown ? position : -position));
    return {
      judgmentId: `j${i}`,
      itemId: `i${i}`,
      raterId: 'r',
      prompt: 'q',
      first,
      second,
      target: Number(rng.uniform() < p),
      weight: 1,
      firstShownFirst: shown,
      strata: { group: String(i % 4) },
    };
  });
}
