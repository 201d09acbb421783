/** A source of uniform numbers in [0, 1). */
export type Uniform = () => number;

/** A seeded random generator (sfc32). `fork` derives an independent stream from a label, so that streams never interfere. */
export interface Rng {
  readonly uniform: Uniform;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Integer from 0 to n − 1. */
  integer(n: number): number;
  /** A new array in random order (Fisher–Yates). */
  shuffle<T>(values: readonly T[]): T[];
  /** An element drawn with probability proportional to its weight. */
  choose(weights: readonly number[]): number;
  fork(label: string | number): Rng;
}

/** 32-bit hash of a string (FNV-1a with a final mix). */
export function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** The values in random order, as a new array (Fisher–Yates). */
export function shuffled<T>(values: readonly T[], uniform: Uniform): T[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

export function createRng(seed: number | string): Rng {
  const name = String(seed);
  let [a, b, c, d] = [hashString(name), hashString(`${name}/b`), hashString(`${name}/c`), 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  const uniform: Uniform = next;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (n) => Math.floor(uniform() * n),
    shuffle: (values) => shuffled(values, uniform),
    choose(weights) {
      let left = uniform() * weights.reduce((sum, w) => sum + w, 0);
      for (const [i, w] of weights.entries()) {
        left -= w;
        if (left < 0) return i;
      }
      return weights.length - 1;
    },
    fork: (label) => createRng(`${name}/${label}`),
  };
}
