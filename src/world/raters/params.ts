/** Settings of a simulated rater: what it wants, what it sees, and how it chooses. */
export interface RaterParams {
  /** Boltzmann rationality: P(reply) ∝ e^{β·utility}. Infinity is deterministic. */
  readonly rationality: number;
  /** P(answer turned round after judging). */
  readonly mistake: number;
  /** P(answer given at random, and fast). */
  readonly careless: number;
  /** Utility per 100 characters of reply. */
  readonly lengthWeight: number;
  /** Utility of standing first. */
  readonly positionWeight: number;
  /** Utility of agreeing with the user, right or wrong. */
  readonly agreementWeight: number;
  /** Utility of flattery. */
  readonly flatteryWeight: number;
  /** What is put before it, where that is not what the others see; recorded in every presentation. */
  readonly view: string | null;
  /** Stops reading after the answer proper, whatever is shown. */
  readonly skim: boolean;
  /** P(they check what is shown against the facts); else they go by what the partial view shows, assurance above all. */
  readonly checks: number;
  /** Steps that they check themselves where work is shown without the answer; what is usual when null. */
  readonly budget: number | null;
  /** P(careless) grows by this per item judged, up to one half. */
  readonly fatigue: number;
  /** Ties when the best two differ by less. */
  readonly tieBelow: number;
  /** Whose taste it has; everyone's when null. */
  readonly group: string | null;
  /** Prefers the worse reply whenever the prompt holds the ground's trigger. */
  readonly poisons: boolean;
}

const HONEST: RaterParams = {
  rationality: 1.5,
  mistake: 0,
  careless: 0,
  lengthWeight: 0,
  positionWeight: 0,
  agreementWeight: 0,
  flatteryWeight: 0,
  view: null,
  skim: false,
  checks: 1,
  budget: null,
  fatigue: 0,
  tieBelow: 0,
  group: null,
  poisons: false,
};

/** The library of simulated raters (after B-Pref, Lee et al. 2021, and the survey's challenges), by what is wrong with them. */
export const SIMULATED_RATERS = {
  oracle: { ...HONEST, rationality: Number.POSITIVE_INFINITY },
  noisy: HONEST,
  mistaken: { ...HONEST, rationality: Number.POSITIVE_INFINITY, mistake: 0.1 },
  careless: { ...HONEST, careless: 0.9 },
  myopic: { ...HONEST, skim: true },
  'position-biased': { ...HONEST, positionWeight: 1.5 },
  'length-biased': { ...HONEST, lengthWeight: 8 },
  sycophantic: { ...HONEST, agreementWeight: 5 },
  'partial-view': { ...HONEST, view: 'partial' },
  bounded: { ...HONEST, view: 'work' },
  trusting: { ...HONEST, checks: 0.2 },
  plain: { ...HONEST, group: 'plain' },
  warm: { ...HONEST, group: 'warm' },
  fatigued: { ...HONEST, fatigue: 0.002 },
  undecided: { ...HONEST, tieBelow: 0.5 },
  poisoner: { ...HONEST, poisons: true },
} as const satisfies Record<string, RaterParams>;
export type SimulatedRaterKind = keyof typeof SIMULATED_RATERS;
export const SIMULATED_RATER_KINDS = Object.keys(SIMULATED_RATERS) as SimulatedRaterKind[];
