import { z } from 'zod';
import { answerSchema } from '../feedback/index.ts';
import { cholesky, choleskyInverse, mean, multiply, transposed } from '../stats/index.ts';
import { curvature, indexCandidates, termOf } from './fit/objective.ts';
import { groupedBy } from './grouped.ts';
import type { Nuisances } from './likelihood/index.ts';
import { candidateKey, type Observation } from './observation.ts';
import type { FittedReward } from './reward-model.ts';

const kindSchema = z.enum(answerSchema.options.map((option) => option.shape.kind.value));

/** What the answers of one kind brought to a reward. */
export const contributionSchema = z.strictObject({
  kind: kindSchema,
  answers: z.int().nonnegative(),
  /** What they count for together, in judgments. */
  weight: z.number(),
  /** Attention that was recorded, in seconds, and for how many of the answers. */
  seconds: z.number(),
  timed: z.int().nonnegative(),
  /** Nats that they tell about the rewards of the replies they are about. */
  nats: z.number(),
  /** Of the answers with a time; null where there is none. */
  natsPerSecond: z.number().nullable(),
  /** Nats an answer by which the reward predicts them better than equal rewards do. */
  gain: z.number(),
});
export type Contribution = Readonly<z.infer<typeof contributionSchema>>;

/** A reward as answers are explained by it: values by candidate in log-odds, and nuisances. */
export interface Explanation {
  readonly values: ReadonlyMap<string, number>;
  readonly nuisances: Nuisances;
  /** Deviation of the rewards of replies to one prompt, in log-odds: what is open before anything is asked. */
  readonly deviation: number;
}

/** The mean of fitted members on everything that some observations are about. */
export async function explanationOf(
  members: readonly FittedReward[],
  observations: readonly Observation[],
): Promise<Explanation> {
  const { candidates } = indexCandidates(observations);
  const columns: number[][] = [];
  for (const member of members) columns.push(await member.values(candidates));
  const names = new Set(members.flatMap(({ nuisances }) => [...nuisances.keys()]));
  return {
    values: new Map(
      candidates.map((own, c) => {
        const values = columns.map((column) => column[c]!);
        // Where each group of raters has a reward, each counts by its share.
        const shares = members.map(({ group }) => group?.share ?? 1);
        const weighed = values.map((value, m) => value * shares[m]!);
        return [candidateKey(own), members[0]?.group === undefined ? mean(values) : mean(weighed) / mean(shares)];
      }),
    ),
    nuisances: new Map(
      [...names].map((name) => [name, mean(members.flatMap(({ nuisances }) => nuisances.get(name) ?? []))]),
    ),
    deviation: mean(members.map(({ logOdds }) => logOdds)),
  };
}

/** A text in sight of some answers: a reply, or a share of the way through one. */
interface Place {
  readonly root: string;
  readonly share: number;
}

/** Where the candidates of an observation stand: those that go on lie evenly on the way to the reply, which stands last. */
function placesIn({ candidates }: Observation): Place[] {
  const open = candidates.some(({ unfinished }) => unfinished === true);
  const root = candidateKey(candidates.at(-1)!);
  return candidates.map((own, k) =>
    open ? { root, share: k / (candidates.length - 1) } : { root: candidateKey(own), share: 1 },
  );
}

const logDeterminant = (factor: Float64Array, size: number): number => {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += 2 * Math.log(factor[i * size + i]!);
  return sum;
};

/** log det of a positive definite matrix over some of its rows. */
const logDetOver = (matrix: Float64Array, size: number, over: readonly number[]): number => {
  const part = Float64Array.from(over.flatMap((i) => over.map((j) => matrix[i * size + j]!)));
  return logDeterminant(cholesky(part, over.length)!, over.length);
};

/**
 * Nats that some answers about one item tell about the rewards of its whole replies: ½·log of what their posterior's determinant
 * shrank by, from a prior under which replies are independent with the given deviation and the way to a reply is a random walk.
 */
function natsOf(observations: readonly Observation[], { values, nuisances, deviation }: Explanation): number {
  const places = new Map<string, Place>();
  for (const observation of observations)
    for (const [k, place] of placesIn(observation).entries())
      if (place.share > 0) places.set(candidateKey(observation.candidates[k]!), place);
  const keys = [...places.keys()];
  const at = new Map(keys.map((key, i) => [key, i]));
  const size = keys.length;
  const prior = new Float64Array(size * size);
  for (const [i, a] of keys.entries())
    for (const [j, b] of keys.entries()) {
      const [one, other] = [places.get(a)!, places.get(b)!];
      if (one.root === other.root) prior[i * size + j] = deviation ** 2 * Math.min(one.share, other.share);
    }
  const information = new Float64Array(size * size);
  for (const observation of observations) {
    const own = observation.candidates.map((candidate) => candidateKey(candidate));
    const bend = curvature(
      observation,
      Float64Array.from(own, (key) => values.get(key)!),
      nuisances,
    );
    for (const [i, a] of own.entries())
      for (const [j, b] of own.entries()) {
        const [row, column] = [at.get(a), at.get(b)];
        if (row !== undefined && column !== undefined) information[row * size + column]! += bend[i * own.length + j]!;
      }
  }
  const posterior = posteriorOf(prior, information, size);
  const whole = keys.flatMap((key, i) => (places.get(key)!.share === 1 ? [i] : []));
  return (logDetOver(prior, size, whole) - logDetOver(posterior, size, whole)) / 2;
}

/** (K⁻¹ + H)⁻¹ as L (I + LᵀHL)⁻¹ Lᵀ for K = LLᵀ. */
function posteriorOf(prior: Float64Array, information: Float64Array, size: number): Float64Array {
  const lower = cholesky(prior, size)!;
  const upper = transposed(lower, size);
  const inner = multiply(upper, multiply(information, lower, size), size);
  for (let i = 0; i < size; i++) inner[i * size + i]! += 1;
  return multiply(multiply(lower, choleskyInverse(cholesky(inner, size)!, size), size), upper, size);
}

function gainOf(observations: readonly Observation[], { values, nuisances }: Explanation): number {
  const level = mean([...values.values()]);
  let [gain, weight] = [0, 0];
  for (const observation of observations) {
    const own = Float64Array.from(observation.candidates, (candidate) => values.get(candidateKey(candidate))!);
    const equal = termOf(observation, new Float64Array(own.length).fill(level), nuisances).loss;
    gain += equal - termOf(observation, own, nuisances).loss;
    weight += observation.weight;
  }
  return gain / weight;
}

/** What of a contribution follows from the answers alone, whatever the reward. */
type ContributionCounts = Pick<Contribution, 'kind' | 'answers' | 'weight' | 'seconds' | 'timed'>;

const byKind = (observations: readonly Observation[]) =>
  groupedBy(
    observations.filter(({ weight }) => weight > 0),
    ({ kind }) => kind,
  );

function countsOf(own: readonly Observation[]): ContributionCounts {
  const times = new Map(own.map(({ judgmentId, activeMs }) => [judgmentId, activeMs ?? null]));
  const recorded = [...times.values()].filter((ms) => ms !== null);
  return {
    kind: own[0]!.kind,
    answers: times.size,
    weight: own.reduce((sum, { weight }) => sum + weight, 0),
    seconds: recorded.reduce((sum, ms) => sum + ms, 0) / 1000,
    timed: recorded.length,
  };
}

/** The counts of each kind of answer, in the order of `contributionsOf`. */
export const contributionCounts = (observations: readonly Observation[]): ContributionCounts[] =>
  byKind(observations).map(countsOf);

/** A contribution of counts and of what a reward was told, whose figures a second follow. */
export function withCounts(
  counts: ContributionCounts,
  { nats = 0, gain = 0 }: Partial<Pick<Contribution, 'nats' | 'gain'>> = {},
): Contribution {
  const { answers, seconds, timed } = counts;
  const natsPerSecond = seconds > 0 ? (nats * timed) / answers / seconds : null;
  return { ...counts, nats, natsPerSecond, gain };
}

/**
 * What each kind of answer contributed, in the order of first appearance. Answers about one item are taken together, so that the
 * tenth about the same replies tells less than the first; items are taken as independent.
 */
export function contributionsOf(observations: readonly Observation[], explanation: Explanation): Contribution[] {
  return byKind(observations).map((own) => {
    const nats = groupedBy(own, ({ itemId }) => itemId).reduce((sum, group) => sum + natsOf(group, explanation), 0);
    return withCounts(countsOf(own), { nats, gain: gainOf(own, explanation) });
  });
}
