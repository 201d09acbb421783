import { comparisonLoss } from '../../stats/index.ts';
import { firstShown, tieName } from '../likelihood/index.ts';
import type { Observation } from '../observation.ts';

/** An observation with the places of its candidates in a list without repetitions. */
export interface Indexed {
  readonly observation: Observation;
  readonly at: readonly number[];
}

/** One of two, without strength, shares or a tie: what most data are, and what a fit evaluates a hundred times. */
function isPlain({ observation }: Indexed, nuisances: ReadonlySet<string>): boolean {
  if (observation.kind !== 'comparison' || observation.candidates.length !== 2) return false;
  const { answer, strength, ties, weight } = observation;
  if (typeof answer.outcome !== 'number' || answer.shares !== undefined || weight === 0) return false;
  if (strength === 'graded' || (strength === 'margin' && answer.strength !== undefined)) return false;
  return ties === undefined || !nuisances.has(tieName('comparison', 2));
}

/** What a sum of plain comparisons needs of each, in columns; `first` is −1 where an observation is none. */
export interface PlainPairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** 1 where the first was preferred. */
  readonly target: Float64Array;
  readonly weight: Float64Array;
  /** Which of the two stood first on the screen; −1 where that is not known. */
  readonly shown: Int8Array;
  /** Of the raters: factor on the rewards, what each of the two has beside its reward, and their lapses. */
  readonly rationality: Float64Array;
  readonly bonus: Float64Array;
  readonly lapse: Float64Array;
}

/** Columns of the observations that are plain comparisons under these nuisances. */
export function plainPairs(indexed: readonly Indexed[], nuisances: ReadonlySet<string>): PlainPairs {
  const n = indexed.length;
  const pairs: PlainPairs = {
    first: new Int32Array(n).fill(-1),
    second: new Int32Array(n),
    target: new Float64Array(n),
    weight: new Float64Array(n),
    shown: new Int8Array(n),
    rationality: new Float64Array(n).fill(1),
    bonus: new Float64Array(2 * n),
    lapse: new Float64Array(n),
  };
  for (const [e, own] of indexed.entries()) {
    if (!isPlain(own, nuisances)) continue;
    const { at, observation } = own as Indexed & { observation: Observation<'comparison'> };
    [pairs.first[e], pairs.second[e]] = at as [number, number];
    pairs.target[e] = Number(observation.answer.outcome === 0);
    pairs.weight[e] = observation.weight;
    pairs.shown[e] = firstShown(observation);
    const { hearing } = observation;
    if (hearing === undefined) continue;
    pairs.rationality[e] = hearing.rationality;
    pairs.bonus.set(hearing.bonus, 2 * e);
    pairs.lapse[e] = hearing.lapse;
  }
  return pairs;
}

/**
 * Loss of a plain comparison; adds its slopes to those by candidate and to the one of standing first. The same arithmetic as its
 * term, to the bit.
 */
export function addPlain(
  pairs: PlainPairs,
  e: number,
  {
    rewards,
    slopes,
    position,
  }: { rewards: ArrayLike<number>; slopes: Float64Array; position: { value: number; slope: number } },
): number {
  const [a, b, shown, factor] = [pairs.first[e]!, pairs.second[e]!, pairs.shown[e]!, pairs.rationality[e]!];
  let one = factor * rewards[a]! + pairs.bonus[2 * e]!;
  let other = factor * rewards[b]! + pairs.bonus[2 * e + 1]!;
  if (shown === 0) one += position.value;
  else if (shown === 1) other += position.value;
  const weight = pairs.weight[e]!;
  let { loss, slope } = comparisonLoss(one - other, pairs.target[e]!, weight);
  const lapse = pairs.lapse[e]!;
  if (lapse !== 0) {
    const likely = Math.exp(-loss / weight);
    const mixed = (1 - lapse) * likely + lapse * 0.5;
    loss = -weight * Math.log(mixed);
    slope = (((1 - lapse) * likely) / mixed) * slope;
  }
  slopes[a]! += factor * slope;
  slopes[b]! -= factor * slope;
  if (shown === 0) position.slope += slope;
  else if (shown === 1) position.slope -= slope;
  return loss;
}
