import { heardTermOf } from '../fit/objective.ts';
import { firstShown, type Nuisances, POSITION } from '../likelihood/index.ts';
import type { Hearing, Observation } from '../observation.ts';

/** What a rater is fitted by, in this order everywhere. */
export const TRAITS = ['rationality', 'position', 'length', 'lapse'] as const;
export type Trait = (typeof TRAITS)[number];
export const T = TRAITS.length;

/**
 * A rater: factor on the rewards; log-odds of standing first beside what all raters give it; log-odds of a reply twice as long; and
 * the log-odds of a lapse.
 */
export type Traits = Float64Array;

/** Normal distribution of each trait over raters. */
export interface Population {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Length of a reply in doublings. */
export const doublings = (text: string): number => Math.log2(1 + text.length);

/** Whether the places and lengths of the candidates matter to the answer: they stood before the rater to be chosen from. */
export const isChoice = ({ kind }: Observation): boolean => kind === 'comparison' || kind === 'ranking';

const lapseOf = (traits: Traits): number => 1 / (1 + Math.exp(-traits[3]!));

/** How a rater of some traits hears the candidates of an answer. */
export function hearingOf(observation: Observation, traits: Traits): Hearing {
  const [rationality, position, length] = traits as unknown as [number, number, number];
  const { candidates } = observation;
  if (!isChoice(observation)) return { rationality, bonus: candidates.map(() => 0), lapse: 0 };
  const first = firstShown(observation);
  const sizes = candidates.map(({ reply }) => doublings(reply));
  // Only differences count; around their mean no bonus is large for long texts.
  const level = sizes.reduce((sum, own) => sum + own, 0) / sizes.length;
  const bonus = sizes.map((own, k) => length * (own - level) + (k === first ? position : 0));
  return { rationality, bonus, lapse: lapseOf(traits) };
}

/** Log-likelihood of answers of one rater with its gradient and negative Hessian (row-major) by the traits. */
export interface Expansion {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly information: Float64Array;
}

/** Plain comparisons of one rater in columns: differences of the chosen from the other. */
interface Columns {
  readonly reward: Float64Array;
  readonly place: Float64Array;
  readonly length: Float64Array;
  readonly weight: Float64Array;
}

/** An answer whose term is evaluated as it stands, at known rewards of its candidates. */
export interface Heard {
  readonly observation: Observation;
  readonly rewards: Float64Array;
}

/** What is known of one rater while the reward is held. */
export interface RaterAnswers {
  readonly columns: Columns;
  readonly others: readonly Heard[];
}

const plain = ({ kind, candidates, answer, strength, ties }: Observation): boolean =>
  kind === 'comparison' &&
  candidates.length === 2 &&
  typeof answer.outcome === 'number' &&
  answer.shares === undefined &&
  strength === undefined &&
  ties === undefined;

/** Answers of one rater, the plain comparisons among them in columns. `ties` among them as outcomes make none plain. */
export function answersOfRater(heard: readonly Heard[], mayTie: boolean): RaterAnswers {
  const simple = heard.filter(({ observation }) => plain(mayTie ? observation : withoutTies(observation)));
  const columns: Columns = {
    reward: new Float64Array(simple.length),
    place: new Float64Array(simple.length),
    length: new Float64Array(simple.length),
    weight: new Float64Array(simple.length),
  };
  for (const [e, { observation, rewards }] of simple.entries()) {
    const chosen = (observation as Observation<'comparison'>).answer.outcome as number;
    const other = 1 - chosen;
    const first = firstShown(observation);
    const size = (k: number) => doublings(observation.candidates[k]!.reply);
    columns.reward[e] = rewards[chosen]! - rewards[other]!;
    columns.place[e] = first < 0 ? 0 : first === chosen ? 1 : -1;
    columns.length[e] = size(chosen) - size(other);
    columns.weight[e] = observation.weight;
  }
  const taken = new Set(simple);
  return { columns, others: heard.filter((own) => !taken.has(own)) };
}

const withoutTies = (observation: Observation): Observation => {
  const { ties: _, ...rest } = observation;
  return rest as Observation;
};

/** Adds the columns' log-likelihood with its derivatives. `position` is what all raters give to standing first. */
function addColumns({ reward, place, length, weight }: Columns, traits: Traits, position: number, out: Sums): void {
  const [rationality, own, perDoubling] = traits as unknown as [number, number, number];
  const lapse = lapseOf(traits);
  const bend = lapse * (1 - lapse);
  const { gradient: g, information: h } = out;
  for (let e = 0; e < reward.length; e++) {
    const [dr, s, dl, w] = [reward[e]!, place[e]!, length[e]!, weight[e]!];
    const p = 1 / (1 + Math.exp(-(rationality * dr + (position + own) * s + perDoubling * dl)));
    const mixed = (1 - lapse) * p + lapse / 2;
    const spread = (p * (1 - p)) / mixed;
    const by = (1 - lapse) * spread;
    const byLapse = (bend * (0.5 - p)) / mixed;
    out.value += w * Math.log(mixed);
    g[0]! += w * by * dr;
    g[1]! += w * by * s;
    g[2]! += w * by * dl;
    g[3]! += w * byLapse;
    const curve = w * (by * by - by * (1 - 2 * p));
    const cross = w * (bend * spread + by * byLapse);
    h[0]! += curve * dr * dr;
    h[1]! += curve * dr * s;
    h[2]! += curve * dr * dl;
    h[3]! += cross * dr;
    h[5]! += curve * s * s;
    h[6]! += curve * s * dl;
    h[7]! += cross * s;
    h[10]! += curve * dl * dl;
    h[11]! += cross * dl;
    h[15]! += w * (byLapse * byLapse - (1 - 2 * lapse) * byLapse);
  }
}

interface Sums {
  value: number;
  readonly gradient: Float64Array;
  /** Its upper triangle is filled; `finished` mirrors it. */
  readonly information: Float64Array;
}

/** Log-likelihood of one answer and its slopes by the traits. */
export function traitSlopes({ observation, rewards }: Heard, traits: Traits, nuisances: Nuisances) {
  const hearing = hearingOf(observation, traits);
  const { loss, dRewards, felt, dLapse } = heardTermOf({ ...observation, hearing }, rewards, nuisances);
  // Heard is (loudness · rationality) · reward, so that its slope by the rationality is what is felt of a rationality of 1.
  const unit = hearing.rationality === 0 ? undefined : 1 / hearing.rationality;
  const gradient = new Float64Array(T);
  const first = firstShown(observation);
  const choice = isChoice(observation);
  for (let k = 0; k < felt.length; k++) {
    gradient[0]! -= dRewards[k]! * (unit === undefined ? rewards[k]! : felt[k]! * unit);
    if (choice) gradient[2]! -= dRewards[k]! * doublings(observation.candidates[k]!.reply);
  }
  if (choice && first >= 0) gradient[1] = -dRewards[first]!;
  gradient[3] = -dLapse * hearing.lapse * (1 - hearing.lapse);
  return { value: -loss, gradient };
}

/** Step of the differences of slopes. */
const STEP = 1e-4;

function addOther(own: Heard, traits: Traits, nuisances: Nuisances, out: Sums): void {
  const { value, gradient } = traitSlopes(own, traits, nuisances);
  out.value += value;
  for (let k = 0; k < T; k++) out.gradient[k]! += gradient[k]!;
  for (let k = 0; k < T; k++) {
    const above = traitSlopes(own, traits.with(k, traits[k]! + STEP), nuisances).gradient;
    const below = traitSlopes(own, traits.with(k, traits[k]! - STEP), nuisances).gradient;
    for (let j = k; j < T; j++) out.information[k * T + j]! -= (above[j]! - below[j]!) / (2 * STEP);
  }
}

/** Log-likelihood of a rater's answers with its derivatives by the traits, the rewards held. */
export function expandAt({ columns, others }: RaterAnswers, traits: Traits, nuisances: Nuisances): Expansion {
  const out: Sums = { value: 0, gradient: new Float64Array(T), information: new Float64Array(T * T) };
  addColumns(columns, traits, nuisances.get(POSITION) ?? 0, out);
  for (const own of others) addOther(own, traits, nuisances, out);
  for (let i = 0; i < T; i++) for (let j = 0; j < i; j++) out.information[i * T + j] = out.information[j * T + i]!;
  return out;
}

/** The log-likelihood alone. */
export function valueAt({ columns, others }: RaterAnswers, traits: Traits, nuisances: Nuisances): number {
  const { reward, place, length, weight } = columns;
  const [rationality, own, perDoubling] = traits as unknown as [number, number, number];
  const shift = (nuisances.get(POSITION) ?? 0) + own;
  const lapse = lapseOf(traits);
  let value = 0;
  for (let e = 0; e < reward.length; e++) {
    const p = 1 / (1 + Math.exp(-(rationality * reward[e]! + shift * place[e]! + perDoubling * length[e]!)));
    value += weight[e]! * Math.log((1 - lapse) * p + lapse / 2);
  }
  for (const { observation, rewards } of others)
    value -= heardTermOf({ ...observation, hearing: hearingOf(observation, traits) }, rewards, nuisances).loss;
  return value;
}
