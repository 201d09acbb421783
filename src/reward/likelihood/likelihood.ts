import type { AnswerKind, Item, Judgment } from '../../feedback/index.ts';
import type { Observation } from '../observation.ts';
import type { ReadingContext } from '../reading.ts';

/** A parameter that explains answers and is no part of the reward, with a normal prior of `precision` around `start`. */
export interface Nuisance {
  readonly name: string;
  readonly start: number;
  /** 0 leaves it free. */
  readonly precision: number;
}

/** Values of nuisances by name. */
export type Nuisances = ReadonlyMap<string, number>;

/** Negative log-likelihood of one observation with its derivatives. */
export interface Term {
  readonly loss: number;
  /** By candidate. */
  readonly dRewards: Float64Array;
  /** By name; only of nuisances that are among those given. */
  readonly dNuisances: readonly (readonly [name: string, slope: number])[];
}

/** How answers of one kind come about, given rewards: what every fitter of every family minimises. */
export interface Likelihood<K extends AnswerKind> {
  readonly kind: K;
  /** In words, for tables of what is built. */
  readonly title: string;
  /** Paper and equation. */
  readonly citation: string;
  /** Whether a constant added to the rewards of all candidates changes nothing; where not, answers speak of levels. */
  readonly shiftInvariant: boolean;
  /** What a judgment shows, or why it shows nothing. The judgment's answer is of this kind and fits the item. */
  observe(item: Item, judgment: Judgment, context: ReadingContext): Observation<K>[] | string;
  /** Nuisances that explain these observations beside the rewards. `position` asks for a bonus of standing first. */
  nuisances(observations: readonly Observation<K>[], options: { readonly position: boolean }): Nuisance[];
  /** The term of an observation at rewards of its candidates, in log-odds. */
  term(rewards: Float64Array, observation: Observation<K>, nuisances: Nuisances): Term;
}

/** Name of the bonus, in log-odds, of standing first on the screen. */
export const POSITION = 'position';

/** The bonus as a nuisance, where it was asked for and some order was recorded. */
export function positionNuisance(
  observations: readonly Observation[],
  { position }: { position: boolean },
): Nuisance[] {
  const recorded = position && observations.some(({ shown }) => shown.includes(0));
  return recorded ? [{ name: POSITION, start: 0, precision: 0 }] : [];
}

/** Index of the candidate that stood first, or −1 where that was not recorded or not among the candidates. */
export const firstShown = ({ shown }: Observation): number => shown.indexOf(0);

/** Candidates of a judgment: some of an item's replies, with their places on the screen. */
export function shownReplies(item: Item, { presentation: { order } }: Judgment, replies: readonly number[]) {
  const place = (reply: number) => (order.includes(reply) ? order.indexOf(reply) : null);
  return {
    candidates: replies.map((reply) => ({ prompt: item.prompt, reply: item.replies[reply]!.text })),
    shown: replies.map(place),
  };
}

/** Where an observation of a judgment came from. */
export const sourceOf = (item: Item, judgment: Judgment) => ({
  judgmentId: judgment.id,
  itemId: item.id,
  raterId: judgment.raterId,
  strata: item.strata ?? {},
  activeMs: judgment.activeMs,
});
