import type { LeaveOneOut, Votes } from './votes.ts';

/**
 * What a typical rater would have said, given the others' votes on a unit. The pool itself shows it: of all votes on a
 * class that l of k others chose, how many were for that class, over how many its share alone would give.
 */
export interface TypicalRater {
  /** P(the label given), for a typical rater who knows the others' votes. */
  readonly predicted: Float64Array;
  /** Share of that label in the pool: P of a guesser with the pool's habits. */
  readonly chance: Float64Array;
  /** Largest predicted over chance of any class on the unit, own vote left out. */
  readonly lift: Float64Array;
}

/** Others beyond this many count by their share alone. */
const MOST_OTHERS = 30;

/** Predictions for every vote, the vote itself left out of what it is predicted from. */
export function typicalRater(votes: Votes, { others }: LeaveOneOut): TypicalRater {
  const { classes, label, counts, unit } = votes;
  const n = label.length;
  const share = new Float64Array(classes);
  for (let i = 0; i < n; i++) share[label[i]!]! += 1 / n;
  const size = MOST_OTHERS + 1;
  const hits = new Float64Array(size * size);
  const expected = new Float64Array(size * size);
  const cell = (i: number, c: number): number => {
    const k = others[i]!;
    const l = counts[unit[i]! * classes + c]! - Number(c === label[i]);
    if (k <= MOST_OTHERS) return k * size + l;
    return MOST_OTHERS * size + Math.round((l * MOST_OTHERS) / k);
  };
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < classes; c++) {
      const at = cell(i, c);
      expected[at]! += share[c]!;
      if (c === label[i]) hits[at]! += 1;
    }
  }
  // One pseudo-vote at the share keeps rare cells from certainty.
  const ratio = hits.map((h, at) => (h + 1) / (expected[at]! + 1));
  const predicted = new Float64Array(n);
  const chance = new Float64Array(n);
  const lift = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let [total, top] = [0, 0];
    for (let c = 0; c < classes; c++) {
      if (share[c] === 0) continue;
      const r = ratio[cell(i, c)]!;
      total += share[c]! * r;
      top = Math.max(top, r);
    }
    predicted[i] = (share[label[i]!]! * ratio[cell(i, label[i]!)]!) / total;
    chance[i] = share[label[i]!]!;
    lift[i] = top / total;
  }
  return { predicted, chance, lift };
}

/** How far a rater follows what the others see: 1 as a typical rater, 0 as a guesser, below 0 against them. */
export interface Following {
  readonly value: number;
  readonly error: number;
  readonly n: number;
}

/**
 * Maximum likelihood of λ in P(label) = λ · typical + (1 − λ) · guesser over a rater's votes, with the standard error from
 * the observed information. Null without votes that could tell.
 */
export function following(predicted: readonly number[], chance: readonly number[]): Following | null {
  const n = predicted.length;
  let [low, high] = [-1.5, 1.5];
  let any = false;
  for (let i = 0; i < n; i++) {
    const d = predicted[i]! - chance[i]!;
    if (Math.abs(d) < 1e-12) continue;
    any = true;
    // λ must leave every given label a positive probability.
    if (d > 0) low = Math.max(low, -0.999 * (chance[i]! / d));
    else high = Math.min(high, 0.999 * (chance[i]! / -d));
  }
  if (!any) return null;
  const slope = (at: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (predicted[i]! - chance[i]!) / (chance[i]! + at * (predicted[i]! - chance[i]!));
    return sum;
  };
  // The likelihood is concave: bisection on its slope.
  for (let step = 0; step < 32; step++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  const value = (low + high) / 2;
  let information = 0;
  for (let i = 0; i < n; i++) {
    const d = predicted[i]! - chance[i]!;
    information += (d / (chance[i]! + value * d)) ** 2;
  }
  return { value, error: 1 / Math.sqrt(information), n };
}
