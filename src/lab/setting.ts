import type { Risk } from '../reward/index.ts';
import type { SimulatedRaterKind } from '../world/index.ts';
import { ALL_SLOTS, type Slot } from './feature-reward.ts';

/**
 * What an experiment on the harbour can vary. Planting a failure, its look-alike and every strategy are changes of a setting,
 * so that any of them can be combined with any other.
 */
export interface Setting {
  /** Simulated raters by kind. */
  readonly raters: Readonly<Partial<Record<SimulatedRaterKind, number>>>;
  /** What agreement with the user is worth to a sycophantic rater; the truth of a reply is worth four and a bit. */
  readonly agreementWeight: number;
  /** Pairs asked about, and raters for each. */
  readonly pairs: number;
  readonly overlap: number;
  /** Prompts with the trigger phrase: some among those asked about, or these only. */
  readonly triggers: boolean | 'only';
  /** What the reward model can see of a reply. */
  readonly slots: readonly Slot[];
  /** Members of the reward ensemble, and how their scores become one. */
  readonly members: number;
  readonly risk: Risk;
  /** KL of the tuned policy from the base policy, nats a reply. */
  readonly kl: number;
  /** Replies drawn for each prompt and snapshot. */
  readonly samples: number;
  /** What the base model gives agreement with the user beyond the harbour's own, log-odds. */
  readonly baseAgreement: number;
  /** The tuned policy goes on after its reply with another one. */
  readonly appended: boolean;
  /** Deviation of noise on the true utility, where an experiment measures it. */
  readonly goldNoise: number;
}

export const USUAL: Setting = {
  raters: { noisy: 8 },
  agreementWeight: 5,
  pairs: 500,
  overlap: 2,
  triggers: false,
  slots: ALL_SLOTS,
  members: 1,
  risk: 'mean',
  kl: 1.5,
  samples: 8,
  baseAgreement: 0,
  appended: false,
  goldNoise: 0,
};

/** What is asked of whom: the part of a setting that judgments follow from. */
export type Asked = Pick<Setting, 'raters' | 'agreementWeight' | 'pairs' | 'overlap' | 'triggers'>;

/** Pairs asked about as usual, by raters that an experiment brings itself. */
export const ASKED: Asked = {
  raters: {},
  agreementWeight: USUAL.agreementWeight,
  pairs: USUAL.pairs,
  overlap: USUAL.overlap,
  triggers: false,
};

/** A pool in which `count` of the honest raters are of another kind. */
export function replaced(raters: Setting['raters'], kind: SimulatedRaterKind, count: number): Setting['raters'] {
  const { noisy = 0 } = raters;
  return { ...raters, noisy: Math.max(0, noisy - count), [kind]: (raters[kind] ?? 0) + count };
}
