import type { Estimate } from './agreement.ts';
import { studentQuantile } from './distributions.ts';
import type { Interval } from './intervals.ts';
import { type Tally, tallyOf, type UnitValues } from './ratings.ts';

/**
 * Agreement beyond chance for any number of raters and missing values, with Gwet's linearised standard errors (Gwet
 * 2008, 2014): each unit contributes (its agreement − chance) / (1 − chance), corrected for its part in the estimate of
 * chance. Units are a sample, raters are fixed. As in irrCAC, units with one value count towards the share of each
 * category but not towards agreement; units with none do not count at all (Krippendorff's α ignores both).
 */

/** Why there is no number or no interval. */
export interface Undefined {
  readonly undefined: string;
}

/** A coefficient with what it was computed from. */
export interface Coefficient {
  readonly value: number;
  readonly standardError: Estimate;
  /** From Student's t with one degree of freedom less than there are units; never above 1. */
  readonly interval: Interval | Undefined;
  /** Units with at least two values. */
  readonly n: number;
  readonly observed: number;
  /** Agreement expected by chance. */
  readonly expected: number;
}

/**
 * How far two points of the scale agree: 1 on the diagonal. `linear` and `quadratic` go by the distance of the values,
 * `ordinal` by the number of pairs of ranks between them (Gwet 2014, chapter 3); or a square matrix in the order of the scale.
 */
export type Weighting = 'identity' | 'linear' | 'quadratic' | 'ordinal' | readonly (readonly number[])[];

export interface AgreementOptions {
  readonly weights?: Weighting;
  readonly level?: number;
}

/** Weight matrix over the points of a scale, row after row. */
export function weightMatrix(scale: ArrayLike<number>, weighting: Weighting): Float64Array {
  const q = scale.length;
  const out = new Float64Array(q * q);
  const range = q === 0 ? 0 : scale[q - 1]! - scale[0]!;
  const weight = (k: number, l: number): number => {
    if (k === l && typeof weighting === 'string') return 1;
    switch (weighting) {
      case 'identity':
        return 0;
      case 'linear':
        return 1 - Math.abs(scale[k]! - scale[l]!) / range;
      case 'quadratic':
        return 1 - ((scale[k]! - scale[l]!) / range) ** 2;
      case 'ordinal':
        return 1 - ((Math.abs(k - l) + 1) * Math.abs(k - l)) / (q * (q - 1));
      default: {
        const value = weighting[k]?.[l];
        if (value === undefined || weighting.length !== q) {
          throw new RangeError(
            `weights: expected a ${q} × ${q} matrix in the order of the scale, got ${weighting.length} rows`,
          );
        }
        return value;
      }
    }
  };
  for (let k = 0; k < q; k++) for (let l = 0; l < q; l++) out[k * q + l] = weight(k, l);
  return out;
}

const NO_PAIR = { undefined: 'no unit has two values' };
const NO_ROOM = {
  undefined:
    'every value is the same, so agreement beyond chance cannot be told; declare the unused points of the scale',
};

/** Shares of agreement per row and of categories over all units. */
interface Counted {
  readonly tally: Tally;
  /** Units with at least one value, and with at least two. */
  readonly units: number;
  readonly paired: number;
  readonly weights: Float64Array;
  readonly observed: number;
  /** Weighted agreement of the pairs of values in a row, 0 where there is no pair. */
  readonly rowAgreement: Float64Array;
  /** Mean over units of the share of their values in each category. */
  readonly shares: Float64Array;
}

/** A weight matrix of more points than this is refused: such a scale is numeric, for ICC or the interval α. */
const POINTS = 2000;

function count(tally: Tally, weighting: Weighting): Counted | Undefined {
  const { rows, multiplicity, sizes, starts, code, count: counts, scale } = tally;
  const q = scale.length;
  if (q > POINTS) return { undefined: `the scale has ${q} points, more than ${POINTS}: use the interval α or an ICC` };
  const weights = weightMatrix(scale, weighting);
  const rowAgreement = new Float64Array(rows);
  const shares = new Float64Array(q);
  let [units, paired, observed] = [0, 0, 0];
  for (let r = 0; r < rows; r++) {
    const size = sizes[r]!;
    if (size === 0) continue;
    units += multiplicity[r]!;
    let agreeing = 0;
    for (let i = starts[r]!; i < starts[r + 1]!; i++) {
      shares[code[i]!]! += (multiplicity[r]! * counts[i]!) / size;
      let near = -weights[code[i]! * (q + 1)]!;
      for (let j = starts[r]!; j < starts[r + 1]!; j++) near += weights[code[i]! * q + code[j]!]! * counts[j]!;
      agreeing += counts[i]! * near;
    }
    if (size < 2) continue;
    paired += multiplicity[r]!;
    rowAgreement[r] = agreeing / (size * (size - 1));
    observed += multiplicity[r]! * rowAgreement[r]!;
  }
  if (paired === 0) return NO_PAIR;
  for (let k = 0; k < q; k++) shares[k]! /= units;
  return { tally, units, paired, weights, observed: observed / paired, rowAgreement, shares };
}

/** Standard error and interval from the variance of contributions of n units. */
function spread(
  value: number,
  sumOfSquares: number,
  { units, level }: { readonly units: number; readonly level: number },
): Pick<Coefficient, 'standardError' | 'interval'> {
  if (units < 2) {
    const why = { undefined: 'one unit does not show how units vary' };
    return { standardError: why, interval: why };
  }
  const error = Math.sqrt(sumOfSquares / (units * (units - 1)));
  if (!(error > 1e-12)) {
    return {
      standardError: { value: 0 },
      interval: { undefined: 'no unit differs from another, so nothing shows the error' },
    };
  }
  const half = error * studentQuantile(0.5 + level / 2, units - 1);
  return { standardError: { value: error }, interval: { low: value - half, high: Math.min(1, value + half), level } };
}

/** The coefficient from chance agreement and each row's linear part in it (its mean over units is the chance itself). */
function coefficientOf(
  counted: Counted,
  { expected, rowChance, level }: { expected: number; rowChance: Float64Array; level: number },
): Coefficient | Undefined {
  const { tally, units, paired, observed, rowAgreement } = counted;
  if (!(1 - expected > 1e-12)) return NO_ROOM;
  const value = (observed - expected) / (1 - expected);
  let squares = 0;
  for (let r = 0; r < tally.rows; r++) {
    if (tally.sizes[r] === 0) continue;
    const own = tally.sizes[r]! < 2 ? 0 : (rowAgreement[r]! - expected) * (units / paired);
    const corrected = own - 2 * (1 - value) * (rowChance[r]! - expected);
    squares += tally.multiplicity[r]! * (corrected / (1 - expected) - value) ** 2;
  }
  return { value, ...spread(value, squares, { units, level }), n: paired, observed, expected };
}

/** Chance agreement of each row, Σ over its values of the given chance of the value's category, divided by its size. */
function rowChances({ tally }: Counted, chance: Float64Array): Float64Array {
  const out = new Float64Array(tally.rows);
  for (let r = 0; r < tally.rows; r++) {
    for (let i = tally.starts[r]!; i < tally.starts[r + 1]!; i++) out[r]! += tally.count[i]! * chance[tally.code[i]!]!;
    if (tally.sizes[r]! > 0) out[r]! /= tally.sizes[r]!;
  }
  return out;
}

const sum = (values: Float64Array): number => values.reduce((total, v) => total + v, 0);

/**
 * Gwet's AC1, with weights AC2 (2008): chance is that of raters who guess only on units hard to place, which keeps the
 * coefficient from collapsing when one category prevails. Depends on the declared scale.
 */
export function gwetAgreement(data: UnitValues, options: AgreementOptions = {}): Coefficient | Undefined {
  const counted = count(tallyOf(data), options.weights ?? 'identity');
  if ('undefined' in counted) return counted;
  const q = counted.tally.scale.length;
  if (q < 2) return NO_ROOM;
  const factor = sum(counted.weights) / (q * (q - 1));
  const chance = counted.shares.map((share) => factor * (1 - share));
  const expected = chance.reduce((total, c, k) => total + c * counted.shares[k]!, 0);
  return coefficientOf(counted, { expected, rowChance: rowChances(counted, chance), level: options.level ?? 0.95 });
}
