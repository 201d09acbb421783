import { cholesky, choleskyInverse, choleskySolve, dot } from '../../stats/index.ts';
import { heardTermOf, type SparseFeatures } from '../fit/objective.ts';
import { type Nuisances, POSITION } from '../likelihood/index.ts';
import type { Candidate } from '../observation.ts';
import type { FittedRaters } from './fit-raters.ts';
import { type Heard, hearingOf, T, type Traits, traitSlopes } from './rater-model.ts';

/** A reward that is linear in features, with the penalty of its weights. */
export interface Design {
  readonly size: number;
  readonly ridge: number;
  featuresOf(candidate: Candidate): SparseFeatures;
}

/** Weights, and work, up to which the doubt of the reward is carried into that of the raters. */
const MOST_WEIGHTS = 600;
const MOST_ANSWERS = 20_000;

export const carriesDoubt = (design: Design | undefined, answers: number): design is Design =>
  design !== undefined && design.size <= MOST_WEIGHTS && answers <= MOST_ANSWERS;

/** Step of the differences of slopes. */
const STEP = 1e-4;

/** Slopes of an answer's loss by the rewards of its candidates, by what all give to standing first, and by its rater's traits. */
function slopesOf({ observation, rewards }: Heard, traits: Traits, nuisances: Nuisances): Float64Array {
  const hearing = hearingOf(observation, traits);
  const { dRewards, dNuisances, factor } = heardTermOf({ ...observation, hearing }, rewards, nuisances);
  const { gradient } = traitSlopes({ observation, rewards }, traits, nuisances);
  const position = dNuisances.find(([name]) => name === POSITION)?.[1] ?? 0;
  return Float64Array.from([...dRewards.map((slope) => factor * slope), position, ...gradient.map((slope) => -slope)]);
}

/** Second derivatives of an answer's loss, in the order of `slopesOf` (row-major). */
function secondsOf(heard: Heard, traits: Traits, nuisances: Nuisances): Float64Array {
  const { rewards } = heard;
  const moved = (i: number, by: number) => {
    const k = rewards.length;
    if (i < k) return slopesOf({ ...heard, rewards: rewards.with(i, rewards[i]! + by) }, traits, nuisances);
    if (i > k) return slopesOf(heard, traits.with(i - k - 1, traits[i - k - 1]! + by), nuisances);
    const shifted = new Map(nuisances).set(POSITION, (nuisances.get(POSITION) ?? 0) + by);
    return slopesOf(heard, traits, shifted);
  };
  const size = rewards.length + 1 + T;
  const seconds = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const [above, below] = [moved(i, STEP), moved(i, -STEP)];
    for (let j = 0; j < size; j++) seconds[i * size + j] = (above[j]! - below[j]!) / (2 * STEP);
  }
  return seconds;
}

/** Information about the common parameters (weights, then standing first) and, by rater, about traits and both at once. */
interface Blocks {
  readonly size: number;
  readonly common: Float64Array;
  readonly own: readonly Float64Array[];
  /** By trait, a column of the common parameters. */
  readonly cross: readonly (readonly Float64Array[])[];
}

function blocksOf(
  raters: readonly (readonly Heard[])[],
  fitted: Pick<FittedRaters, 'population' | 'traits'>,
  held: { design: Design; nuisances: Nuisances },
): Blocks {
  const { design, nuisances } = held;
  const size = design.size + 1;
  const common = new Float64Array(size * size);
  for (let i = 0; i < design.size; i++) common[i * size + i] = design.ridge;
  // A bonus that nobody could have given is as little known as this, so that the matrix can be inverted.
  common[size * size - 1] = 1e-6;
  const own = raters.map(() => new Float64Array(T * T));
  const cross = raters.map(() => Array.from({ length: T }, () => new Float64Array(size)));
  for (const [h, answers] of raters.entries()) {
    for (const heard of answers) {
      const seconds = secondsOf(heard, fitted.traits[h]!, nuisances);
      const k = heard.rewards.length;
      const wide = k + 1 + T;
      const features = heard.observation.candidates.map((candidate) => design.featuresOf(candidate));
      const columns = [...features, { indices: [design.size], values: [1] }];
      for (const [i, a] of columns.entries()) {
        for (let x = 0; x < a.indices.length; x++) {
          const [row, value] = [a.indices[x]!, a.values[x]!];
          for (const [j, b] of columns.entries()) {
            const bend = seconds[i * wide + j]! * value;
            if (bend !== 0)
              for (let y = 0; y < b.indices.length; y++) common[row * size + b.indices[y]!]! += bend * b.values[y]!;
          }
          for (let t = 0; t < T; t++) cross[h]![t]![row]! += seconds[i * wide + k + 1 + t]! * value;
        }
      }
      for (let s = 0; s < T; s++)
        for (let t = 0; t < T; t++) own[h]![s * T + t]! += seconds[(k + 1 + s) * wide + k + 1 + t]!;
    }
    for (let t = 0; t < T; t++) own[h]![t * T + t]! += 1 / fitted.population.variance[t]!;
  }
  return { size, common, own, cross };
}

/**
 * Standard deviations of each rater's traits (of standing first: of the rater's and the common part together) from the joint
 * posterior of reward and raters by Laplace's approximation: the reward is as open as its answers leave it.
 * Undefined where the joint curvature is no maximum's.
 */
export function jointDeviations(
  raters: readonly (readonly Heard[])[],
  fitted: Pick<FittedRaters, 'population' | 'traits'>,
  {
    variances,
    ...held
  }: { readonly design: Design; readonly nuisances: Nuisances; readonly variances: readonly Float64Array[] },
): Float64Array[] | undefined {
  const { size, common, own, cross } = blocksOf(raters, fitted, held);
  const inverses: Float64Array[] = [];
  for (const block of own) {
    const factor = cholesky(block, T);
    if (factor === null) return undefined;
    inverses.push(choleskyInverse(factor, T));
  }
  /** Common parameters a unit of a trait pulls along: C·A⁻¹ by trait. */
  const pulls = cross.map((columns, h) =>
    columns.map((_, t) => {
      const pull = new Float64Array(size);
      for (let s = 0; s < T; s++) for (let i = 0; i < size; i++) pull[i]! += columns[s]![i]! * inverses[h]![s * T + t]!;
      return pull;
    }),
  );
  for (const [h, columns] of cross.entries())
    for (let t = 0; t < T; t++)
      for (let i = 0; i < size; i++) {
        const c = columns[t]![i]!;
        if (c !== 0) for (let j = 0; j < size; j++) common[i * size + j]! -= c * pulls[h]![t]![j]!;
      }
  const factor = cholesky(common, size);
  if (factor === null) return undefined;
  return pulls.map((columns, h) =>
    Float64Array.from(columns, (pull, t) => {
      // Standing first is the common part and the rater's own.
      const along = t === 1 ? pull.map((value, i) => (i === size - 1 ? 1 - value : -value)) : pull;
      return Math.sqrt(variances[h]![t]! + dot(along, choleskySolve(factor, along)));
    }),
  );
}
