import { createRng, logSumExp, type Rng, studentQuantile } from '../../stats/index.ts';
import { indexCandidates, termOf } from '../fit/objective.ts';
import type { Observation } from '../observation.ts';
import type { Refits } from './fit-people.ts';
import { answersOf, type Groups, type Memberships } from './groups.ts';

export interface FindGroups {
  readonly count: number;
  readonly seed: number;
  /** Fits to some of the answers, from where the fit before ended; one for each group and half of the items. */
  refits(): Promise<Refits>;
}

/** Answers of a rater from which on their group can be told, at the median. */
const FEW_ANSWERS = 5;
const FOLDS = 2;
const STARTS = 3;
const TRIES = 4;
const MOST_STEPS = 25;
/** Change of the mean membership below which groups stand. */
const SETTLED = 0.005;

/** Whose answers belong together. */
interface Units {
  /** Of each answer. */
  readonly of: Int32Array;
  readonly ids: readonly string[];
  readonly answers: Int32Array;
  /** Whether they are raters: where raters are not told apart, each judgment is one of somebody unknown. */
  readonly raters: boolean;
}

function unitsOf(observations: readonly Observation[]): Units {
  const by = (idOf: (own: Observation) => string) => {
    const places = new Map<string, number>();
    const of = Int32Array.from(observations, (own) => {
      const place = places.get(idOf(own)) ?? places.size;
      places.set(idOf(own), place);
      return place;
    });
    const answers = new Int32Array(places.size);
    for (const h of of) answers[h]!++;
    return { of, ids: [...places.keys()], answers };
  };
  const raters = by(({ raterId }) => raterId);
  return raters.ids.length > 1 ? { ...raters, raters: true } : { ...by(({ judgmentId }) => judgmentId), raters: false };
}

interface State {
  /** By unit, by group. */
  readonly memberships: readonly Float64Array[];
  readonly shares: Float64Array;
  /** Log-probability of each unit's answers under groups. */
  readonly logs: Float64Array;
}

/** Log-likelihoods of answers under a reward that was fitted to others, about other items: by unit. */
async function heldOut(
  observations: readonly Observation[],
  weights: Float64Array,
  { fits, folds, units }: { readonly fits: readonly Refits[]; readonly folds: Int8Array; readonly units: Units },
): Promise<Float64Array> {
  const logs = new Float64Array(units.ids.length);
  for (const [f, fit] of fits.entries()) {
    const told = answersOf(
      observations,
      weights.map((own, e) => (folds[e] === f ? 0 : own)),
    );
    // A group without answers about the other half knows nothing there.
    const reward = told.length === 0 ? undefined : await fit.fit(told);
    const asked = observations.flatMap((own, e) => (folds[e] === f ? [{ own, e }] : []));
    const { candidates, indexed } = indexCandidates(asked.map(({ own }) => own));
    const values = reward === undefined ? candidates.map(() => 0) : await reward.values(candidates);
    await reward?.dispose?.();
    for (const [i, { observation, at }] of indexed.entries()) {
      const own = Float64Array.from(at, (c) => values[c]!);
      logs[units.of[asked[i]!.e]!]! -= termOf(observation, own, reward?.nuisances ?? new Map()).loss;
    }
  }
  return logs;
}

function stepOf(byGroup: readonly Float64Array[], shares: Float64Array): State {
  const units = byGroup[0]!.length;
  const memberships = Array.from({ length: units }, () => new Float64Array(shares.length));
  const logs = new Float64Array(units);
  for (let h = 0; h < units; h++) {
    const own = shares.map((share, g) => Math.log(share) + byGroup[g]![h]!);
    logs[h] = logSumExp(own);
    for (let g = 0; g < shares.length; g++) memberships[h]![g] = Math.exp(own[g]! - logs[h]!);
  }
  // One more unit, spread evenly, keeps a group from vanishing.
  const after = shares.map((_, g) => memberships.reduce((sum, own) => sum + own[g]!, 1 / shares.length) / (units + 1));
  return { memberships, shares: after, logs };
}

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

/** Memberships to begin with: every unit leans to one group. */
function leaning(count: number, units: number, rng: Rng): State {
  const memberships = Array.from({ length: units }, () => {
    const own = new Float64Array(count).fill(0.3 / Math.max(1, count - 1));
    own[rng.integer(count)] = 0.7;
    return own;
  });
  return { memberships, shares: new Float64Array(count).fill(1 / count), logs: new Float64Array(units) };
}

/** Why groups that were found are not to be trusted; empty where nothing speaks against them. */
function distrustOf(
  { raters, answers }: Units,
  {
    shares,
    gain,
    certainty,
  }: { readonly shares: readonly number[]; readonly gain: { readonly low: number }; readonly certainty: number },
): string[] {
  const median = [...answers].sort((a, b) => a - b)[Math.floor(answers.length / 2)]!;
  const reasons: string[] = [];
  if (!raters)
    reasons.push(
      'the answers carry no rater ids: mixtures of different shares give the same answers, and a small minority cannot be told from noise; record who answers',
    );
  else if (median < FEW_ANSWERS)
    reasons.push(`half of the raters gave ${median} answers or fewer, from which a group can hardly be told`);
  if (!(gain.low > 0)) reasons.push('several groups predict answers about other items no better than one reward');
  if (certainty < 0.8)
    reasons.push(`raters are of their likeliest group with a mean probability of ${certainty.toFixed(2)}`);
  const least = Math.min(...shares) * answers.length;
  if (raters && least < 3) reasons.push(`the smallest group is ${least.toFixed(1)} raters`);
  return reasons;
}

/** Mean gain of a unit with its 95 % interval. */
function gainOf(logs: Float64Array, alone: Float64Array) {
  const n = logs.length;
  const value = (sum(logs) - sum(alone)) / n;
  const square = logs.reduce((total, own, h) => total + (own - alone[h]! - value) ** 2, 0);
  const half = n < 2 ? Number.POSITIVE_INFINITY : studentQuantile(0.975, n - 1) * Math.sqrt(square / (n - 1) / n);
  const bound = Number.isFinite(half) ? half : Math.abs(value) + 1;
  return { value, low: value - bound, high: value + bound, raters: n };
}

/**
 * Finds groups of raters with rewards of their own: a mixture over raters by EM, in which a rater's answers about one half of the
 * items are judged by rewards fitted to the other half, so that no reward remembers whom it was fitted to. The best of some random
 * starts; the largest group stands first.
 */
export async function findGroups(
  observations: readonly Observation[],
  { count, seed, refits }: FindGroups,
): Promise<{ readonly groups: Groups; readonly memberships: Memberships }> {
  const units = unitsOf(observations);
  const rng = createRng(seed).fork('groups');
  const sides = new Map<string, number>();
  for (const { itemId } of observations) if (!sides.has(itemId)) sides.set(itemId, rng.integer(FOLDS));
  const folds = Int8Array.from(observations, ({ itemId }) => sides.get(itemId)!);
  const fitsOf = () => Promise.all(Array.from({ length: FOLDS }, refits));
  const byGroup = await Promise.all(Array.from({ length: count }, fitsOf));
  const weightsOf = ({ memberships }: State, g: number) =>
    Float64Array.from(observations, (_, e) => memberships[units.of[e]!]![g]!);
  const step = async (state: State): Promise<State> => {
    const logs: Float64Array[] = [];
    for (const [g, fits] of byGroup.entries())
      logs.push(await heldOut(observations, weightsOf(state, g), { fits, folds, units }));
    return stepOf(logs, state.shares);
  };
  let best: State | undefined;
  for (let start = 0; start < STARTS; start++) {
    let state = leaning(count, units.ids.length, rng);
    for (let i = 0; i < TRIES; i++) state = await step(state);
    if (best === undefined || sum(state.logs) > sum(best.logs)) best = state;
  }
  let state = best!;
  for (let i = 0; i < MOST_STEPS; i++) {
    const next = await step(state);
    const moved = next.memberships.reduce((total, own, h) => total + Math.abs(own[0]! - state.memberships[h]![0]!), 0);
    state = next;
    if (moved / units.ids.length < SETTLED) break;
  }
  const whole = new Float64Array(observations.length).fill(1);
  const alone = await heldOut(observations, whole, { fits: byGroup[0]!, folds, units });
  const order = [...state.shares.keys()].sort((a, b) => state.shares[b]! - state.shares[a]!);
  const shares = order.map((g) => state.shares[g]!);
  const certainty = state.memberships.reduce((total, own) => total + Math.max(...own), 0) / units.ids.length;
  const gain = gainOf(state.logs, alone);
  return {
    groups: {
      groups: shares.map((share, g) => ({ name: `group ${g + 1}`, share })),
      raters: units.raters
        ? units.ids.map((raterId, h) => ({
            raterId,
            answers: units.answers[h]!,
            of: order.map((g) => state.memberships[h]![g]!),
          }))
        : [],
      found: { gain, certainty, distrust: distrustOf(units, { shares, gain, certainty }) },
    },
    memberships: order.map((g) => weightsOf(state, g)),
  };
}
