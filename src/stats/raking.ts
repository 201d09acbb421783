import type { Undefined } from './chance-corrected.ts';

/**
 * Post-stratification by raking (iterative proportional fitting; Deming and Stephan 1940): weights that give a sample of
 * people the shares of a target population in several attributes at once, though not in their combinations.
 */

/** One attribute: what each person is, and the shares that are wanted. */
export interface RakingAttribute {
  readonly name: string;
  /** Category of each person; null where a person did not say, which leaves the weight alone in this attribute. */
  readonly values: readonly (string | null)[];
  /** Wanted share of each category among those who said; they sum to 1. */
  readonly targets: Readonly<Record<string, number>>;
}

export interface RakingOptions {
  /** Weights to start from, such as inverse selection probabilities; 1 each by default. */
  readonly base?: readonly number[];
  /** Bounds of a weight as multiples of the mean weight. Bounded weights meet the targets less well; see `gap`. */
  readonly trim?: { readonly low?: number; readonly high?: number };
  readonly tolerance?: number;
  readonly rounds?: number;
}

export interface RakingResult {
  /** One weight per person, mean 1. */
  readonly weights: number[];
  /** Largest difference between a weighted share and its target; above the tolerance only when weights were trimmed. */
  readonly gap: number;
  /** Persons whose weight lies on a bound. */
  readonly trimmed: number;
  readonly rounds: number;
  readonly n: number;
  /** Kish's design effect of unequal weights (1965): variance of a mean against that of equal weights, n·Σw² / (Σw)². */
  readonly designEffect: number;
  /** n / design effect. */
  readonly effectiveN: number;
}

/** Members of each category of an attribute with its target. */
interface Margin {
  readonly name: string;
  readonly cells: { readonly category: string; readonly target: number; readonly members: number[] }[];
}

/** Kish's effective number of equally weighted persons, (Σw)² / Σw². */
export function effectiveSize(weights: readonly number[]): number {
  let [sum, squares] = [0, 0];
  for (const w of weights) {
    sum += w;
    squares += w * w;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}

function marginOf({ name, values, targets }: RakingAttribute): Margin | Undefined {
  const cells = new Map(
    Object.entries(targets).map(([category, target]) => [category, { category, target, members: [] as number[] }]),
  );
  const total = Object.values(targets).reduce((a, b) => a + b, 0);
  if (!(Math.abs(total - 1) < 1e-6) || Object.values(targets).some((t) => !(t >= 0))) {
    return { undefined: `the target shares of ${name} sum to ${total}, not 1` };
  }
  for (const [i, value] of values.entries()) {
    if (value === null) continue;
    const cell = cells.get(value);
    if (cell === undefined)
      return { undefined: `${name} "${value}" occurs but has no target share: give one or merge it` };
    cell.members.push(i);
  }
  for (const { category, target, members } of cells.values()) {
    if (target > 0 && members.length === 0) {
      return {
        undefined: `nobody is ${name} "${category}", whose target share is ${target}: find such people or merge the category`,
      };
    }
  }
  return { name, cells: [...cells.values()] };
}

const sumOver = (members: readonly number[], weights: Float64Array): number =>
  members.reduce((total, i) => total + weights[i]!, 0);

/** Scales the weights of one attribute to its targets; the name of a category that other targets emptied, or null. */
function meetTargets({ cells }: Margin, weights: Float64Array): string | null {
  const sums = cells.map(({ members }) => sumOver(members, weights));
  const known = sums.reduce((a, b) => a + b, 0);
  for (const [c, { category, target, members }] of cells.entries()) {
    if (sums[c] === 0 && target > 0) return category;
    if (sums[c] === 0) continue;
    const factor = (target * known) / sums[c]!;
    for (const i of members) weights[i]! *= factor;
  }
  return null;
}

function gapOf(margins: readonly Margin[], weights: Float64Array): { gap: number; where: string } {
  let worst = { gap: 0, where: '' };
  for (const { name, cells } of margins) {
    const sums = cells.map(({ members }) => sumOver(members, weights));
    const known = sums.reduce((a, b) => a + b, 0);
    for (const [c, { category, target }] of cells.entries()) {
      const gap = Math.abs(sums[c]! / known - target);
      if (gap > worst.gap) worst = { gap, where: `${name} "${category}"` };
    }
  }
  return worst;
}

/** Divides by the mean, then clips; repeated until both hold. The number of weights on a bound. */
function bound(weights: Float64Array, { low = 0, high = Infinity }: { low?: number; high?: number }): number {
  let clipped = 0;
  for (let pass = 0; pass < 100; pass++) {
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    clipped = 0;
    let moved = false;
    for (let i = 0; i < weights.length; i++) {
      const w = weights[i]! / mean;
      weights[i] = Math.min(high, Math.max(low, w));
      if (weights[i] !== w) moved ||= Math.abs(weights[i]! - w) > 1e-12;
      if (weights[i]! >= high || (low > 0 && weights[i]! <= low)) clipped += 1;
    }
    if (!moved) break;
  }
  return clipped;
}

/** Weights of persons by raking, or why there are none. */
export function rake(
  attributes: readonly RakingAttribute[],
  { base, trim = {}, tolerance = 1e-9, rounds = 1000 }: RakingOptions = {},
): RakingResult | Undefined {
  const n = attributes[0]?.values.length ?? 0;
  if (n === 0) return { undefined: 'no attribute or nobody to weight' };
  if ((trim.low ?? 0) >= 1 || (trim.high ?? Infinity) <= 1) {
    throw new RangeError(`raking: expected bounds below and above the mean weight 1, got ${trim.low} and ${trim.high}`);
  }
  const margins: Margin[] = [];
  for (const attribute of attributes) {
    if (attribute.values.length !== n) {
      throw new RangeError(
        `raking: expected ${n} values of ${attribute.name}, one per person, got ${attribute.values.length}`,
      );
    }
    const margin = marginOf(attribute);
    if ('undefined' in margin) return margin;
    margins.push(margin);
  }
  const weights = Float64Array.from({ length: n }, (_, i) => base?.[i] ?? 1);
  const bounded = trim.low !== undefined || trim.high !== undefined;
  let before = weights.slice();
  for (let round = 1; round <= rounds; round++) {
    for (const margin of margins) {
      const emptied = meetTargets(margin, weights);
      if (emptied !== null) {
        return { undefined: `the other targets leave no weight for ${margin.name} "${emptied}": merge categories` };
      }
    }
    const trimmed = bound(weights, trim);
    const { gap } = gapOf(margins, weights);
    const change = weights.reduce((most, w, i) => Math.max(most, Math.abs(w - before[i]!)), 0);
    if (gap < tolerance || (bounded && change < tolerance)) {
      const effectiveN = effectiveSize([...weights]);
      return { weights: [...weights], gap, trimmed, rounds: round, n, designEffect: n / effectiveN, effectiveN };
    }
    before = weights.slice();
  }
  const { gap, where } = gapOf(margins, weights);
  return {
    undefined: `no weights meet all targets after ${rounds} rounds; ${where} is off by ${gap.toPrecision(2)}: some combination of categories is missing, merge categories`,
  };
}
