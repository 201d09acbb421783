import type { AnswerOf } from '../../feedback/index.ts';
import type { Observation } from '../observation.ts';
import { type Likelihood, type Nuisance, shownReplies, sourceOf } from './likelihood.ts';
import { classLoss } from './ordinal.ts';

type Scale = AnswerOf<'rating'>['scale'];

/** Finer scales are read in this many equal classes: nobody tells 100 points apart, and each threshold is a parameter. */
const MOST_CLASSES = 10;

const pointsOf = ({ min, max, step }: Scale): number => Math.round((max - min) / step) + 1;
const classesOf = (scale: Scale): number => Math.min(MOST_CLASSES, pointsOf(scale));

/** Class of a value, 0 lowest. */
function classOf(value: number, scale: Scale): number {
  const points = pointsOf(scale);
  const point = Math.round((value - scale.min) / scale.step);
  return points <= MOST_CLASSES ? point : Math.min(MOST_CLASSES - 1, Math.floor((point / points) * MOST_CLASSES));
}

/** Names of the thresholds of one criterion on one scale: the first as it is, then the logarithm of each gap. */
const cutNames = (criterion: string, scale: Scale): string[] =>
  Array.from(
    { length: classesOf(scale) - 1 },
    (_, k) => `rating/${criterion}/${scale.min}–${scale.max} by ${scale.step}/cut ${k}`,
  );
const shiftName = (raterId: string) => `rating/rater ${raterId}/shift`;
const stretchName = (raterId: string) => `rating/rater ${raterId}/stretch`;

/** What does not change while rewards are fitted. */
interface Prepared {
  readonly shift: string;
  readonly stretch: string;
  readonly criteria: readonly {
    readonly cuts: readonly string[];
    readonly values: readonly { readonly reply: number; readonly class: number }[];
  }[];
}
const preparedOf = new WeakMap<Observation<'rating'>, Prepared>();

function prepare(observation: Observation<'rating'>): Prepared {
  const known = preparedOf.get(observation);
  if (known !== undefined) return known;
  const { answer, raterId } = observation;
  const { scale, values } = answer;
  const criteria = [...new Set(values.map(({ criterion }) => criterion))].map((criterion) => ({
    cuts: cutNames(criterion, scale),
    values: values
      .filter((value) => value.criterion === criterion)
      .map(({ reply, value }) => ({ reply, class: classOf(value, scale) })),
  }));
  const prepared = { shift: shiftName(raterId), stretch: stretchName(raterId), criteria };
  preparedOf.set(observation, prepared);
  return prepared;
}

/** Thresholds that put equal shares of a reward of mean 0 and deviation 2 or so into each class. */
function cutStart(k: number, cuts: number): number {
  if (k > 0) return Math.log(4 / Math.max(1, cuts - 1));
  return cuts === 1 ? 0 : -2;
}

function ratingNuisances(observations: readonly Observation<'rating'>[]): Nuisance[] {
  const found = new Map<string, Nuisance>();
  const add = (name: string, start: number, precision: number) => found.set(name, { name, start, precision });
  for (const observation of observations) {
    const { shift, stretch, criteria } = prepare(observation);
    for (const { cuts } of criteria)
      for (const [k, name] of cuts.entries()) add(name, cutStart(k, cuts.length), k === 0 ? 0.01 : 0.1);
    add(shift, 0, 1);
    add(stretch, 0, 4);
  }
  return [...found.values()];
}

/**
 * Ratings as classes of a latent scale, P(class ≤ c) = σ(s_h·τ_c + b_h − r) (McCullagh 1980): thresholds τ of the criterion, which
 * a rater h shifts (severity) and stretches (use of the ends), each pulled to none. The thresholds fix the level of the rewards,
 * so that ratings of different prompts speak to each other. The criteria of one answer share its weight.
 */
export const rating: Likelihood<'rating'> = {
  kind: 'rating',
  title: 'classes between thresholds that each rater shifts and stretches (cumulative logit)',
  citation: 'McCullagh 1980, Eq. 2.4',
  shiftInvariant: false,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'rating') return `kind-${answer.kind}`;
    const replies = [...new Set(answer.values.map(({ reply }) => reply))];
    const values = answer.values.map((value) => ({ ...value, reply: replies.indexOf(value.reply) }));
    const { candidates, shown } = shownReplies(item, judgment, replies);
    return [
      { kind: 'rating', answer: { ...answer, values }, candidates, shown, weight: 1, ...sourceOf(item, judgment) },
    ];
  },
  nuisances: (observations) => ratingNuisances(observations),
  term(rewards, observation, nuisances) {
    const { shift, stretch, criteria } = prepare(observation);
    const share = observation.weight / criteria.length;
    const dRewards = new Float64Array(rewards.length);
    const moved = nuisances.get(shift) ?? 0;
    const factor = Math.exp(nuisances.get(stretch) ?? 0);
    let [loss, dShift, dStretch] = [0, 0, 0];
    const dNuisances: [string, number][] = [];
    for (const { cuts: names, values } of criteria) {
      const gaps = Float64Array.from(names, (name, k) => (k === 0 ? 1 : Math.exp(nuisances.get(name) ?? 0)));
      const cuts = gaps.slice();
      cuts[0] = nuisances.get(names[0]!) ?? 0;
      for (let k = 1; k < cuts.length; k++) cuts[k]! += cuts[k - 1]!;
      const slopes = new Float64Array(cuts.length);
      for (const { reply, class: c } of values) {
        const lower = c === 0 ? -Infinity : factor * cuts[c - 1]! + moved - rewards[reply]!;
        const upper = c === cuts.length ? Infinity : factor * cuts[c]! + moved - rewards[reply]!;
        const own = classLoss(lower, upper);
        loss += share * own.loss;
        dRewards[reply]! -= share * (own.dLower + own.dUpper);
        dShift += share * (own.dLower + own.dUpper);
        if (c > 0) slopes[c - 1]! += share * own.dLower;
        if (c < cuts.length) slopes[c]! += share * own.dUpper;
      }
      // A threshold is the first one and all gaps up to it.
      let above = 0;
      for (let k = cuts.length - 1; k >= 0; k--) {
        dStretch += slopes[k]! * factor * cuts[k]!;
        above += slopes[k]! * factor;
        dNuisances.push([names[k]!, above * gaps[k]!]);
      }
    }
    dNuisances.push([shift, dShift], [stretch, dStretch]);
    return { loss, dRewards, dNuisances: dNuisances.filter(([name]) => nuisances.has(name)) };
  },
};
